package lifecycle

import (
	"fmt"
	"time"

	v1 "k8s.io/api/core/v1"
)

func (n *stepper) exitedNow(c *container, e Exited) {
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

// afterEnd decides what follows the end of the latest instance.
func (n *stepper) afterEnd(c *container) {
	if n.deletion.asked || !n.restarts(c) {
		n.halt(c)
		return
	}
	n.restart(c)
}

// restarts is the kubelet's ContainerShouldRestart (pkg/api/v1/pod/util.go) for
// the latest instance, which has ended.
func (t *terms) restarts(c *container) bool {
	switch t.pod.Spec.RestartPolicy {
	case v1.RestartPolicyNever:
		return false
	case v1.RestartPolicyOnFailure:
		return c.now.code != 0
	case v1.RestartPolicyAlways:
		return true
	default:
		return true
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
