package lifecycle

import "time"

// takeTurns lets the main containers have their first starts one after another,
// in the start order. A turn is over when the start has succeeded, its postStart
// too, or failed, or when there is no image to start; the next comes a gap
// later.
func (n *stepper) takeTurns() {
	for n.stage == up && n.mainsBegun && n.turn < len(n.order) && n.due.gap.IsZero() {
		i := n.order[n.turn]
		switch c := n.containers[i]; {
		case c.turned, c.stage == imageWait, c.stage == createWait:
			n.passTurn()
		case c.stage == queued:
			n.start(n.own(i))
			return
		default:
			return // its image, its start or its hook is under way
		}
	}
}

func (n *stepper) passTurn() {
	n.turn++
	if n.gap > 0 && n.turn < len(n.order) {
		n.armPod(TimerGap, &n.due.gap, n.now.Add(n.gap))
	}
}

func (n *stepper) start(c *container) {
	c.stage = starting
	n.do(Start{c.spec.Name, c.instances})
}

// add makes i the container's latest instance.
func (c *container) add(i instance) {
	if before := c.now; c.instances > 0 {
		c.last = &before
	}
	c.now = i
	c.instances++
	c.known++
	c.turned, c.removed, c.failedProbe = true, false, false
}

func (n *stepper) startedNow(c *container, e Started) {
	i := instance{id: e.ID, started: n.now, image: c.image, imageID: c.imageID}
	n.normal(c, ReasonCreated, "Container created")
	n.normal(c, ReasonStarted, "Container started")
	switch {
	case n.stage >= ending:
		c.run(i)
		n.stopInPod(c)
	case n.isReset(c):
		c.run(i) // goOnWithReset stops it
	case c.postStart != nil:
		c.stage, c.behind = hooking, &i
		n.postStartNow(c)
	default:
		c.run(i)
		n.openProbes(c)
	}
}

// run: the instance is there for all to see.
func (c *container) run(i instance) {
	c.add(i)
	c.forgetProbes()
	c.stage, c.reason, c.message = running, "", ""
}

// notStarted tells two cases apart, as a kubelet on containerd does. An
// instance whose program could not be executed exists and has exited: the
// restart policy and the crash-loop back-off apply to it, and Never means
// never. One that could not even be made leaves nothing to restart: it is made
// anew at every sync, whatever the policy (container/helpers.go
// ShouldContainerBeRestarted).
func (n *stepper) notStarted(c *container, e StartFailed) {
	if e.Reason == ReasonRunContainer {
		n.normal(c, ReasonCreated, "Container created")
	}
	n.warning(c, ReasonFailed, "Error: "+e.Message)
	c.reason, c.message = e.Reason, e.Message
	switch {
	case e.Reason == ReasonRunContainer:
		c.add(instance{
			image: c.image, imageID: c.imageID,
			// containerd leaves the start of such an instance at the epoch
			id: e.ID, started: time.Unix(0, 0), ended: n.now,
			code: startErrorCode, reason: ReasonStartError, message: e.Message,
		})
		n.afterEnd(c)
	case n.stage >= ending:
		n.halt(c)
	case n.isReset(c):
		n.remove(c)
	default:
		c.stage = createWait
		n.arm(c, TimerCreate, n.now.Add(n.scaled(syncPeriod)))
	}
}

func (n *stepper) createAgain(c *container, _ TimerFired) {
	c.fired()
	n.ensure(c)
}
