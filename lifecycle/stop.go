package lifecycle

import "time"

// graceTime is the time between the begin of a container's end and SIGKILL:
// never less than two seconds, but for a grace of 0, which skips the signal
// altogether.
func (t *terms) graceTime(seconds int64) time.Duration {
	if seconds == 0 {
		return 0
	}
	const year = 365 * 24 * 3600 // more would overflow once it is scaled
	return t.scaled(max(leastGrace, time.Duration(min(seconds, year))*time.Second))
}

// stop begins the end of a running instance: preStop, its turn, the signal,
// SIGKILL (kuberuntime_container.go killContainer). All have to share the grace.
func (n *stepper) stop(c *container, message string, grace int64, killAt time.Time) {
	n.normal(c, ReasonKilling, message)
	n.disarm(c)
	if grace == 0 {
		n.kill(c)
		return
	}
	c.killAt = killAt
	if c.preStop != nil && n.now.Before(killAt) {
		n.preStopNow(c)
		return
	}
	n.awaitTurn(c)
}

// stopInPod stops a container because its pod ends.
func (n *stepper) stopInPod(c *container) {
	n.stop(c, "Stopping container "+c.spec.Name, n.limit.grace, n.limit.killAt)
}

// awaitTurn: sidecars are told to stop when all main containers and all later
// sidecars have stopped, or had their time
// (kuberuntime_termination_order.go).
func (n *stepper) awaitTurn(c *container) {
	if n.mayStop(c) || !n.now.Before(c.killAt) {
		n.signal(c)
		return
	}
	c.stage = awaitingTurn
	n.arm(c, TimerTurn, c.killAt)
}

func (n *stepper) mayStop(c *container) bool {
	if n.stage != ending || c.role != sidecar {
		return true
	}
	for i := len(n.containers) - 1; i >= 0; i-- {
		o := n.containers[i]
		if o == c {
			return true
		}
		if (o.role == mainRole || o.role == sidecar) && o.live() {
			return false
		}
	}
	return true
}

// takeStopTurns lets those stop whose turn has come in this step.
func (n *stepper) takeStopTurns() {
	for i, c := range n.containers {
		if c.stage == awaitingTurn && n.mayStop(c) {
			n.signal(n.own(i))
		}
	}
}

func (n *stepper) turnOver(c *container, _ TimerFired) {
	c.fired()
	n.signal(c)
}

func (n *stepper) signal(c *container) {
	n.disarm(c)
	c.stage = stopping
	n.do(Stop{c.spec.Name})
	// However late it is, the signal gets its time.
	n.arm(c, TimerGrace, later(c.killAt, n.now.Add(n.scaled(leastGrace))))
}

func (n *stepper) graceOver(c *container, _ TimerFired) {
	c.fired()
	n.kill(c)
}

func (n *stepper) kill(c *container) {
	n.disarm(c)
	c.stage = killing
	n.do(Kill{c.spec.Name})
}

// hasten lets an instance whose end has begun end by the limit, if that is
// sooner.
func (n *stepper) hasten(c *container) {
	switch {
	case !c.isStopping():
		return
	case n.limit.grace == 0:
		n.kill(c)
		return
	case !n.limit.killAt.Before(c.killAt):
		return
	}
	// A limit that is new leaves the signal its two seconds.
	c.killAt = n.limit.killAt
	if c.killAt.Before(c.due) {
		n.arm(c, c.timer, c.killAt)
	}
}

// isStopping: the instance is to end, and not by SIGKILL yet.
func (c *container) isStopping() bool {
	return c.stage == preStopping || c.stage == awaitingTurn || c.stage == stopping
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
