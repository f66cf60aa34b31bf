package lifecycle

import (
	"time"

	v1 "k8s.io/api/core/v1"
)

// ProbeKind is what a probe is to find out.
type ProbeKind uint8

// The probes of a container.
const (
	Startup ProbeKind = iota
	Liveness
	Readiness
	probeKinds
)

// String is the kind as messages of a kubelet begin (prober/prober_manager.go).
func (k ProbeKind) String() string { return [...]string{"Startup", "Liveness", "Readiness"}[k] }

// timer is the timer of a probe of this kind.
func (k ProbeKind) timer() TimerKind { return TimerStartup + TimerKind(k) }

// probeOf is the kind of probe that a timer is for.
func probeOf(t TimerKind) (k ProbeKind, ok bool) {
	return ProbeKind(t - TimerStartup), t >= TimerStartup && t <= TimerReadiness
}

// Outcome is what one check came to (pkg/probe/probe.go).
type Outcome uint8

// The outcomes of a check.
const (
	// ProbeFailure: the container does not answer as it should.
	ProbeFailure Outcome = iota
	// ProbeSuccess: it does.
	ProbeSuccess
	// ProbeWarning counts as success and is told: a redirect to another host.
	ProbeWarning
	// ProbeError: the check could not be made, and says nothing of the
	// container (a port without a number, an exec that could not be begun).
	ProbeError
)

// probeStage is where one probe of a container stands.
type probeStage uint8

const (
	probeIdle    probeStage = iota // its time has not come, or is over
	probeWaiting                   // its timer is set
	probeRunning                   // Probe is under way
	probeStages
)

var probeStageNames = [probeStages]string{"idle", "waiting", "under way"}

// result is what a probe says of its instance, after its thresholds.
type result uint8

const (
	unknown result = iota
	passed
	failed
)

// probe is one probe of a container: a little automaton of its own, so that a
// slow one delays nobody.
type probe struct {
	spec  *v1.Probe // nil: there is none
	stage probeStage
	tick  time.Time // when the check was due that is waited for or under way
	due   time.Time // when the timer fires

	result result
	latest bool // outcome of the latest check
	run    int32
}

// forgetProbes: nothing is known of a new instance.
func (c *container) forgetProbes() {
	for k, r := range [probeKinds]result{unknown, passed, failed} {
		c.probes[k].result, c.probes[k].run = r, 0
	}
}

// openProbes begins to probe a new instance. Without a startupProbe it is
// started; other probes wait for that.
//
// A kubelet goes on counting where the instance before left off, and checks at
// the ticks of a clock that began with the pod. Here each instance begins anew:
// its first check comes at once, or after initialDelaySeconds, and would make an
// old count unfair.
func (n *stepper) openProbes(c *container) {
	if c.probes[Startup].spec != nil {
		n.openProbe(c, Startup)
		return
	}
	n.probeStarted(c)
}

// probeStarted opens the probes that the startupProbe holds up.
func (n *stepper) probeStarted(c *container) {
	n.openProbe(c, Liveness)
	n.openProbe(c, Readiness)
}

func (n *stepper) openProbe(c *container, k ProbeKind) {
	p := &c.probes[k]
	if p.spec == nil {
		return
	}
	delay := n.scaled(time.Duration(p.spec.InitialDelaySeconds) * time.Second)
	p.tick = later(c.now.started.Add(delay), n.now)
	n.checkAt(c, k, p.tick)
}

// checkAt makes the next check at a time, or at once if that has come.
func (n *stepper) checkAt(c *container, k ProbeKind, at time.Time) {
	p := &c.probes[k]
	if !n.now.Before(at) {
		p.stage = probeRunning
		n.do(Probe{c.spec.Name, c.id(), k})
		return
	}
	p.stage, p.due = probeWaiting, at
	n.do(SetTimer{Timer{k.timer(), c.spec.Name}, at})
}

func (n *stepper) check(c *container, k ProbeKind, _ TimerFired) { n.checkAt(c, k, n.now) }

// closeProbe ends a probe. What it said stays said.
func (n *stepper) closeProbe(c *container, k ProbeKind) {
	p := &c.probes[k]
	if p.stage == probeWaiting {
		n.do(StopTimer{Timer{k.timer(), c.spec.Name}})
	}
	p.stage = probeIdle
}

func (n *stepper) closeProbes(c *container) {
	for k := range probeKinds {
		n.closeProbe(c, k)
	}
}
