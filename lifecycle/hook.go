package lifecycle

import (
	"time"

	v1 "k8s.io/api/core/v1"
)

// HookKind is one of the two moments at which a container's lifecycle hooks run.
type HookKind uint8

// The hooks of a container (v1.Lifecycle).
const (
	PostStart HookKind = iota
	PreStop
)

func (k HookKind) String() string { return [...]string{"PostStart", "PreStop"}[k] }

// postStartNow runs the hook. Until it is done nobody sees the instance, and the
// next container is not started, as a kubelet's sync waits for it.
func (n *stepper) postStartNow(c *container) {
	if c.postStart.Sleep == nil {
		n.do(RunHook{c.spec.Name, c.id(), PostStart})
		return
	}
	if d := n.sleep(c.postStart); d > 0 {
		n.arm(c, TimerHook, n.now.Add(d))
		return
	}
	n.show(c)
}

func (n *stepper) sleep(h *v1.LifecycleHandler) time.Duration {
	const year = 365 * 24 * 3600 // more would overflow once it is scaled
	return n.scaled(time.Duration(min(h.Sleep.Seconds, year)) * time.Second)
}

func (n *stepper) postStartSlept(c *container, _ TimerFired) {
	c.fired()
	n.show(c)
}

func (n *stepper) show(c *container) {
	c.run(*c.behind)
	c.behind = nil
	n.openProbes(c)
}

// postStartDone shows the instance, or ends it because the hook failed
// (kuberuntime_container.go startContainer).
func (n *stepper) postStartDone(c *container, e HookDone) {
	switch {
	case e.Kind != PostStart:
	case e.Err == "":
		n.show(c)
	default:
		n.warning(c, ReasonFailedPostStart, "PostStartHook failed")
		c.reason, c.message = ReasonPostStartHook, e.Err
		n.stop(c, ReasonFailedPostStart, n.grace, n.now.Add(n.graceTime(n.grace)))
	}
}

// preStopNow runs the hook, for which there is time until killAt.
func (n *stepper) preStopNow(c *container) {
	c.stage = preStopping
	if c.preStop.Sleep == nil {
		n.do(RunHook{c.spec.Name, c.id(), PreStop})
		n.arm(c, TimerHook, c.killAt)
		return
	}
	d := n.sleep(c.preStop)
	if d <= 0 {
		n.awaitTurn(c)
		return
	}
	until := n.now.Add(d)
	if c.killAt.Before(until) {
		until = c.killAt
	}
	n.arm(c, TimerHook, until)
}

func (n *stepper) preStopDone(c *container, e HookDone) {
	if e.Kind != PreStop {
		return // the pod is ending before its postStart was done
	}
	n.hookTooLate(c, e)
	n.disarm(c)
	n.awaitTurn(c)
}

func (n *stepper) preStopOver(c *container, _ TimerFired) {
	c.fired()
	n.awaitTurn(c)
}

// hookTooLate: what comes of a preStop does not matter, but is told.
func (n *stepper) hookTooLate(c *container, e HookDone) {
	if e.Kind == PreStop && e.Err != "" {
		n.warning(c, ReasonFailedPreStop, "PreStopHook failed")
	}
}
