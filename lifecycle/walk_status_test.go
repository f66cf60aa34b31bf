package lifecycle

import (
	"reflect"
	"slices"

	v1 "k8s.io/api/core/v1"
)

// checkSame: who is told that nothing changed, has missed nothing.
func (w *walk) checkSame(before State) {
	if SameStatus(before, w.s) && w.steps%4 == 0 && !reflect.DeepEqual(Status(before), Status(w.s)) {
		w.r.Fatalf("\n%+v is said to be\n%+v", Status(w.s), Status(before))
	}
}

func (w *walk) checkStatus() {
	st := Status(w.s)
	if w.steps%16 == 0 && !reflect.DeepEqual(st, Status(w.s)) {
		w.r.Fatal("two statuses of one state differ")
	}
	if old := w.phase; (old == v1.PodFailed || old == v1.PodSucceeded) && st.Phase != old {
		w.r.Fatalf("phase went from %s to %s", old, st.Phase)
	}
	w.phase = st.Phase
	if (st.Phase == v1.PodFailed || st.Phase == v1.PodSucceeded) && !w.doomed {
		w.r.Fatalf("goes on in phase %s", st.Phase)
	}
	allReady := st.Phase != v1.PodFailed
	for _, c := range slices.Concat(st.InitContainerStatuses, st.ContainerStatuses, st.EphemeralContainerStatuses) {
		x := w.ctr(c.Name)
		w.checkContainer(x, c)
		allReady = allReady && (c.Ready || x.role == initRole || x.role == ephemeral)
	}
	if w.begun && allReady != (st.Conditions[ready].Status == v1.ConditionTrue) {
		w.r.Fatalf("all ready: %v, but %+v", allReady, st.Conditions[ready])
	}
	w.checkConditions(st.Conditions)
}

func (w *walk) checkContainer(x *walked, c v1.ContainerStatus) {
	w.checkRestarts(x, c)
	runs := c.State.Running != nil
	if runs && (x.id == "" || x.hooks[PostStart] && w.s.stage != ending) || !runs && x.id != "" && !x.hooked() {
		w.r.Fatalf("%s lives as %q, but its status is %+v", c.Name, x.id, c)
	}
	if n := countStates(c.State); n != 1 {
		w.r.Fatalf("%s is in %d states: %+v", c.Name, n, c)
	}
	if x.role == ephemeral {
		return
	}
	started := runs && x.started()
	ready := started && (x.probes[Readiness].spec == nil || x.probes[Readiness].result == passed)
	if x.role == initRole {
		ready = c.State.Terminated != nil && c.State.Terminated.ExitCode == 0
	}
	if *c.Started != started || c.Ready != ready {
		w.r.Fatalf("%s: started %v, ready %v, but its status is %+v", c.Name, started, ready, c)
	}
	x.wasStarted = x.wasStarted || started
}

// checkRestarts: it never falls. One that was removed counts the restart that is
// to come.
func (w *walk) checkRestarts(x *walked, c v1.ContainerStatus) {
	got, seen := int(c.RestartCount), max(0, x.instances-1)
	hidden := x.id != "" && c.State.Running == nil
	removed := x.plan == first || w.s.find(c.Name).removed
	ok := got == seen || removed && got == x.instances || hidden && got == max(0, x.instances-2)
	if c.RestartCount < w.restart[c.Name] || !ok {
		w.r.Fatalf("restartCount of %s went from %d to %d after %d instances", c.Name, w.restart[c.Name], got, x.instances)
	}
	w.restart[c.Name] = c.RestartCount
}

func countStates(s v1.ContainerState) (n int) {
	for _, is := range []bool{s.Waiting != nil, s.Running != nil, s.Terminated != nil} {
		if is {
			n++
		}
	}
	return n
}

func (w *walk) checkConditions(now []v1.PodCondition) {
	for i, c := range now {
		want := w.now
		if w.conds != nil && w.conds[i].Status == c.Status {
			want = w.conds[i].LastTransitionTime.Time
		}
		if !c.LastTransitionTime.Time.Equal(want) {
			w.r.Fatalf("%s is %s since %v, want %v", c.Type, c.Status, c.LastTransitionTime, want)
		}
	}
	w.conds = now
}
