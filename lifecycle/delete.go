package lifecycle

import "time"

// noteDeletion keeps the shortest grace that was asked for and the earliest
// instant at which it is over (pkg/kubelet/pod_workers.go
// calculateEffectiveGracePeriod).
func (n *stepper) noteDeletion(e DeleteRequested) {
	grace := n.grace
	if e.GraceSeconds != nil {
		grace = *e.GraceSeconds
	}
	if grace < 0 {
		grace = 1 // as the API server reads a negative one
	}
	d := &n.deletion
	killAt := n.now.Add(n.graceTime(grace))
	if !d.asked {
		*d = deletion{true, n.now, grace, killAt}
		return
	}
	d.grace = min(d.grace, grace)
	if killAt.Before(d.killAt) {
		d.killAt = killAt
	}
}

// graceTime is the time between stop signal and SIGKILL: never less than two
// seconds, but for a grace of 0, which skips the signal altogether.
func (t *terms) graceTime(seconds int64) time.Duration {
	if seconds == 0 {
		return 0
	}
	const year = 365 * 24 * 3600 // more would overflow once it is scaled
	return t.scaled(max(leastGrace, time.Duration(min(seconds, year))*time.Second))
}

// deleteIdle: no effect is under way; finish sees to the rest.
func (n *stepper) deleteIdle(e DeleteRequested) {
	n.noteDeletion(e)
	if n.stage == retrying {
		n.do(StopTimer{Timer{Kind: TimerSandbox}})
	}
	n.haltIdle()
	n.stage = ending
}

func (n *stepper) deleteWhileCreating(e DeleteRequested) {
	n.noteDeletion(e)
	n.haltIdle()
	n.stage = cancelling
}

// deleteUp stops all main containers in parallel. One that is being started is
// waited for, and stopped when it is there.
func (n *stepper) deleteUp(e DeleteRequested) {
	n.noteDeletion(e)
	n.stage = ending
	if !n.gapUntil.IsZero() {
		n.do(StopTimer{Timer{Kind: TimerGap}})
		n.gapUntil = time.Time{}
	}
	n.haltIdle()
	for i := range n.containers {
		if c := &n.containers[i]; c.stage == running {
			n.stop(c)
		}
	}
}

func (n *stepper) haltIdle() {
	for i := range n.containers {
		if c := &n.containers[i]; !c.live() {
			n.halt(c)
		}
	}
}

// stop begins the end of a running instance.
func (n *stepper) stop(c *container) {
	n.normal(c, ReasonKilling, "Stopping container "+c.spec.Name)
	if n.deletion.grace == 0 {
		n.kill(c)
		return
	}
	c.stage = stopping
	n.do(Stop{c.spec.Name})
	killAt := n.deletion.killAt
	if least := n.now.Add(n.scaled(leastGrace)); killAt.Before(least) {
		killAt = least // it started late, but the signal gets its time
	}
	n.arm(c, TimerGrace, killAt)
}

func (n *stepper) kill(c *container) {
	n.disarm(c)
	c.stage = killing
	n.do(Kill{c.spec.Name})
}

func (n *stepper) graceOver(c *container, _ TimerFired) {
	c.fired()
	n.kill(c)
}

// shorten lets a later request end the pod sooner, never later.
func (n *stepper) shorten(e DeleteRequested) {
	n.noteDeletion(e)
	for i := range n.containers {
		c := &n.containers[i]
		switch {
		case c.stage != stopping:
		case n.deletion.grace == 0:
			n.kill(c)
		case n.deletion.killAt.Before(c.due):
			n.arm(c, TimerGrace, n.deletion.killAt)
		}
	}
}

// finish tears the pod down as soon as nothing of it lives or will live.
func (n *stepper) finish() {
	over := n.stage == ending && n.all((*container).isIdle) || n.stage == up && n.all((*container).hasEnded)
	if over {
		n.stage = tearing
		n.do(TearDown{})
	}
}

func (n *stepper) end(TornDown) { n.stage = gone }
