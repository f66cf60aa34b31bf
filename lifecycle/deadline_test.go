package lifecycle

import (
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
)

func deadlinePod(s int64) *v1.Pod {
	p := podOf(v1.RestartPolicyAlways, "a")
	p.Spec.ActiveDeadlineSeconds = &s
	return p
}

func TestDeadlineFailsThePodAtOnce(t *testing.T) {
	const day = 24 * 3600
	m := newSim(t, deadlinePod(day), Config{})
	m.up()
	m.run("a")
	if _, waited := m.fire(); waited != 24*time.Hour {
		t.Fatalf("waited %v", waited)
	}
	m.wantRecord(Record{"Normal", "DeadlineExceeded", "Pod was active on the node longer than the specified deadline", ""})
	m.want(Stop{"a"}, SetTimer{grace("a"), m.now.Add(30 * time.Second)})
	for range 2 {
		st := Status(m.s)
		if st.Phase != v1.PodFailed || st.Reason != "DeadlineExceeded" || st.Message != "Pod was active on the node longer than the specified deadline" {
			t.Fatalf("%+v", st)
		}
		if c := m.condition(v1.PodReady); c.Status != v1.ConditionFalse || c.Reason != "PodFailed" {
			t.Fatalf("%+v", c)
		}
		m.exit("a", 0)
		if m.s.stage == tearing {
			m.feed(TornDown{m.now})
			return
		}
	}
}

// It counts from the first sight of the pod, whatever that is doing.
func TestDeadlineWhereverThePodStands(t *testing.T) {
	for name, to := range map[string]func(*sim){
		"creating":   func(m *sim) { m.feed(Begin{m.now}) },
		"retrying":   func(m *sim) { m.feed(Begin{m.now}); m.feed(SandboxFailed{At: m.now}) },
		"pulling":    (*sim).up,
		"backing up": func(m *sim) { m.up(); m.run("a"); m.exit("a", 1); m.run("a"); m.exit("a", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			m := newSim(t, deadlinePod(5), Config{})
			to(m)
			m.fire()
			m.wantPhase(v1.PodFailed)
			if m.s.stage == cancelling {
				m.feed(SandboxReady{At: m.now})
			}
			m.wantAmong(TearDown{})
			if len(m.timers) > 0 {
				t.Fatalf("%v", m.timers)
			}
		})
	}
}

func TestDeadlineIsForgottenAtTheEnd(t *testing.T) {
	m := newSim(t, deadlinePod(60), Config{TimeScale: 10})
	m.up()
	if m.timers[Timer{Kind: TimerDeadline}] != m.now.Add(6*time.Second) {
		t.Fatalf("%v", m.timers)
	}
	m.run("a")
	m.remove(nil)
	m.want(StopTimer{Timer{Kind: TimerDeadline}}, Stop{"a"}, SetTimer{grace("a"), m.now.Add(3 * time.Second)})
}
