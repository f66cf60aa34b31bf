package lifecycle

import (
	"reflect"
	"slices"
	"time"
)

// step feeds e and checks all that must hold.
func (w *walk) step(e Event) {
	w.steps++
	given := w.s
	watch := w.steps%8 == 0
	if watch {
		given.containers = copies(w.s.containers)
	}
	before := w.s
	actions := w.feed(e)
	if watch && !reflect.DeepEqual(before, given) {
		w.r.Fatalf("%T changed the state it was given", e)
	}
	w.r.Logf("%v %T%+v → %+v", w.now.Sub(epoch), e, e, actions)
	w.doomed = w.s.stage >= cancelling
	w.checkSame(before)
	w.checkStatus()
	for _, a := range actions {
		w.obey(a)
	}
	if w.s.stage >= tearing && len(w.timers) > 0 {
		w.r.Fatalf("timers %v after the end", w.timers)
	}
	w.checkTimers()
	w.checkDeadline()
}

func copies(cs []*container) []*container {
	cs = slices.Clone(cs)
	for i, c := range cs {
		copied := *c
		cs[i] = &copied
	}
	return cs
}

func (w *walk) obey(a Action) {
	switch a := a.(type) {
	case CreateSandbox:
		w.sandbox = true
	case TearDown:
		w.checkTearDown()
		w.tearDown = true
	case EnsureImage:
		w.checkAttempt(w.ctr(a.Container))
	case Start:
		w.checkStart(a)
	case RunHook:
		w.checkHook(a)
	case Probe:
		w.checkProbe(a)
	case Stop:
		w.checkStop(w.ctr(a.Container))
	case Kill:
		x := w.ctr(a.Container)
		x.kills++
		w.checkSignal(x, x.kills)
	}
}

func (w *walk) checkTearDown() {
	for _, x := range w.ctrs {
		if x.lives() || w.tearDown || w.torn {
			w.r.Fatalf("torn down while %s lives, or twice", x.spec.Name)
		}
	}
}

// checkAttempt: a first attempt comes when those before it allow, one after an
// end exactly when the kubelet's table says, and only if the policy lets it.
func (w *walk) checkAttempt(x *walked) {
	name := x.spec.Name
	if x.ensuring || x.lives() || w.doomed {
		w.r.Fatalf("attempt to start %s, which is on its way, lives or is to end", name)
	}
	switch {
	case x.failedTry: // one more try of the same attempt
	case x.plan == never:
		w.r.Fatalf("%s is started again after code %d", name, x.code)
	case x.plan == planned && !w.now.Equal(x.tryAt):
		w.r.Fatalf("restart %d of %s at %v, want %v", x.attempts, name, w.now, x.tryAt)
	case x.plan == first:
		w.checkPredecessors(x)
	}
	if limit := w.now.Sub(w.s.began)/time.Second + 2; w.resets > int(limit) {
		w.r.Fatalf("all containers restarted %d times in %v s", w.resets, limit)
	}
	x.attempt(w.now)
}

func (w *walk) checkPredecessors(x *walked) {
	for _, o := range w.ctrs {
		switch {
		case o == x || x.role == ephemeral:
			return
		case o.role == mainRole:
		case !o.allows():
			w.r.Fatalf("%s is to start before %s allows", x.spec.Name, o.spec.Name)
		}
	}
}

func (w *walk) checkStart(a Start) {
	x := w.ctr(a.Container)
	if x.lives() || w.doomed || int(a.Attempt) != x.instances {
		w.r.Fatalf("%+v, with %d instances before it, starting %v, living %q", a, x.instances, x.starting, x.id)
	}
	for _, o := range w.ctrs {
		if o.lives() && (x.role == initRole && o.role != sidecar && o.role != ephemeral ||
			o.role == initRole && x.role != sidecar && x.role != ephemeral) {
			w.r.Fatalf("%s starts while %s lives", x.spec.Name, o.spec.Name)
		}
	}
	if x.role == mainRole && !slices.Contains(w.firsts, a.Container) {
		w.checkFirst(a.Container)
		w.firsts = append(w.firsts, a.Container)
	}
	x.starting = true
}

// checkFirst: those before it in the order have started, unless something came
// between, and the gap is kept.
func (w *walk) checkFirst(name string) {
	if w.ctr(name).lostTurn {
		return
	}
	for _, i := range w.s.order {
		other := w.s.containers[i].spec.Name
		if other == name {
			return
		}
		x := w.ctr(other)
		if !x.lostTurn && (x.resolvedAt.IsZero() || w.now.Sub(x.resolvedAt) < w.s.gap) {
			w.r.Fatalf("%s starts before %s, or less than a gap after it", name, other)
		}
	}
}

func (w *walk) checkHook(a RunHook) {
	x := w.ctr(a.Container)
	x.hooksRun[a.Kind]++
	if a.ID != x.id || x.hooksRun[a.Kind] > 1 || x.stops+x.kills > 0 {
		w.r.Fatalf("%+v of %+v", a, x)
	}
	x.hooks[a.Kind] = true
}

// checkProbe: one at a time, and none before its time.
func (w *walk) checkProbe(a Probe) {
	x := w.ctr(a.Container)
	p := &x.probes[a.Kind]
	early := a.Kind != Startup && !x.started() || x.hooks[PostStart]
	lateOne := a.Kind != Readiness && (w.doomed || p.result == failed) || a.Kind == Startup && p.result == passed
	if a.ID != x.id || p.spec == nil || p.underWay || early || lateOne {
		w.r.Fatalf("%+v of %+v", a, x)
	}
	p.underWay = true
}

// checkStop: sidecars of a pod that ends stop last, later ones first, or when
// the time of the others is over; but for one that was to stop before, for
// reasons of its own.
func (w *walk) checkStop(x *walked) {
	x.stops++
	w.checkSignal(x, x.stops)
	if !w.doomed || x.role != sidecar || x.probeKilled || x.hookFailed || !w.now.Before(w.s.limit.killAt) {
		return
	}
	for i := len(w.ctrs) - 1; w.ctrs[i] != x; i-- {
		if o := w.ctrs[i]; (o.role == mainRole || o.role == sidecar) && o.lives() {
			w.r.Fatalf("%s stops before %s has", x.spec.Name, o.spec.Name)
		}
	}
}

func (w *walk) checkSignal(x *walked, count int) {
	reason := w.doomed || x.probeKilled || x.hookFailed || w.s.stage == resetting
	if !reason && x.role != ephemeral { // killed by a probe under Never
		for _, k := range []ProbeKind{Startup, Liveness} {
			reason = reason || x.probes[k].result == failed
		}
	}
	if count > 1 || x.id == "" || !reason {
		w.r.Fatalf("container %s was signalled for the %dth time, or is not there, or not to end", x.spec.Name, count)
	}
}

// checkTimers: at most one for a container and one for each of its probes, and
// four for the pod.
func (w *walk) checkTimers() {
	counts := map[string]int{}
	for timer := range w.timers {
		if _, ofProbe := probeOf(timer.Kind); !ofProbe {
			counts[timer.Container]++
		}
	}
	for name, n := range counts {
		if name != "" && n > 1 {
			w.r.Fatalf("%d timers of %s: %v", n, name, w.timers)
		}
	}
}

func (w *walk) checkDeadline() {
	s := w.s.pod.Spec.ActiveDeadlineSeconds
	if s == nil || !w.begun || w.doomed {
		return
	}
	if at := w.s.began.Add(time.Duration(*s) * time.Second); w.now.After(at) {
		w.r.Fatalf("lives on after its deadline at %v", at)
	}
}
