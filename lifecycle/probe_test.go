package lifecycle

import (
	"slices"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
)

// probePod is a pod with one container, whose probes are given.
func probePod(startup, liveness, readiness *v1.Probe) *v1.Pod {
	return with(podOf(v1.RestartPolicyAlways, "a"), "a", func(c *v1.Container) {
		c.StartupProbe, c.LivenessProbe, c.ReadinessProbe = startup, liveness, readiness
	})
}

func (m *sim) wantReady(want bool) {
	m.t.Helper()
	if got := m.container("a").Ready; got != want {
		m.t.Fatalf("ready %v, want %v", got, want)
	}
	if got := m.condition(v1.PodReady).Status == v1.ConditionTrue; got != want {
		m.t.Fatalf("pod ready %v, want %v", got, want)
	}
}

func TestReadiness(t *testing.T) {
	p := probeOf3()
	p.SuccessThreshold = 2
	m := newSim(t, probePod(nil, nil, p), Config{})
	m.up()
	m.run("a")
	m.want(Probe{"a", "id1", Readiness})
	m.wantReady(false)
	m.probed("a", Readiness, ProbeFailure)
	m.wantRecord(Record{"Warning", "Unhealthy", "Readiness probe failed: output", "a"})
	for _, tc := range []struct {
		o     Outcome
		ready bool
	}{
		{ProbeSuccess, false},
		{ProbeWarning, true},
		{ProbeFailure, true},
		{ProbeFailure, true},
		{ProbeError, true}, // is not counted
		{ProbeSuccess, true},
		{ProbeFailure, true},
		{ProbeFailure, true},
		{ProbeFailure, false},
		{ProbeFailure, false},
		{ProbeSuccess, false},
		{ProbeSuccess, true},
	} {
		if _, waited := m.fire(); waited != 10*time.Second {
			t.Fatalf("waited %v", waited)
		}
		m.want(Probe{"a", "id1", Readiness})
		before, was := m.s, m.container("a").Ready
		m.probed("a", Readiness, tc.o)
		m.wantReady(tc.ready)
		if SameStatus(before, m.s) != (was == tc.ready) {
			t.Fatalf("ready was %v and is %v: the same status: %v", was, tc.ready, SameStatus(before, m.s))
		}
	}
	m.fire()
	m.probed("a", Readiness, ProbeWarning)
	m.wantRecord(Record{"Warning", "ProbeWarning", "Readiness probe warning: output", "a"})
	m.fire()
	m.probed("a", Readiness, ProbeError)
	m.wantRecord(Record{"Warning", "Unhealthy", "Readiness probe errored and resulted in unknown state: output", "a"})
	m.exit("a", 1)
	m.wantReady(false)
}

func TestInitialDelayCountsFromTheStart(t *testing.T) {
	p := probeOf3()
	p.InitialDelaySeconds = 7
	m := newSim(t, with(probePod(nil, nil, p), "a", hooks(sleepHook(5), nil)), Config{})
	m.up()
	m.run("a")
	m.fire() // the hook is over
	m.want(SetTimer{Timer{TimerReadiness, "a"}, m.now.Add(2 * time.Second)})
	m.fire()
	m.want(Probe{"a", "id1", Readiness})
}

func TestOtherProbesWaitForStartup(t *testing.T) {
	s := probeOf3()
	s.InitialDelaySeconds = 20
	l := probeOf3()
	l.InitialDelaySeconds = 60
	m := newSim(t, probePod(s, l, probeOf3()), Config{})
	m.up()
	m.run("a")
	m.want(SetTimer{startupTimer("a"), m.now.Add(20 * time.Second)})
	begun := m.now
	m.fire()
	m.probed("a", Startup, ProbeSuccess)
	m.want(SetTimer{Timer{TimerLiveness, "a"}, begun.Add(60 * time.Second)}, Probe{"a", "id1", Readiness})
	if c := m.container("a"); !*c.Started || c.Ready {
		t.Fatalf("%+v", c)
	}
	m.probed("a", Readiness, ProbeSuccess)
	m.wantReady(true)
}

// Who is killed by a probe is restarted as the policy says, whatever the exit
// code; it is not probed until the new instance is there.
func TestLivenessKills(t *testing.T) {
	for _, tc := range []struct {
		policy  v1.RestartPolicy
		message string
		again   bool
	}{
		{v1.RestartPolicyAlways, "Container a failed liveness probe, will be restarted", true},
		{v1.RestartPolicyOnFailure, "Container a failed liveness probe, will be restarted", true},
		{v1.RestartPolicyNever, "Container a failed liveness probe", false},
	} {
		p := probePod(nil, probeOf3(), nil)
		p.Spec.RestartPolicy = tc.policy
		m := newSim(t, p, Config{})
		m.up()
		m.run("a")
		m.wantReady(true)
		m.probed("a", Liveness, ProbeFailure)
		m.fire()
		m.probed("a", Liveness, ProbeFailure)
		m.fire()
		m.probed("a", Liveness, ProbeFailure)
		m.want(Stop{"a"}, SetTimer{grace("a"), m.now.Add(30 * time.Second)})
		m.wantRecord(Record{"Normal", "Killing", tc.message, "a"})
		m.exit("a", 0)
		if !tc.again {
			m.want(StopTimer{grace("a")}, TearDown{})
			m.wantPhase(v1.PodSucceeded)
			continue
		}
		m.want(StopTimer{grace("a")}, EnsureImage{"a"})
		m.run("a")
		m.want(Probe{"a", "id2", Liveness})
	}
}

