package lifecycle

import (
	"fmt"
	"time"
)

func (n *stepper) exitedNow(c *container, e Exited) {
	n.disarm(c)
	n.closeProbes(c)
	if c.behind != nil { // its end is for all to see
		if c.reason != ReasonPostStartHook {
			c.reason, c.message = "", ""
		}
		c.add(*c.behind)
		c.behind = nil
	}
	i := &c.now
	i.ended, i.code, i.reason, i.message = n.now, e.Code, e.Reason, e.Message
	if e.Signal != 0 {
		i.code = 128 + e.Signal
	}
	if i.reason == "" {
		i.reason = endReason(i.code, e.OOM)
	}
	n.afterEnd(c)
}

func endReason(code int32, oom bool) string {
	switch {
	case oom:
		return ReasonOOMKilled
	case code == 0:
		return ReasonCompleted
	default:
		return ReasonError
	}
}

// afterEnd decides what follows the end of the latest instance
// (kuberuntime_manager.go computePodActions).
func (n *stepper) afterEnd(c *container) {
	c.stage = ended
	switch {
	case n.isReset(c):
		n.remove(c)
	case n.stage >= cancelling, c.role == ephemeral:
		n.halt(c)
	case c.failedProbe && n.restartAfterProbe(c):
	case resetsAll(c):
		n.reset(c)
	case c.role == initRole && c.succeeded(), !n.restarts(c):
		n.halt(c)
	default:
		n.restart(c)
	}
}

// restart is the kubelet's doBackOff (kuberuntime_manager.go). The wait counts
// from the end of the instance.
func (n *stepper) restart(c *container) {
	wait := n.crash.wait(c.crash, c.now.ended)
	if wait == 0 {
		n.tryAgain(c)
		return
	}
	p := n.pod
	who := fmt.Sprintf("%s_%s(%s)", p.Name, p.Namespace, p.UID)
	n.warning(c, ReasonBackOff, fmt.Sprintf("Back-off restarting failed container %s in pod %s", c.spec.Name, who))
	c.reason = ReasonCrashLoopBackOff
	c.message = fmt.Sprintf("back-off %s restarting failed container=%s pod=%s", n.unscaled(wait), c.spec.Name, who)
	c.stage = backingOff
	n.arm(c, TimerRestart, c.now.ended.Add(wait))
}

// restartAfterProbe: who kills a container because of a probe starts it again
// in the same sync, in which the instance before it is the last known to have
// ended. The back-off therefore counts from that one's end, and most often is
// over; the exit code has no say. Otherwise all goes on as after any end.
func (n *stepper) restartAfterProbe(c *container) bool {
	if c.known < 2 {
		n.ensure(c)
		return true
	}
	before := c.last.ended
	if n.now.Sub(before) < n.crash.wait(c.crash, before) {
		c.failedProbe = false
		return false
	}
	c.crash = n.crash.next(c.crash, before, n.now)
	n.ensure(c)
	return true
}

func (n *stepper) backoffOver(c *container, _ TimerFired) {
	c.fired()
	n.tryAgain(c)
}

func (n *stepper) tryAgain(c *container) {
	c.crash = n.crash.next(c.crash, c.now.ended, n.now)
	n.ensure(c)
}

func (t *terms) unscaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) * t.scale).Round(time.Millisecond)
}

// halt ends a container for good. What shows from now on is how its latest
// instance ended.
func (n *stepper) halt(c *container) {
	n.disarm(c)
	c.stage, c.reason, c.message = ended, "", ""
}
