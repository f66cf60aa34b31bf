package lifecycle

import (
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
)

// BenchmarkStep steps a pod of three containers, of which one crashes at once
// and for ever.
func BenchmarkStep(b *testing.B) {
	m := newSim(b, podOf(v1.RestartPolicyAlways, "a", "b", "c"), Config{})
	m.up()
	m.run("a")
	m.run("b")
	m.image("c")
	s, now := m.s, m.now
	b.ReportAllocs()
	for b.Loop() {
		c := &s.containers[2]
		now = now.Add(time.Second)
		var e Event
		switch c.stage {
		case starting:
			e = Started{now, "c", "id"}
		case running:
			e = Exited{At: now, Container: "c", ID: "id", Code: 1}
		case backingOff:
			now = c.due
			e = TimerFired{now, Timer{TimerRestart, "c"}}
		default:
			e = ImageReady{At: now, Container: "c"}
		}
		s, _ = Step(s, e)
	}
}

func BenchmarkStatus(b *testing.B) {
	m := newSim(b, podOf(v1.RestartPolicyAlways, "a", "b", "c"), Config{})
	m.up()
	m.run("a")
	b.ReportAllocs()
	for b.Loop() {
		Status(m.s)
	}
}
