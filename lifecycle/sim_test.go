package lifecycle

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// podOf is a pod with the named containers.
func podOf(policy v1.RestartPolicy, names ...string) *v1.Pod {
	grace := int64(30)
	p := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "ns", UID: "u", Generation: 1},
		Spec:       v1.PodSpec{RestartPolicy: policy, TerminationGracePeriodSeconds: &grace},
	}
	for _, n := range names {
		p.Spec.Containers = append(p.Spec.Containers, v1.Container{Name: n, Image: "img-" + n})
	}
	return p
}

// withInits puts init containers before the main ones.
func withInits(p *v1.Pod, inits ...v1.Container) *v1.Pod {
	p.Spec.InitContainers = append(p.Spec.InitContainers, inits...)
	return p
}

// with changes a container of the pod.
func with(p *v1.Pod, name string, change func(c *v1.Container)) *v1.Pod {
	for _, list := range [][]v1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		for i := range list {
			if list[i].Name == name {
				change(&list[i])
			}
		}
	}
	return p
}

func once(name string) v1.Container { return v1.Container{Name: name, Image: "img-" + name} }

// side is a sidecar.
func side(name string) v1.Container {
	c, always := once(name), v1.ContainerRestartPolicyAlways
	c.RestartPolicy = &always
	return c
}

// hooks gives a container hooks; nil is none.
func hooks(postStart, preStop *v1.LifecycleHandler) func(*v1.Container) {
	return func(c *v1.Container) { c.Lifecycle = &v1.Lifecycle{PostStart: postStart, PreStop: preStop} }
}

var execHook = &v1.LifecycleHandler{Exec: &v1.ExecAction{Command: []string{"true"}}}

func sleepHook(s int64) *v1.LifecycleHandler {
	return &v1.LifecycleHandler{Sleep: &v1.SleepAction{Seconds: s}}
}

// probeOf3 is a probe every 10 s that fails after 3 checks.
func probeOf3() *v1.Probe {
	return &v1.Probe{PeriodSeconds: 10, TimeoutSeconds: 1, SuccessThreshold: 1, FailureThreshold: 3}
}

// sim is a pod with a virtual clock and the timers that the automaton set. It
// answers nothing by itself.
type sim struct {
	t      testing.TB
	s      State
	now    time.Time
	timers map[Timer]time.Time
	last   []Action // of the last step
	ids    int
}

func newSim(t testing.TB, p *v1.Pod, cfg Config) *sim {
	t.Helper()
	s, err := New(p, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &sim{t: t, s: s, now: epoch, timers: map[Timer]time.Time{}}
}

// feed steps by e, keeps the timers and fails on a Bug.
func (m *sim) feed(e Event) []Action {
	m.t.Helper()
	m.s, m.last = Step(m.s, e)
	for _, a := range m.last {
		switch a := a.(type) {
		case SetTimer:
			if a.At.Before(m.now) {
				m.t.Fatalf("%v set %v into the past", a.Timer, m.now.Sub(a.At))
			}
			m.timers[a.Timer] = a.At
		case StopTimer:
			if _, ok := m.timers[a.Timer]; !ok {
				m.t.Fatalf("%v stopped, but not set", a.Timer)
			}
			delete(m.timers, a.Timer)
		case Bug:
			m.t.Fatal(a)
		}
	}
	return m.last
}

// fire lets the clock run to the next timer and fires it.
func (m *sim) fire() (Timer, time.Duration) {
	m.t.Helper()
	next, ok := m.nextTimer()
	if !ok {
		m.t.Fatal("no timer is set")
	}
	waited := m.timers[next].Sub(m.now)
	m.now = m.timers[next]
	delete(m.timers, next)
	m.feed(TimerFired{m.now, next})
	return next, waited
}

func (m *sim) nextTimer() (Timer, bool) {
	if len(m.timers) == 0 {
		return Timer{}, false
	}
	ts := make([]Timer, 0, len(m.timers))
	for t := range m.timers {
		ts = append(ts, t)
	}
	return slices.MinFunc(ts, func(a, b Timer) int {
		return cmp.Or(m.timers[a].Compare(m.timers[b]), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Container, b.Container))
	}), true
}

