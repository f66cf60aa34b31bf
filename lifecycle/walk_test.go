package lifecycle

import (
	"flag"
	"fmt"
	"os"
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
	doomed   bool // the pod is to end, for whatever reason
	resets   int
	ctrs     []*walked // as in the spec
	firsts   []string  // main containers in the order of their first start

	phase   v1.PodPhase
	restart map[string]int32
	conds   []v1.PodCondition
}

func newWalk(r *rapid.T, t testing.TB) *walk {
	p := drawPod(r)
	w := &walk{sim: newSim(t, p, drawConfig(r, p)), r: r, restart: map[string]int32{}}
	for i := range p.Spec.InitContainers {
		c, kind := &p.Spec.InitContainers[i], initRole
		if c.RestartPolicy != nil && *c.RestartPolicy == v1.ContainerRestartPolicyAlways {
			kind = sidecar
		}
		w.ctrs = append(w.ctrs, newWalked(c, kind))
	}
	for i := range p.Spec.Containers {
		w.ctrs = append(w.ctrs, newWalked(&p.Spec.Containers[i], mainRole))
	}
	return w
}

func (w *walk) ctr(name string) *walked {
	for _, x := range w.ctrs {
		if x.spec.Name == name {
			return x
		}
	}
	w.r.Fatalf("no container %s", name)
	return nil
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
	for _, x := range w.ctrs {
		add(x.ensuring, func() { w.answerImage(x) })
		add(x.starting, func() { w.answerStart(x, "") })
		add(x.starting, func() {
			w.answerStart(x, rapid.SampledFrom([]string{"", ReasonRunContainer, ReasonCreateContainer}).Draw(w.r, "reason"))
		})
		add(x.id != "" && x.kills == 0, func() { w.endInstance(x, int32(rapid.IntRange(0, 2).Draw(w.r, "code"))) })
		add(x.id != "" && x.kills > 0, func() { w.endInstance(x, 137) })
		add(x.hooks[PostStart], func() { w.answerHook(x, PostStart) })
		add(x.hooks[PreStop], func() { w.answerHook(x, PreStop) })
		for k := range probeKinds {
			add(x.probes[k].underWay, func() { w.answerProbe(x, k) })
		}
	}
	return os
}

func (w *walk) answerImage(x *walked) {
	x.ensuring = false
	if !oneIn(w.r, 4, "image missing") {
		w.step(ImageReady{At: w.now, Container: x.spec.Name, Image: "i", ImageID: "s"})
		return
	}
	x.failedTry, x.lostTurn = true, x.lostTurn || x.resolvedAt.IsZero()
	w.step(ImageFailed{w.now, x.spec.Name, ReasonImagePull, "no"})
}

func (w *walk) answerStart(x *walked, reason string) {
	x.starting = false
	name := x.spec.Name
	w.ids++
	id := fmt.Sprint("id", w.ids)
	x.lostTurn = x.lostTurn || x.resolvedAt.IsZero() && reason == ReasonCreateContainer
	if reason != "" || !x.hooked() {
		x.resolve(w.now)
	}
	switch reason {
	case "":
		x.begin(id)
		w.step(Started{w.now, name, id})
	case ReasonRunContainer:
		x.begin(id)
		x.end(w.now, 128)
		w.planAfterEnd(x)
		w.step(StartFailed{w.now, name, id, reason, "no"})
	default:
		x.failedTry = true
		w.step(StartFailed{w.now, name, "", reason, "no"})
	}
}

func (w *walk) endInstance(x *walked, code int32) {
	id := x.id
	x.end(w.now, code)
	x.resolve(w.now)
	w.planAfterEnd(x)
	w.step(Exited{At: w.now, Container: x.spec.Name, ID: id, Code: code})
}

// planAfterEnd asks the model what is to follow.
func (w *walk) planAfterEnd(x *walked) {
	switch {
	case w.doomed || x.role == ephemeral:
		x.plan = never
	case w.s.stage == resetting:
		x.reset()
	case x.planAfterEnd(w.s.pod.Spec.RestartPolicy):
		w.resets++
		for _, o := range w.ctrs {
			if o.role != ephemeral {
				o.reset()
			}
		}
		w.firsts = nil
	}
}

func (w *walk) answerHook(x *walked, k HookKind) {
	x.hooks[k] = false
	e := HookDone{w.now, x.spec.Name, x.id, k, ""}
	if oneIn(w.r, 3, "hook fails") {
		e.Err = "no"
		x.hookFailed = x.hookFailed || k == PostStart
	}
	if e.Err == "" {
		x.resolve(w.now)
	}
	w.step(e)
}

