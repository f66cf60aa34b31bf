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
		c := s.containers[2]
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

// BenchmarkStepOfProbes steps a pod of five containers, each of which is probed
// for ever: what a second of 500 containers costs is a thousand such steps.
func BenchmarkStepOfProbes(b *testing.B) {
	names := []string{"a", "b", "c", "d", "e"}
	p := podOf(v1.RestartPolicyAlways, names...)
	for _, n := range names {
		with(p, n, func(c *v1.Container) { c.ReadinessProbe = probeOf3() })
	}
	m := newSim(b, p, Config{})
	m.up()
	for _, n := range names {
		m.run(n)
	}
	s, now, i := m.s, m.now, 0
	b.ReportAllocs()
	for b.Loop() {
		c := s.containers[i%len(names)]
		switch p := &c.probes[Readiness]; p.stage {
		case probeWaiting:
			now = later(now, p.due)
			s, _ = Step(s, TimerFired{now, Timer{TimerReadiness, c.spec.Name}})
		default:
			s, _ = Step(s, Probed{now, c.spec.Name, c.now.id, Readiness, ProbeSuccess, ""})
			i++
		}
	}
}

// A pod that crashes for ever costs the same at the end of its days.
func TestStepsDoNotGrow(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyAlways, "a"), Config{})
	m.up()
	allocs := func() float64 {
		e := TimerFired{m.timers[Timer{TimerRestart, "a"}], Timer{TimerRestart, "a"}}
		return testing.AllocsPerRun(20, func() { Step(m.s, e) }) + testing.AllocsPerRun(20, func() { Status(m.s) })
	}
	var early float64
	for n := range 3000 {
		m.run("a")
		m.exit("a", 1)
		if n == 9 {
			early = allocs()
		}
		if len(m.timers) > 0 && n < 2999 {
			m.fire()
		}
	}
	if late := allocs(); late != early || early == 0 {
		t.Fatalf("%v allocations, and %v after 3000 restarts", early, late)
	}
}

func BenchmarkSameStatus(b *testing.B) {
	m := newSim(b, probePod(nil, nil, probeOf3()), Config{})
	m.up()
	m.run("a")
	m.probed("a", Readiness, ProbeSuccess)
	before := m.s
	m.fire()
	for b.Loop() {
		if !SameStatus(before, m.s) {
			b.Fatal("it has changed")
		}
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
