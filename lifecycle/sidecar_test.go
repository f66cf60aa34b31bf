package lifecycle

import (
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
)

func startupTimer(c string) Timer { return Timer{TimerStartup, c} }

func TestSidecarGatesUntilStarted(t *testing.T) {
	p := with(withInits(podOf(v1.RestartPolicyNever, "a"), side("s"), once("i")), "s", func(c *v1.Container) {
		c.StartupProbe, c.ReadinessProbe = probeOf3(), probeOf3()
		c.LivenessProbe = probeOf3()
	})
	m := newSim(t, p, Config{})
	m.up()
	m.run("s")
	m.want(Probe{"s", "id1", Startup})
	if c := m.container("s"); *c.Started || c.Ready || c.State.Running == nil {
		t.Fatalf("%+v", c)
	}
	m.wantPhase(v1.PodPending)
	m.probed("s", Startup, ProbeFailure)
	m.want(SetTimer{startupTimer("s"), m.now.Add(10 * time.Second)})
	m.fire()
	m.want(Probe{"s", "id1", Startup})
	m.probed("s", Startup, ProbeSuccess)
	m.want(Probe{"s", "id1", Liveness}, Probe{"s", "id1", Readiness}, EnsureImage{"i"})
	if c := m.container("s"); !*c.Started || c.Ready {
		t.Fatalf("%+v", c)
	}
	m.run("i")
	m.exit("i", 0)
	m.want(EnsureImage{"a"})
	m.run("a")
	m.wantPhase(v1.PodRunning)
	if c := m.condition(v1.ContainersReady); c.Message != "containers with unready status: [s]" {
		t.Fatalf("%+v", c)
	}
	m.probed("s", Readiness, ProbeSuccess)
	if c := m.condition(v1.PodReady); c.Status != v1.ConditionTrue {
		t.Fatalf("%+v", c)
	}
}

func TestSidecarRestartsUnderAnyPolicyAndHasNoSay(t *testing.T) {
	for _, policy := range []v1.RestartPolicy{v1.RestartPolicyAlways, v1.RestartPolicyOnFailure, v1.RestartPolicyNever} {
		m := newSim(t, withInits(podOf(policy, "a"), side("s")), Config{})
		m.up()
		m.run("s")
		m.run("a")
		m.exit("s", 0)
		m.want(EnsureImage{"s"})
		m.wantPhase(v1.PodRunning)
		if c := m.condition(v1.PodInitialized); c.Status != v1.ConditionTrue {
			t.Fatalf("%+v", c)
		}
		m.run("s")
		m.exit("s", 7)
		m.wantWaiting("s", "CrashLoopBackOff", "back-off 10s restarting failed container=s pod=p_ns(u)")
		m.wantPhase(v1.PodRunning)
		if policy == v1.RestartPolicyAlways {
			continue
		}
		m.exit("a", 0)
		m.want(StopTimer{Timer{TimerRestart, "s"}}, TearDown{})
		m.wantPhase(v1.PodSucceeded)
	}
}

func TestSidecarsStopLastInReverseOrder(t *testing.T) {
	m := newSim(t, withInits(podOf(v1.RestartPolicyNever, "a", "b"), side("s"), once("i"), side("t")), Config{})
	m.up()
	m.run("s")
	m.run("i")
	m.exit("i", 0)
	m.run("t")
	m.run("a")
	m.run("b")
	m.remove(nil)
	killAt := m.now.Add(30 * time.Second)
	m.want(SetTimer{Timer{TimerTurn, "s"}, killAt}, SetTimer{Timer{TimerTurn, "t"}, killAt},
		Stop{"a"}, SetTimer{grace("a"), killAt}, Stop{"b"}, SetTimer{grace("b"), killAt})
	m.wantRecord(Record{"Normal", "Killing", "Stopping container s", "s"}) // as a kubelet: at once
	m.tick()
	m.exit("a", 0)
	m.want(StopTimer{grace("a")})
	m.exit("b", 0)
	m.want(StopTimer{grace("b")}, StopTimer{Timer{TimerTurn, "t"}}, Stop{"t"}, SetTimer{grace("t"), killAt})
	m.wantPhase(v1.PodRunning)
	m.exit("t", 0)
	m.want(StopTimer{grace("t")}, StopTimer{Timer{TimerTurn, "s"}}, Stop{"s"}, SetTimer{grace("s"), killAt})
	m.exit("s", 143)
	m.want(StopTimer{grace("s")}, TearDown{})
	m.wantPhase(v1.PodSucceeded)
}

