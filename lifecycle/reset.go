package lifecycle

// relistPeriod is how often a kubelet looks for ended containers. Between two
// restarts of all containers, for which there is no back-off, it keeps a
// container that always asks for another from taking the machine.
const relistPeriod = syncPeriod / 10

// reset begins the restart of all containers (KEP-5532; kuberuntime_manager.go
// getContainersToReset), because c ended as its rules say. Those that run are
// killed one after another, the main ones first; then the pod is initialized
// once more.
func (n *stepper) reset(*container) {
	n.stage = resetting
	n.disarmPod(TimerGap, &n.due.gap)
	n.resetFrom = later(n.now, n.resetFrom.Add(n.scaled(relistPeriod)))
	for i := range n.containers {
		if c := n.own(i); n.isReset(c) && !c.live() && c.stage != ensuring {
			n.remove(c)
		}
	}
}

// isReset: c is to be removed, so that all containers can start again.
func (n *stepper) isReset(c *container) bool { return n.stage == resetting && c.role != ephemeral }

// remove takes away what there was of a container's instances. A container that
// waited already goes on showing why (kubelet_pods.go
// convertToAPIContainerStatuses).
func (n *stepper) remove(c *container) {
	n.disarm(c)
	c.stage, c.turned, c.failedProbe, c.known = unborn, false, false, 0
	if c.view() != seenEnded {
		return
	}
	c.now = instance{code: unknownExitCode, reason: ReasonRestartingAll, message: removedMessage}
	c.reason, c.message, c.removed = ReasonRestartingAll, removedMessage, true
}

// goOnWithReset kills the next container that is to be removed, or begins anew
// when there is none. One that is on its way is waited for.
func (n *stepper) goOnWithReset() {
	if n.stage != resetting {
		return
	}
	for _, c := range n.resetOrder() {
		switch c.stage {
		case unborn:
			continue
		case running, hooking, preStopping:
			n.normal(c, ReasonKilling, "killing")
			c.killAt = n.now
			n.signal(c)
		default: // it comes, or goes already
		}
		return
	}
	if n.now.Before(n.resetFrom) {
		if n.due.reset.IsZero() {
			n.armPod(TimerRestart, &n.due.reset, n.resetFrom)
		}
		return
	}
	n.disarmPod(TimerRestart, &n.due.reset)
	n.stage, n.initDone, n.mainsBegun, n.turn = up, 0, false, 0
}

// resetOrder: the main containers, then the init containers.
func (n *stepper) resetOrder() []*container {
	var cs []*container
	for _, r := range []bool{false, true} {
		for i := range n.containers {
			if c := n.own(i); n.isReset(c) && (i < n.inits) == r {
				cs = append(cs, c)
			}
		}
	}
	return cs
}
