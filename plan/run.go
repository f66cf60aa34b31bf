package plan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Journal keeps records in order. Append returns when the record would
// survive the death of this process (not of the machine).
type Journal interface {
	Append(record []byte) error
}

// Verb says which way a step went.
type Verb string

// The two ways.
const (
	Do   Verb = "do"
	Undo Verb = "undo"
)

// record is one line of the journal. Step is there for Do only.
type record struct {
	Seq   int      `json:"n"`
	Verb  Verb     `json:"op"`
	Group string   `json:"group,omitempty"`
	Step  *encoded `json:"what,omitempty"`
}

type entry struct {
	seq   int
	group string
	step  Step
}

// Run carries out steps and remembers which are to be undone. Several
// goroutines may do and undo steps at once, if those of one do not need those
// of another. The zero value with a Journal is ready for
// use.
type Run struct {
	Journal Journal
	// Trace, if not nil, is told of every step after it was tried: what
	// --explain prints.
	Trace func(v Verb, s Step, took time.Duration, err error)

	mu   sync.Mutex // of what follows, and of Journal and Trace
	last int
	done []entry
}

// Recover takes up a run where its journal ends: the steps that were begun
// and not undone. Records come oldest first.
func Recover(kinds Kinds, records [][]byte) (*Run, error) {
	r := &Run{}
	for i, b := range records {
		var rec record
		if err := json.Unmarshal(b, &rec); err != nil {
			return nil, fmt.Errorf("journal record %d: %w", i+1, err)
		}
		r.last = max(r.last, rec.Seq)
		if rec.Verb == Undo {
			r.forget(rec.Seq)
			continue
		}
		if rec.Step == nil {
			return nil, fmt.Errorf("journal record %d holds no step", i+1)
		}
		s, err := kinds.decode(*rec.Step)
		if err != nil {
			return nil, err
		}
		r.done = append(r.done, entry{rec.Seq, rec.Group, s})
	}
	return r, nil
}

// Do journals and does the steps in order, as members of group ("" is the
// pod's own). It stops at the first that fails; that one and all before it
// stay due for undoing.
func (r *Run) Do(ctx context.Context, group string, steps ...Step) error {
	for _, s := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.doOne(ctx, group, s); err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) doOne(ctx context.Context, group string, s Step) error {
	enc, err := encode(s)
	if err != nil {
		return err
	}
	if err := r.begin(group, s, &enc); err != nil {
		return err
	}
	start := time.Now()
	err = inject(before)
	if err == nil {
		err = s.Do(ctx)
	}
	if err == nil {
		err = inject(after)
	}
	r.trace(Do, s, start, err)
	return err
}

// begin journals a step that is about to be done.
func (r *Run) begin(group string, s Step, enc *encoded) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	if err := r.write(record{r.last, Do, group, enc}); err != nil {
		return err
	}
	r.done = append(r.done, entry{r.last, group, s})
	return nil
}

// Undo takes back the steps of one group, last first. A step that cannot be
// undone does not keep the others from being tried; it stays due, and its
// error is among those returned.
func (r *Run) Undo(ctx context.Context, group string) error {
	return r.undo(ctx, func(e entry) bool { return e.group == group })
}

// UndoAll takes back every step that is due, last first.
func (r *Run) UndoAll(ctx context.Context) error {
	return r.undo(ctx, func(entry) bool { return true })
}

// Due lists the steps that UndoAll would take back, in the order in which
// they were done.
func (r *Run) Due() []Step {
	r.mu.Lock()
	defer r.mu.Unlock()
	steps := make([]Step, len(r.done))
	for i, e := range r.done {
		steps[i] = e.step
	}
	return steps
}

func (r *Run) undo(ctx context.Context, want func(entry) bool) error {
	var errs []error
	for _, e := range slices.Backward(r.matching(want)) {
		if err := r.undoOne(ctx, e); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (r *Run) matching(want func(entry) bool) []entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.done), func(e entry) bool { return !want(e) })
}

func (r *Run) undoOne(ctx context.Context, e entry) error {
	start := time.Now()
	err := inject(beforeUndo)
	if err == nil {
		err = e.step.Undo(ctx)
	}
	if err == nil {
		err = inject(afterUndo)
	}
	r.trace(Undo, e.step, start, err)
	if err != nil {
		return fmt.Errorf("undo of %q: %w", e.step.String(), err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(e.seq)
	return r.write(record{Seq: e.seq, Verb: Undo})
}

func (r *Run) forget(seq int) {
	r.done = slices.DeleteFunc(r.done, func(e entry) bool { return e.seq == seq })
}

func (r *Run) write(rec record) error {
	b, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("journal record as JSON: %w", err)
	}
	if err := r.Journal.Append(b); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

func (r *Run) trace(v Verb, s Step, start time.Time, err error) {
	if r.Trace != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.Trace(v, s, time.Since(start), err)
	}
}