func TestStartupKills(t *testing.T) {
	p := probeOf3()
	p.FailureThreshold, p.TerminationGracePeriodSeconds = 1, seconds(5)
	m := newSim(t, probePod(p, nil, nil), Config{})
	m.up()
	m.run("a")
	m.probed("a", Startup, ProbeFailure)
	m.want(Stop{"a"}, SetTimer{grace("a"), m.now.Add(5 * time.Second)})
	m.wantRecord(Record{"Normal", "Killing", "Container a failed startup probe, will be restarted", "a"})
	m.fire()
	m.want(Kill{"a"})
	m.exit("a", 137)
	m.want(EnsureImage{"a"})
}

func TestLivenessOfASidecar(t *testing.T) {
	p := with(withInits(podOf(v1.RestartPolicyNever, "a"), side("s")), "s", func(c *v1.Container) {
		c.LivenessProbe = probeOf3()
		c.LivenessProbe.FailureThreshold = 1
	})
	m := newSim(t, p, Config{})
	m.up()
	m.run("s")
	m.probed("s", Liveness, ProbeFailure)
	m.wantRecord(Record{"Normal", "Killing", "Init container s failed liveness probe", "s"})
	m.exit("s", 0)
	m.want(StopTimer{grace("s")}, EnsureImage{"s"})
}

// The back-off of who is killed by a probe counts from the end of the instance
// before, as the source has it: most often it is over.
func TestBackoffAfterLiveness(t *testing.T) {
	p := probeOf3()
	p.FailureThreshold = 1
	p.InitialDelaySeconds = 30
	m := newSim(t, probePod(nil, p, nil), Config{})
	m.up()
	var waits []time.Duration
	for range 9 {
		m.run("a")
		m.fire()
		m.probed("a", Liveness, ProbeFailure)
		m.exit("a", 137)
		waits = append(waits, 0)
		if len(m.timers) > 0 {
			m.wantWaiting("a", "CrashLoopBackOff", m.container("a").State.Waiting.Message)
			_, waits[len(waits)-1] = m.fire()
		}
	}
	// Each instance lives for 30 s. The first end is not counted at all; the
	// entry grows to 10, 20, 40, and 40 is longer than the 30 s since the end
	// before. At last the 300 s of waiting are over when the next one ends.
	if want := inSeconds(0, 0, 0, 0, 40, 80, 160, 300, 0); !slices.Equal(waits, want) {
		t.Fatalf("%v, want %v", waits, want)
	}
}

// A check that takes longer than the period is followed by the next at once,
// and then at the ticks that come after.
func TestSlowChecksKeepTheTicks(t *testing.T) {
	m := newSim(t, probePod(nil, nil, probeOf3()), Config{})
	m.up()
	m.run("a")
	begun := m.now
	m.now = begun.Add(25 * time.Second)
	m.probed("a", Readiness, ProbeSuccess)
	m.want(Probe{"a", "id1", Readiness})
	m.probed("a", Readiness, ProbeSuccess)
	m.want(SetTimer{Timer{TimerReadiness, "a"}, begun.Add(30 * time.Second)})
}

func TestDeletionEndsLivenessAndStartupButNotReadiness(t *testing.T) {
	r := probeOf3()
	r.PeriodSeconds = 5
	m := newSim(t, probePod(nil, probeOf3(), r), Config{})
	m.up()
	m.run("a")
	m.probed("a", Liveness, ProbeSuccess)
	m.probed("a", Readiness, ProbeSuccess)
	m.remove(nil)
	m.want(StopTimer{Timer{TimerLiveness, "a"}}, Stop{"a"}, SetTimer{grace("a"), m.now.Add(30 * time.Second)})
	for range 3 {
		m.fire()
		m.want(Probe{"a", "id1", Readiness})
		m.wantReady(true)
		m.probed("a", Readiness, ProbeFailure)
	}
	m.wantReady(false)
	m.exit("a", 0)
	m.wantAmong(TearDown{})
	if len(m.timers) > 0 {
		t.Fatalf("%v", m.timers)
	}
}

func TestAnswersOfInstancesThatAreGone(t *testing.T) {
	m := newSim(t, probePod(nil, probeOf3(), probeOf3()), Config{})
	m.up()
	m.run("a")
	m.exit("a", 1)
	m.feed(Probed{m.now, "a", "id1", Liveness, ProbeFailure, "late"})
	m.want()
	m.run("a")
	m.feed(Probed{m.now, "a", "id1", Liveness, ProbeFailure, "late"})
	m.want()
	if len(m.last) > 0 {
		t.Fatalf("%+v", m.last)
	}
}

// Probes of one container have timers of their own: a check that hangs delays
// no other, nor an exit.
func TestSlowProbeDelaysNobody(t *testing.T) {
	p := probePod(nil, probeOf3(), probeOf3())
	p.Spec.Containers = append(p.Spec.Containers, *with(p, "a", func(*v1.Container) {}).Spec.Containers[0].DeepCopy())
	p.Spec.Containers[1].Name = "b"
	m := newSim(t, p, Config{TimeScale: 2})
	m.up()
	m.run("a")
	m.run("b")
	m.probed("b", Readiness, ProbeSuccess)
	for n := range 5 {
		if next, waited := m.fire(); next != (Timer{TimerReadiness, "b"}) || waited != 5*time.Second {
			t.Fatalf("%d: %v after %v", n, next, waited)
		}
		m.want(Probe{"b", "id2", Readiness})
		m.probed("b", Readiness, ProbeSuccess)
	}
	m.exit("a", 1)
	m.want(EnsureImage{"a"})
}
