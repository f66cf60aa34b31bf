package lifecycle

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"
)

// walk is a pod in a world that answers at random: the model against which the
// automaton is checked after every step.
type walk struct {
	*sim
	r     *rapid.T
	steps int

	sandbox  bool // CreateSandbox is to be answered
	tearDown bool
	torn     bool
	begun    bool
	deleted  bool
	ctrs     map[string]*walked

	phase   v1.PodPhase
	restart map[string]int32
	firsts  []string // containers in the order of their first start
	conds   []v1.PodCondition
}

// walked is what the model knows of one container.
type walked struct {
	ensuring, starting bool
	id                 string // of the living instance
	stops, kills       int    // sent to it
	instances          int
	ended              bool // an instance has, with code, and no attempt was made since
	code               int32
	endedAt, triedAt   time.Time // of the last instance; of the last attempt to restart
	attempts           int       // restarts since the back-off was fresh
	imageFailed        bool
	resolvedAt         time.Time // of the first start
}

var backoffs = []time.Duration{0, 10, 20, 40, 80, 160, 300} // seconds

func newWalk(r *rapid.T, t testing.TB) *walk {
	policy := rapid.SampledFrom([]v1.RestartPolicy{v1.RestartPolicyAlways, v1.RestartPolicyOnFailure, v1.RestartPolicyNever}).Draw(r, "policy")
	names := []string{"a", "b", "c"}[:rapid.IntRange(1, 3).Draw(r, "containers")]
	cfg := Config{Order: rapid.Permutation(names).Draw(r, "order")}
	if rapid.Bool().Draw(r, "gap") {
		cfg.StartGap = 700 * time.Millisecond
	}
	w := &walk{sim: newSim(t, podOf(policy, names...), cfg), r: r, ctrs: map[string]*walked{}, restart: map[string]int32{}}
	for _, n := range names {
		w.ctrs[n] = &walked{}
	}
	return w
}

// options are the events that may happen now, other than timers and deletion.
func (w *walk) options() []func() {
	var os []func()
	add := func(ok bool, f func()) {
		if ok {
			os = append(os, f)
		}
	}
	add(!w.begun && !w.deleted, func() { w.begun = true; w.step(Begin{w.now}) })
	add(w.sandbox, func() { w.sandbox = false; w.step(SandboxReady{At: w.now}) })
	add(w.sandbox, func() { w.sandbox = false; w.step(SandboxFailed{w.now, "no"}) })
	add(w.tearDown, func() { w.tearDown, w.torn = false, true; w.step(TornDown{w.now}) })
	for _, c := range w.s.containers {
		name := c.spec.Name
		x := w.ctrs[name]
		add(x.ensuring, func() { w.answerImage(name, true) })
		add(x.ensuring, func() { w.answerImage(name, false) })
		add(x.starting, func() { w.answerStart(name, "") })
		add(x.starting, func() {
			w.answerStart(name, rapid.SampledFrom([]string{ReasonRunContainer, ReasonCreateContainer}).Draw(w.r, "reason"))
		})
		add(x.id != "" && x.kills == 0, func() { w.endInstance(name, int32(rapid.IntRange(0, 2).Draw(w.r, "code"))) })
		add(x.id != "" && x.kills > 0, func() { w.endInstance(name, 137) })
	}
	return os
}

func (w *walk) answerImage(name string, ok bool) {
	x := w.ctrs[name]
	x.ensuring = false
	if ok {
		w.step(ImageReady{At: w.now, Container: name, Image: "i", ImageID: "s"})
		return
	}
	x.imageFailed = true
	w.step(ImageFailed{w.now, name, ReasonImagePull, "no"})
}

func (w *walk) answerStart(name, reason string) {
	x := w.ctrs[name]
	x.starting = false
	if x.resolvedAt.IsZero() {
		x.resolvedAt = w.now
	}
	w.ids++
	id := fmt.Sprint("id", w.ids)
	switch reason {
	case "":
		x.id, x.stops, x.kills = id, 0, 0
		x.instances++
		w.step(Started{w.now, name, id})
	case ReasonRunContainer:
		x.instances++
		x.ended, x.code, x.endedAt = true, 128, w.now
		w.step(StartFailed{w.now, name, id, reason, "no"})
	default:
		w.step(StartFailed{w.now, name, "", reason, "no"})
	}
}

func (w *walk) endInstance(name string, code int32) {
	x := w.ctrs[name]
	id := x.id
	x.id, x.ended, x.code, x.endedAt = "", true, code, w.now
	w.step(Exited{At: w.now, Container: name, ID: id, Code: code})
}

