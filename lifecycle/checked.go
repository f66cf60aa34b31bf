package lifecycle

import (
	"fmt"
	"strings"
	"time"
)

// checked takes the outcome of a check (prober/worker.go doProbe). Each is told;
// what the probe says changes with so many of the same in a row.
func (n *stepper) checked(c *container, k ProbeKind, e Probed) {
	p := &c.probes[k]
	n.tellChecked(c, k, e)
	if e.Outcome == ProbeError { // as if it had not been made
		n.checkAgain(c, k)
		return
	}
	p.count(e.Outcome != ProbeFailure)
	if !p.decided() {
		n.checkAgain(c, k)
		return
	}
	p.result = failed
	if p.latest {
		p.result = passed
	}
	switch {
	case k == Readiness, k == Liveness && p.latest:
		n.checkAgain(c, k)
	case p.latest:
		p.stage = probeIdle
		n.probeStarted(c)
	default:
		p.stage = probeIdle // until there is a new instance
		n.failProbe(c, k)
	}
}

func (n *stepper) tellChecked(c *container, k ProbeKind, e Probed) {
	switch e.Outcome {
	case ProbeSuccess:
	case ProbeWarning:
		n.warning(c, ReasonProbeWarning, fmt.Sprintf("%s probe warning: %s", k, e.Message))
	case ProbeFailure:
		n.warning(c, ReasonUnhealthy, fmt.Sprintf("%s probe failed: %s", k, e.Message))
	case ProbeError:
		n.warning(c, ReasonUnhealthy, fmt.Sprintf("%s probe errored and resulted in unknown state: %s", k, e.Message))
	}
}

func (p *probe) count(success bool) {
	if p.latest != success || p.run == 0 {
		p.latest, p.run = success, 0
	}
	p.run++
}

// decided: so many checks came to the same that the probe says so.
func (p *probe) decided() bool {
	if p.latest {
		return p.run > 0 && p.run >= p.spec.SuccessThreshold
	}
	return p.run > 0 && p.run >= p.spec.FailureThreshold
}

// checkAgain keeps to the ticks of the period, and leaves out those that a slow
// check has missed but the last, as a ticker does.
func (n *stepper) checkAgain(c *container, k ProbeKind) {
	p := &c.probes[k]
	period := n.scaled(time.Duration(max(p.spec.PeriodSeconds, 1)) * time.Second)
	p.tick = p.tick.Add(period)
	if behind := n.now.Sub(p.tick); behind > 0 {
		p.tick = p.tick.Add(behind / period * period)
	}
	n.checkAt(c, k, p.tick)
}

// failProbe ends an instance that failed its startupProbe or livenessProbe
// (kuberuntime_manager.go computePodActions), unless it is to end already.
func (n *stepper) failProbe(c *container, k ProbeKind) {
	if c.stage != running {
		return
	}
	message := fmt.Sprintf("Container %s failed %s probe", c.spec.Name, strings.ToLower(k.String()))
	c.failedProbe = n.restartsAfterProbe(c)
	switch {
	case c.role == sidecar:
		message = "Init c" + message[1:]
	case c.failedProbe:
		message += ", will be restarted"
	}
	grace := n.grace
	if g := c.probes[k].spec.TerminationGracePeriodSeconds; g != nil {
		grace = *g
	}
	n.stop(c, message, grace, n.now.Add(n.graceTime(grace)))
}