// The main containers take all the time there is: the sidecars get two seconds,
// all at once.
func TestSidecarsStopWhenTheGraceIsOver(t *testing.T) {
	m := newSim(t, withInits(podOf(v1.RestartPolicyAlways, "a"), side("s"), side("t")), Config{})
	m.up()
	m.run("s")
	m.run("t")
	m.run("a")
	m.remove(seconds(10))
	m.fire()
	m.want(Stop{"s"}, SetTimer{grace("s"), m.now.Add(2 * time.Second)})
	m.fire()
	m.want(Stop{"t"}, SetTimer{grace("t"), m.now.Add(2 * time.Second)})
	m.fire()
	m.want(Kill{"a"})
	m.exit("a", 137)
	m.fire()
	m.want(Kill{"s"})
	m.fire()
	m.want(Kill{"t"})
	m.exit("s", 137)
	m.exit("t", 137)
	m.want(TearDown{})
}

func TestSidecarsStopWhenTheMainContainersAreDone(t *testing.T) {
	m := newSim(t, withInits(podOf(v1.RestartPolicyOnFailure, "a", "b"), side("s")), Config{})
	m.up()
	m.run("s")
	m.run("a")
	m.run("b")
	m.exit("a", 0)
	m.want()
	m.exit("b", 0)
	m.want(Stop{"s"}, SetTimer{grace("s"), m.now.Add(30 * time.Second)})
	m.wantPhase(v1.PodRunning)
	if _, _, deleted := m.s.Deletion(); deleted {
		t.Fatal("nobody has asked for the end")
	}
	m.remove(seconds(5)) // somebody is impatient
	m.want(SetTimer{grace("s"), m.now.Add(5 * time.Second)})
	m.exit("s", 9)
	m.want(StopTimer{grace("s")}, TearDown{})
	m.wantPhase(v1.PodSucceeded)
}

// One that starts after the time of the others is over gets two seconds, and no
// preStop.
func TestSidecarThatComesTooLate(t *testing.T) {
	p := with(withInits(podOf(v1.RestartPolicyAlways, "a"), side("s")), "s", hooks(nil, execHook))
	m := newSim(t, p, Config{})
	m.up()
	m.run("s")
	m.run("a")
	m.exit("s", 1)
	m.image("s")
	m.remove(seconds(5))
	m.fire()
	m.want(Kill{"a"})
	m.tick()
	m.started("s")
	m.want(Stop{"s"}, SetTimer{grace("s"), m.now.Add(2 * time.Second)})
}

// A sidecar that is not started again yet takes nothing away from a pod that
// runs.
func TestSidecarInItsSecondStartup(t *testing.T) {
	p := with(withInits(podOf(v1.RestartPolicyAlways, "a"), side("s")), "s", func(c *v1.Container) { c.StartupProbe = probeOf3() })
	m := newSim(t, p, Config{})
	m.up()
	m.run("s")
	m.probed("s", Startup, ProbeSuccess)
	m.run("a")
	m.exit("s", 1)
	m.run("s")
	m.wantPhase(v1.PodRunning)
}

// A sidecar that comes up when all is over does not bring the pod back.
func TestFinalPhaseStays(t *testing.T) {
	m := newSim(t, withInits(podOf(v1.RestartPolicyNever, "a"), side("s")), Config{})
	m.up()
	m.run("s")
	m.run("a")
	m.exit("s", 1)
	m.image("s")
	m.exit("a", 0)
	m.wantPhase(v1.PodSucceeded)
	m.started("s")
	m.want(Stop{"s"}, SetTimer{grace("s"), m.now.Add(30 * time.Second)})
	m.wantPhase(v1.PodSucceeded)
	m.exit("s", 143)
	m.want(StopTimer{grace("s")}, TearDown{})
}
