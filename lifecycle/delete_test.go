package lifecycle

import (
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
)

func grace(c string) Timer { return Timer{TimerGrace, c} }

func TestDeleteStopsAllThenKills(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyAlways, "a", "b"), Config{})
	m.up()
	m.run("a")
	m.run("b")
	m.remove(nil)
	at := m.now.Add(30 * time.Second)
	m.want(Stop{"a"}, SetTimer{grace("a"), at}, Stop{"b"}, SetTimer{grace("b"), at})
	m.wantRecord(Record{"Normal", "Killing", "Stopping container a", "a"})
	m.exit("b", 0)
	m.want(StopTimer{grace("b")})
	m.wantPhase(v1.PodRunning)
	m.fire()
	m.want(Kill{"a"})
	m.feed(Exited{At: m.now, Container: "a", ID: "id1", Signal: 9})
	m.want(TearDown{})
	m.wantEnded("a", 137, "Error")
	m.wantPhase(v1.PodFailed)
	m.feed(TornDown{m.now})
	if _, g, ok := m.s.Deletion(); !ok || g != 30 {
		t.Fatalf("deletion %d %v", g, ok)
	}
}

func TestGrace(t *testing.T) {
	for _, tc := range []struct {
		grace *int64
		cfg   Config
		want  time.Duration // 0: killed at once
	}{
		{nil, Config{}, 30 * time.Second},
		{seconds(0), Config{}, 0},
		{seconds(1), Config{}, 2 * time.Second},
		{seconds(-1), Config{}, 2 * time.Second},
		{seconds(5), Config{}, 5 * time.Second},
		{seconds(5), Config{TimeScale: 5}, time.Second},
		{seconds(1 << 62), Config{TimeScale: 0.01}, 100 * 365 * 24 * time.Hour},
	} {
		m := newSim(t, podOf(v1.RestartPolicyAlways, "a"), tc.cfg)
		m.up()
		m.run("a")
		m.remove(tc.grace)
		if tc.want == 0 {
			m.want(Kill{"a"})
		} else {
			m.want(Stop{"a"}, SetTimer{grace("a"), m.now.Add(tc.want)})
		}
	}
}

func TestSecondDeleteOnlyShortens(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyAlways, "a"), Config{})
	m.up()
	m.run("a")
	m.remove(seconds(20))
	m.now = m.now.Add(5 * time.Second)
	m.remove(seconds(60))
	m.want()
	m.remove(seconds(15))
	m.want() // 5 + 15 is no sooner
	m.remove(seconds(10))
	m.want(SetTimer{grace("a"), m.now.Add(10 * time.Second)})
	// The timer of the first request, fired before it was replaced.
	m.feed(TimerFired{m.now.Add(time.Second), grace("a")})
	m.want()
	m.remove(seconds(0))
	m.want(StopTimer{grace("a")}, Kill{"a"})
	m.remove(seconds(0))
	m.want()
	m.exit("a", 137)
	m.want(TearDown{})
}

func TestDeleteWhileStarting(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyAlways, "a", "b"), Config{})
	m.up()
	m.image("a")
	m.remove(seconds(10))
	m.want() // the start is under way: its end is waited for
	m.image("b")
	m.want() // too late
	m.now = m.now.Add(9 * time.Second)
	m.started("a")
	m.want(Stop{"a"}, SetTimer{grace("a"), m.now.Add(2 * time.Second)})
	m.exit("a", 143)
	m.want(StopTimer{grace("a")}, TearDown{})
	m.wantPhase(v1.PodPending) // getPhase's word for a pod with a container that never ran
	m.feed(TornDown{m.now})
	m.wantPhase(v1.PodFailed)
	m.wantEnded("a", 143, "Error")
	m.wantEnded("b", 137, "ContainerStatusUnknown")
}

func TestSecondDeleteWhileStarting(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyAlways, "a"), Config{})
	m.up()
	m.image("a")
	m.remove(seconds(20))
	m.now = m.now.Add(15 * time.Second)
	m.remove(seconds(15)) // shorter, but over later
	m.started("a")
	m.want(Stop{"a"}, SetTimer{grace("a"), m.now.Add(5 * time.Second)})
	if _, g, _ := m.s.Deletion(); g != 15 {
		t.Fatalf("grace %d", g)
	}
}

func TestDeleteWhenTheStartFails(t *testing.T) {
	for _, reason := range []string{ReasonRunContainer, ReasonCreateContainer} {
		m := newSim(t, podOf(v1.RestartPolicyAlways, "a"), Config{})
		m.up()
		m.image("a")
		m.remove(nil)
		m.feed(StartFailed{m.now, "a", "id1", reason, "no"})
		m.want(TearDown{})
	}
}

func TestDeleteBeforeAnythingLives(t *testing.T) {
	t.Run("not begun", func(t *testing.T) {
		m := newSim(t, podOf(v1.RestartPolicyAlways, "a"), Config{})
		m.remove(nil)
		m.want(TearDown{})
	})
	t.Run("while the sandbox is made", func(t *testing.T) {
		for _, answer := range []Event{SandboxReady{At: epoch}, SandboxFailed{At: epoch}} {
			m := newSim(t, podOf(v1.RestartPolicyAlways, "a"), Config{})
			m.feed(Begin{m.now})
			m.remove(nil)
			m.want()
			m.remove(seconds(0))
			m.want()
			m.feed(answer)
			m.want(TearDown{})
		}
	})
	t.Run("between two sandboxes", func(t *testing.T) {
		m := newSim(t, podOf(v1.RestartPolicyAlways, "a"), Config{})
		m.feed(Begin{m.now})
		m.feed(SandboxFailed{m.now, "no"})
		m.remove(nil)
		m.want(StopTimer{Timer{Kind: TimerSandbox}}, TearDown{})
		m.feed(TornDown{m.now})
		m.wantEnded("a", 137, "ContainerStatusUnknown")
	})
	t.Run("in back-off, without image, in the gap", func(t *testing.T) {
		m := newSim(t, podOf(v1.RestartPolicyAlways, "a", "b", "c"), Config{StartGap: time.Hour})
		m.up()
		m.feed(ImageFailed{m.now, "b", ReasonImagePull, "no"})
		m.run("a")
		m.exit("a", 1)
		m.run("a")
		m.exit("a", 1)
		m.remove(nil)
		m.want(StopTimer{Timer{Kind: TimerGap}}, StopTimer{Timer{TimerRestart, "a"}}, StopTimer{Timer{TimerImage, "b"}}, TearDown{})
		m.wantEnded("a", 1, "Error")
		m.wantWaiting("b", "ContainerCreating", "")
	})
}

func TestDeleteOfAnEndedPodChangesNothing(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyNever, "a"), Config{})
	m.up()
	m.run("a")
	m.exit("a", 0)
	m.remove(nil)
	m.want()
	m.feed(TornDown{m.now})
	m.remove(nil)
	m.want()
	m.wantPhase(v1.PodSucceeded)
}