// step feeds e and checks all that must hold.
func (w *walk) step(e Event) {
	w.steps++
	before := w.s
	before.containers = slices.Clone(w.s.containers)
	given := w.s
	for _, a := range w.feed(e) {
		w.obey(a)
	}
	if !reflect.DeepEqual(before, given) {
		w.r.Fatalf("%T changed the state it was given", e)
	}
	w.checkStatus()
	if w.s.stage >= tearing && len(w.timers) > 0 {
		w.r.Fatalf("timers %v after the end", w.timers)
	}
}

func (w *walk) obey(a Action) {
	switch a := a.(type) {
	case CreateSandbox:
		w.sandbox = true
	case TearDown:
		w.checkTearDown()
		w.tearDown = true
	case EnsureImage:
		w.checkAttempt(a.Container)
		w.ctrs[a.Container].ensuring = true
	case Start:
		w.checkStart(a)
		w.ctrs[a.Container].starting = true
	case Stop:
		w.signal(a.Container, &w.ctrs[a.Container].stops)
	case Kill:
		w.signal(a.Container, &w.ctrs[a.Container].kills)
	}
}

func (w *walk) signal(name string, count *int) {
	if *count++; *count > 1 || w.ctrs[name].id == "" || !w.deleted {
		w.r.Fatalf("container %s was signalled for the %dth time, or is not there, or not to end", name, *count)
	}
}

// pass lets some time go by, but not beyond the next timer, and fires that if
// it is reached.
func (w *walk) pass(d time.Duration) {
	next, ok := w.nextTimer()
	if !ok || w.now.Add(d).Before(w.timers[next]) {
		w.now = w.now.Add(d)
		return
	}
	w.now = w.timers[next]
	delete(w.timers, next)
	w.step(TimerFired{w.now, next})
}

func (w *walk) ask() {
	var g *int64
	if rapid.Bool().Draw(w.r, "own grace") {
		g = seconds(int64(rapid.IntRange(0, 40).Draw(w.r, "grace")))
	}
	w.deleted = true
	w.step(DeleteRequested{w.now, g})
	for name, x := range w.ctrs {
		if w.s.stage == ending && x.id != "" && x.stops+x.kills == 0 {
			w.r.Fatalf("%s lives on after the deletion", name)
		}
	}
}

// random does one thing at random.
func (w *walk) random() {
	// rapid likes small numbers and the ends of a range: the rare thing is in
	// the middle.
	choice := rapid.IntRange(0, 999).Draw(w.r, "choice")
	if choice == 537 {
		w.ask()
		return
	}
	if os := w.options(); choice%3 > 0 && len(os) > 0 {
		os[rapid.IntRange(0, len(os)-1).Draw(w.r, "option")]()
		return
	}
	most := rapid.SampledFrom([]int{2, 20, 1000}).Draw(w.r, "scale")
	w.pass(time.Duration(rapid.IntRange(0, most*1000).Draw(w.r, "time")) * time.Millisecond)
}

// windUp: a deleted pod whose containers ignore every signal but SIGKILL is
// gone after its grace.
func (w *walk) windUp() {
	if !w.deleted {
		w.ask()
	}
	since := w.now
	for n := 0; !w.torn; n++ {
		switch {
		case w.sandbox:
			w.sandbox = false
			w.step(SandboxReady{At: w.now})
		case w.tearDown:
			w.tearDown, w.torn = false, true
			w.step(TornDown{w.now})
		case !w.windUpContainer():
			w.pass(time.Hour)
		}
		if n > 50 || w.now.Sub(since) > 45*time.Second {
			w.r.Fatalf("not gone %v and %d steps after the deletion", w.now.Sub(since), n)
		}
	}
	if p := w.phase; p != v1.PodFailed && p != v1.PodSucceeded {
		w.r.Fatalf("ended in phase %s", p)
	}
}

func (w *walk) windUpContainer() bool {
	for name, x := range w.ctrs {
		switch {
		case x.starting:
			w.answerStart(name, "")
			return true
		case x.kills > 0 && x.id != "":
			w.endInstance(name, 137)
			return true
		}
	}
	return false
}

func TestRandomWalks(t *testing.T) {
	walks := "400" // some 30,000 steps
	if os.Getenv("MINIPOD_LONG") != "" {
		walks = "16000" // more than a million
	}
	if err := flag.Set("rapid.checks", walks); err != nil {
		t.Fatal(err)
	}
	total := 0
	rapid.Check(t, func(r *rapid.T) {
		w := newWalk(r, t)
		for n := 0; n < 1000 && !w.torn; n++ {
			w.random()
		}
		if !w.torn {
			w.windUp()
		}
		w.step(DeleteRequested{w.now, nil})
		total += w.steps
	})
	t.Logf("%d steps", total)
}