func (m *sim) up() {
	m.t.Helper()
	m.feed(Begin{m.now})
	m.feed(SandboxReady{m.now, []string{"10.0.0.7"}, []string{"192.0.2.1"}})
}

func (m *sim) image(c string) {
	m.t.Helper()
	m.feed(ImageReady{At: m.now, Container: c, Image: "docker.io/library/img-" + c, ImageID: "sha256:" + c})
}

func (m *sim) started(c string) {
	m.t.Helper()
	m.ids++
	m.feed(Started{m.now, c, fmt.Sprint("id", m.ids)})
}

// run lets a container start whose image is being ensured.
func (m *sim) run(c string) {
	m.t.Helper()
	m.image(c)
	m.started(c)
}

func (m *sim) exit(c string, code int32) {
	m.t.Helper()
	m.feed(Exited{At: m.now, Container: c, ID: m.s.find(c).id(), Code: code})
}

// hooked ends a hook of a container.
func (m *sim) hooked(c string, k HookKind, err string) {
	m.t.Helper()
	m.feed(HookDone{m.now, c, m.s.find(c).id(), k, err})
}

// probed ends a check of a container.
func (m *sim) probed(c string, k ProbeKind, o Outcome) {
	m.t.Helper()
	m.feed(Probed{m.now, c, m.s.find(c).id(), k, o, "output"})
}

func (m *sim) remove(grace *int64) {
	m.t.Helper()
	m.feed(DeleteRequested{m.now, grace})
}

func (m *sim) phase() v1.PodPhase { return Status(m.s).Phase }

// container is the status of one container of any kind.
func (m *sim) container(name string) v1.ContainerStatus {
	m.t.Helper()
	st := Status(m.s)
	for _, c := range slices.Concat(st.InitContainerStatuses, st.ContainerStatuses, st.EphemeralContainerStatuses) {
		if c.Name == name {
			return c
		}
	}
	m.t.Fatalf("no status of %s", name)
	return v1.ContainerStatus{}
}

// want compares the actions of the last step, without Records.
func (m *sim) want(want ...Action) {
	m.t.Helper()
	got := slices.DeleteFunc(slices.Clone(m.last), func(a Action) bool { _, ok := a.(Record); return ok })
	if !slices.Equal(got, want) {
		m.t.Fatalf("actions %+v, want %+v", got, want)
	}
}

func (m *sim) wantPhase(p v1.PodPhase) {
	m.t.Helper()
	if got := m.phase(); got != p {
		m.t.Fatalf("phase %s, want %s", got, p)
	}
}

func (m *sim) wantWaiting(c, reason, message string) {
	m.t.Helper()
	w := m.container(c).State.Waiting
	if w == nil || w.Reason != reason || w.Message != message {
		m.t.Fatalf("container %s: state %+v, want waiting %s %q", c, m.container(c).State, reason, message)
	}
}

func (m *sim) wantEnded(c string, code int32, reason string) {
	m.t.Helper()
	e := m.container(c).State.Terminated
	if e == nil || e.ExitCode != code || e.Reason != reason {
		m.t.Fatalf("container %s: state %+v, want ended %d %s", c, m.container(c).State, code, reason)
	}
}

func (m *sim) wantRecord(r Record) {
	m.t.Helper()
	if !slices.ContainsFunc(m.last, func(a Action) bool { return a == r }) {
		m.t.Fatalf("no %+v in %+v", r, m.last)
	}
}

func seconds(n int64) *int64 { return &n }

// wantAmong looks for one action among those of the last step.
func (m *sim) wantAmong(want Action) {
	m.t.Helper()
	if !slices.Contains(m.last, want) {
		m.t.Fatalf("no %+v in %+v", want, m.last)
	}
}