func (w *walk) answerProbe(x *walked, k ProbeKind) {
	o := rapid.SampledFrom([]Outcome{ProbeSuccess, ProbeFailure, ProbeWarning, ProbeError, ProbeFailure}).Draw(w.r, "outcome")
	closed := w.doomed && k != Readiness
	failedNow := !closed && x.probes[k].count(o) || closed && w.ignore(&x.probes[k])
	kills := failedNow && k != Readiness && w.s.find(x.spec.Name).stage == running
	x.probeKilled = x.probeKilled || kills
	w.step(Probed{w.now, x.spec.Name, x.id, k, o, "output"})
	if kills && w.s.find(x.spec.Name).stage == running {
		w.r.Fatalf("%s goes on after its %s probe has failed", x.spec.Name, k)
	}
}

func (w *walk) ignore(p *modelProbe) bool { p.underWay = false; return false }

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
	if next.Kind == TimerHook && w.s.find(next.Container).stage == hooking {
		w.ctr(next.Container).resolve(w.now)
	}
	w.step(TimerFired{w.now, next})
}

func (w *walk) ask() {
	var g *int64
	if rapid.Bool().Draw(w.r, "own grace") {
		g = seconds(int64(rapid.IntRange(0, 40).Draw(w.r, "grace")))
	}
	w.deleted = true
	w.step(DeleteRequested{w.now, g})
}

func (w *walk) debug() {
	if w.torn || len(w.ctrs) > 6 {
		return
	}
	e := EphemeralAdded{w.now, debugger(fmt.Sprint("d", len(w.ctrs)))}
	c := v1.Container(e.Container.EphemeralContainerCommon)
	if !w.doomed {
		w.ctrs = append(w.ctrs, newWalked(&c, ephemeral))
	}
	w.step(e)
}

// stale answers for an instance that is gone: nothing may come of it.
func (w *walk) stale() {
	x := rapid.SampledFrom(w.ctrs).Draw(w.r, "container")
	if x.gone == "" {
		return
	}
	kind := rapid.IntRange(0, 3).Draw(w.r, "kind")
	e := Event(Probed{At: w.now, Container: x.spec.Name, ID: x.gone, Kind: ProbeKind(kind % 3)})
	if kind == 3 {
		e = HookDone{w.now, x.spec.Name, x.gone, PreStop, "late"}
	}
	if w.step(e); len(w.last) > 0 {
		w.r.Fatalf("%+v of an instance that is gone: %+v", e, w.last)
	}
}

// random does one thing at random.
func (w *walk) random() {
	// rapid likes small numbers and the ends of a range: the rare things are in
	// the middle.
	choice := rapid.IntRange(0, 999).Draw(w.r, "choice")
	switch {
	case choice == 537 || w.deleted && choice > 537 && choice < 637:
		w.ask()
		return
	case choice >= 641 && choice < 646:
		w.debug()
		return
	case choice >= 651 && choice < 661:
		w.stale()
		return
	}
	if os := w.options(); choice%3 > 0 && len(os) > 0 {
		os[rapid.IntRange(0, len(os)-1).Draw(w.r, "option")]()
		return
	}
	most := rapid.SampledFrom([]int{2, 20, 1000}).Draw(w.r, "scale")
	w.pass(time.Duration(rapid.IntRange(0, most*1000).Draw(w.r, "time")) * time.Millisecond)
}

// windUp: a deleted pod whose containers ignore every signal but SIGKILL, and
// whose hooks and checks hang, is gone after its grace.
func (w *walk) windUp() {
	since := w.now
	if !w.deleted {
		w.ask()
	}
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
		if n > 200 || w.now.Sub(since) > 45*time.Second {
			w.r.Fatalf("not gone %v and %d steps after the deletion", w.now.Sub(since), n)
		}
	}
	if p := w.phase; p != v1.PodFailed && p != v1.PodSucceeded {
		w.r.Fatalf("ended in phase %s", p)
	}
}

func (w *walk) windUpContainer() bool {
	for _, x := range w.ctrs {
		switch {
		case x.starting:
			w.answerStart(x, "")
			return true
		case x.kills > 0 && x.id != "":
			w.endInstance(x, 137)
			return true
		}
	}
	return false
}

func TestRandomWalks(t *testing.T) {
	walks := "3000"
	if os.Getenv("MINIPOD_TEST_LONG") != "" {
		walks = "1000000"
	}
	if err := flag.Set("rapid.checks", walks); err != nil {
		t.Fatal(err)
	}
	total := 0
	rapid.Check(t, func(r *rapid.T) {
		w := newWalk(r, t)
		most := rapid.SampledFrom([]int{30, 100, 300}).Draw(r, "length")
		for n := 0; n < most && !w.torn; n++ {
			w.random()
		}
		if !w.torn {
			w.windUp()
		}
		w.step(DeleteRequested{w.now, nil})
		total += w.steps
	})
	t.Logf("%s walks, %d steps", walks, total)
}
