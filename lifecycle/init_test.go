package lifecycle

import (
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
)

func (m *sim) condition(t v1.PodConditionType) v1.PodCondition {
	m.t.Helper()
	for _, c := range Status(m.s).Conditions {
		if c.Type == t {
			return c
		}
	}
	m.t.Fatalf("no condition %s", t)
	return v1.PodCondition{}
}

func TestInitContainersRunOneAfterAnother(t *testing.T) {
	m := newSim(t, withInits(podOf(v1.RestartPolicyAlways, "a", "b"), once("i"), once("j")), Config{})
	m.up()
	m.want(EnsureImage{"i"})
	m.wantWaiting("a", "PodInitializing", "")
	m.wantWaiting("i", "PodInitializing", "")
	m.image("i")
	m.want(Start{"i", 0})
	m.started("i")
	m.want()
	m.wantPhase(v1.PodPending)
	if c := m.condition(v1.PodInitialized); c.Status != v1.ConditionFalse || c.Reason != "ContainersNotInitialized" ||
		c.Message != "containers with incomplete status: [i j]" {
		t.Fatalf("%+v", c)
	}
	if c := m.condition(v1.PodReady); c.Message != "containers with unready status: [a b]" {
		t.Fatalf("%+v", c)
	}
	m.tick()
	m.exit("i", 0)
	m.want(EnsureImage{"j"})
	m.wantEnded("i", 0, "Completed")
	if c := m.container("i"); !c.Ready || *c.Started {
		t.Fatalf("%+v", c)
	}
	m.run("j")
	m.tick()
	m.exit("j", 0)
	m.want(EnsureImage{"a"}, EnsureImage{"b"})
	if c := m.condition(v1.PodInitialized); c.Status != v1.ConditionTrue || !c.LastTransitionTime.Time.Equal(m.now) {
		t.Fatalf("%+v", c)
	}
	m.wantPhase(v1.PodPending)
	m.run("a")
	m.run("b")
	m.wantPhase(v1.PodRunning)
}

func TestFailedInitContainerIsRetriedWithBackoff(t *testing.T) {
	for _, policy := range []v1.RestartPolicy{v1.RestartPolicyAlways, v1.RestartPolicyOnFailure} {
		m := newSim(t, withInits(podOf(policy, "a"), once("i")), Config{})
		m.up()
		m.run("i")
		m.exit("i", 1)
		m.want(EnsureImage{"i"})
		m.run("i")
		m.exit("i", 2)
		m.wantWaiting("i", "CrashLoopBackOff", "back-off 10s restarting failed container=i pod=p_ns(u)")
		m.wantPhase(v1.PodPending)
		if _, waited := m.fire(); waited != 10*time.Second {
			t.Fatalf("waited %v", waited)
		}
		m.run("i")
		if got := m.container("i").RestartCount; got != 2 {
			t.Fatalf("restartCount %d", got)
		}
		m.exit("i", 0)
		m.want(EnsureImage{"a"})
	}
}

func TestFailedInitContainerEndsAPodThatNeverRestarts(t *testing.T) {
	m := newSim(t, withInits(podOf(v1.RestartPolicyNever, "a"), side("s"), once("i"), once("j")), Config{})
	m.up()
	m.run("s")
	m.run("i")
	m.exit("i", 3)
	m.wantPhase(v1.PodFailed)
	m.want(Stop{"s"}, SetTimer{grace("s"), m.now.Add(30 * time.Second)})
	m.exit("s", 0)
	m.want(StopTimer{grace("s")}, TearDown{})
	m.feed(TornDown{m.now})
	m.wantEnded("i", 3, "Error")
	m.wantEnded("s", 0, "Completed")
	m.wantWaiting("j", "PodInitializing", "")
	m.wantWaiting("a", "PodInitializing", "")
	if c := m.condition(v1.PodInitialized); c.Status != v1.ConditionFalse || c.Message != "containers with incomplete status: [s i j]" {
		t.Fatalf("%+v", c)
	}
	if c := m.condition(v1.PodReady); c.Reason != "PodFailed" {
		t.Fatalf("%+v", c)
	}
}

// An init container that ran out of memory has failed, whatever its exit code.
func TestInitContainerOutOfMemoryHasFailed(t *testing.T) {
	m := newSim(t, withInits(podOf(v1.RestartPolicyAlways, "a"), once("i")), Config{})
	m.up()
	m.run("i")
	m.feed(Exited{At: m.now, Container: "i", ID: "id1", Signal: 9, OOM: true})
	m.want(EnsureImage{"i"})
	m.wantEnded("i", 137, "OOMKilled")
	m.run("i") // it was a child that was killed
	m.now = m.now.Add(700 * time.Second)
	m.feed(Exited{At: m.now, Container: "i", ID: "id2", OOM: true})
	m.want(EnsureImage{"i"})
}

func TestInitContainerWithoutImageOrStart(t *testing.T) {
	m := newSim(t, withInits(podOf(v1.RestartPolicyNever, "a"), once("i")), Config{})
	m.up()
	m.feed(ImageFailed{m.now, "i", ReasonImagePull, "no"})
	m.wantWaiting("i", "ErrImagePull", "no")
	m.fire()
	m.image("i")
	m.feed(StartFailed{At: m.now, Container: "i", Reason: ReasonCreateConfig, Message: "no user"})
	m.wantWaiting("i", "CreateContainerConfigError", "no user")
	m.fire()
	m.image("i")
	m.feed(StartFailed{m.now, "i", "x", ReasonRunContainer, "no such file"})
	m.wantPhase(v1.PodFailed)
	m.want(TearDown{})
}

func TestDeleteWhileInitializing(t *testing.T) {
	m := newSim(t, withInits(podOf(v1.RestartPolicyAlways, "a"), once("i"), once("j")), Config{})
	m.up()
	m.run("i")
	m.remove(nil)
	m.want(Stop{"i"}, SetTimer{grace("i"), m.now.Add(30 * time.Second)})
	m.exit("i", 143)
	m.want(StopTimer{grace("i")}, TearDown{})
	m.feed(TornDown{m.now})
	m.wantPhase(v1.PodFailed)
	m.wantEnded("i", 143, "Error")
	m.wantWaiting("j", "PodInitializing", "")
}
