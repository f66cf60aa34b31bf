package lifecycle

import (
	"reflect"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"
)

func (w *walk) checkTearDown() {
	for name, x := range w.ctrs {
		if x.id != "" || x.starting || w.tearDown || w.torn {
			w.r.Fatalf("torn down while %s lives, or twice", name)
		}
	}
}

// checkAttempt: an attempt after an end comes exactly when the kubelet's table
// says, and only if the policy lets it.
func (w *walk) checkAttempt(name string) {
	x := w.ctrs[name]
	if x.ensuring || x.starting || x.id != "" || w.deleted {
		w.r.Fatalf("attempt to start %s, which is on its way, lives or is deleted", name)
	}
	if !x.ended {
		return // a first start, or one more try of this restart
	}
	x.ended = false
	policy := w.s.pod.Spec.RestartPolicy
	if policy == v1.RestartPolicyNever || policy == v1.RestartPolicyOnFailure && x.code == 0 {
		w.r.Fatalf("%s is started again under %s after code %d", name, policy, x.code)
	}
	if x.attempts > 0 && x.endedAt.Sub(x.triedAt) > 600*time.Second {
		x.attempts = 0
	}
	want := backoffs[min(x.attempts, len(backoffs)-1)] * time.Second
	if got := w.now.Sub(x.endedAt); got != want {
		w.r.Fatalf("restart %d of %s after %v, want %v", x.attempts, name, got, want)
	}
	x.attempts++
	x.triedAt = w.now
}

func (w *walk) checkStart(a Start) {
	x := w.ctrs[a.Container]
	if x.starting || x.id != "" || w.deleted || int(a.Attempt) != x.instances {
		w.r.Fatalf("%+v, with %d instances before it, starting %v, living %q", a, x.instances, x.starting, x.id)
	}
	if !slices.Contains(w.firsts, a.Container) {
		w.checkFirst(a.Container)
		w.firsts = append(w.firsts, a.Container)
	}
}

// checkFirst: those before it in the order have started, unless their image
// failed, and the gap is kept.
func (w *walk) checkFirst(name string) {
	if w.ctrs[name].imageFailed {
		return // it may have lost its turn
	}
	for _, i := range w.s.order {
		other := w.s.containers[i].spec.Name
		if other == name {
			return
		}
		x := w.ctrs[other]
		if !x.imageFailed && (x.resolvedAt.IsZero() || w.now.Sub(x.resolvedAt) < w.s.gap) {
			w.r.Fatalf("%s starts before %s, or less than a gap after it", name, other)
		}
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
	allRun := true
	for _, c := range st.ContainerStatuses {
		if c.RestartCount < w.restart[c.Name] || int(c.RestartCount) != max(0, w.ctrs[c.Name].instances-1) {
			w.r.Fatalf("restartCount of %s went from %d to %d", c.Name, w.restart[c.Name], c.RestartCount)
		}
		w.restart[c.Name] = c.RestartCount
		lives := w.ctrs[c.Name].id != ""
		if lives != (c.State.Running != nil) || lives != c.Ready || lives != *c.Started {
			w.r.Fatalf("%s lives %v, but its status is %+v", c.Name, lives, c)
		}
		allRun = allRun && lives
	}
	if w.begun && allRun != (st.Conditions[ready].Status == v1.ConditionTrue) {
		w.r.Fatalf("all run: %v, but %+v", allRun, st.Conditions[ready])
	}
	w.checkConditions(st.Conditions)
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
