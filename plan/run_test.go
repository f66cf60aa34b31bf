package plan_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/minipod/minipod/plan"
)

// world is what the steps of these tests have effects on.
type world struct {
	mu   sync.Mutex
	has  map[string]bool
	told []string
}

var the world

func reset() { the.has, the.told = map[string]bool{}, nil }

func (w *world) tell(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, fmt.Sprintf(format, args...))
}

// thing is a step that puts a name into the world.
type thing struct {
	Name  string
	Fails bool
	Stuck bool // cannot be undone
}

func (t *thing) Kind() string   { return "test.thing" }
func (t *thing) String() string { return "thing " + t.Name }

func (t *thing) Do(context.Context) error {
	the.tell("do %s", t.Name)
	the.mu.Lock()
	defer the.mu.Unlock()
	the.has[t.Name] = true // also when it fails: in part
	if t.Fails {
		return errors.New("no luck")
	}
	return nil
}

func (t *thing) Undo(context.Context) error {
	the.tell("undo %s", t.Name)
	if t.Stuck {
		return errors.New("stuck")
	}
	the.mu.Lock()
	defer the.mu.Unlock()
	delete(the.has, t.Name)
	return nil
}

type journal struct {
	records [][]byte
	full    bool
}

var errFull = errors.New("disk full")

func (j *journal) Append(b []byte) error {
	if j.full {
		return errFull
	}
	j.records = append(j.records, slices.Clone(b))
	return nil
}

var kinds = plan.NewKinds(&thing{})

func names(steps []plan.Step) string {
	var out []string
	for _, s := range steps {
		out = append(out, s.(*thing).Name)
	}
	return strings.Join(out, " ")
}

func TestUndoIsInReverse(t *testing.T) {
	reset()
	r := &plan.Run{Journal: &journal{}}
	ctx := context.Background()
	if err := errors.Join(r.Do(ctx, "", &thing{Name: "a"}, &thing{Name: "b"}), r.Do(ctx, "web/0", &thing{Name: "c"}),
		r.Do(ctx, "", &thing{Name: "d"}), r.Undo(ctx, "web/0"), r.UndoAll(ctx), r.UndoAll(ctx)); err != nil {
		t.Fatal(err)
	}
	want := "do a, do b, do c, do d, undo c, undo d, undo b, undo a"
	if got := strings.Join(the.told, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAStepThatFailsIsDueForUndoing(t *testing.T) {
	reset()
	j := &journal{}
	r := &plan.Run{Journal: j}
	err := r.Do(context.Background(), "", &thing{Name: "a"}, &thing{Name: "b", Fails: true}, &thing{Name: "c"})
	if err == nil || names(r.Due()) != "a b" {
		t.Fatalf("error %v, due %s", err, names(r.Due()))
	}
	again, err := plan.Recover(kinds, j.records)
	if err != nil || names(again.Due()) != "a b" {
		t.Fatalf("recovered %s, %v", names(again.Due()), err)
	}
}

func TestWhatIsNotInTheJournalIsNotDone(t *testing.T) {
	reset()
	r := &plan.Run{Journal: &journal{full: true}}
	if err := r.Do(context.Background(), "", &thing{Name: "a"}); !errors.Is(err, errFull) || len(the.told) > 0 {
		t.Errorf("error %v, done %v", err, the.told)
	}
}

func TestAStepThatIsStuckKeepsNoOtherFromBeingUndone(t *testing.T) {
	reset()
	r := &plan.Run{Journal: &journal{}}
	ctx := context.Background()
	if err := r.Do(ctx, "", &thing{Name: "a"}, &thing{Name: "b", Stuck: true}, &thing{Name: "c"}); err != nil {
		t.Fatal(err)
	}
	err := r.UndoAll(ctx)
	if err == nil || !strings.Contains(err.Error(), "thing b") || names(r.Due()) != "b" || len(the.has) != 1 {
		t.Errorf("error %v, due %s, left %v", err, names(r.Due()), the.has)
	}
}

func TestRecoverRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, record := range []string{"{", `{"n":1,"op":"do"}`, `{"n":1,"op":"do","what":{"kind":"other","step":{}}}`} {
		if _, err := plan.Recover(kinds, [][]byte{[]byte(record)}); err == nil {
			t.Errorf("no error for %s", record)
		}
	}
}

func TestTraceIsToldOfEachTry(t *testing.T) {
	reset()
	var told []string
	r := &plan.Run{Journal: &journal{}, Trace: func(v plan.Verb, s plan.Step, _ time.Duration, err error) {
		told = append(told, fmt.Sprint(v, " ", s, " ", err))
	}}
	_ = r.Do(context.Background(), "", &thing{Name: "a", Fails: true})
	_ = r.UndoAll(context.Background())
	if got := strings.Join(told, ", "); got != "do thing a no luck, undo thing a <nil>" {
		t.Error(got)
	}
}

func TestStepsBesideEachOther(t *testing.T) {
	reset()
	r := &plan.Run{Journal: &journal{}}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if err := r.Do(context.Background(), "", &thing{Name: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if err := r.UndoAll(context.Background()); err != nil || len(the.has) > 0 {
		t.Errorf("%v, left %v", err, the.has)
	}
}

// Whatever was done and undone before the owner died, whoever reads the
// journal can take everything back.
func TestRecoverAfterAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reset()
		j := &journal{}
		r := &plan.Run{Journal: j}
		ctx := context.Background()
		groups := rapid.SampledFrom([]string{"", "a/0", "b/0"})
		for i := range rapid.IntRange(0, 30).Draw(t, "turns") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				_ = r.Undo(ctx, groups.Draw(t, "group"))
			default:
				_ = r.Do(ctx, groups.Draw(t, "group"), &thing{Name: fmt.Sprint(i), Fails: rapid.Bool().Draw(t, "fails")})
			}
		}
		again, err := plan.Recover(kinds, j.records)
		if err != nil {
			t.Fatal(err)
		}
		if names(again.Due()) != names(r.Due()) {
			t.Fatalf("due %q, recovered %q", names(r.Due()), names(again.Due()))
		}
		again.Journal = j
		if err := again.UndoAll(ctx); err != nil || len(the.has) > 0 {
			t.Fatalf("%v, left %v", err, the.has)
		}
		last, err := plan.Recover(kinds, j.records)
		if err != nil || len(last.Due()) > 0 {
			t.Fatalf("%v, due %s", err, names(last.Due()))
		}
	})
}
