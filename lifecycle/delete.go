package lifecycle

// delete ends the pod because somebody asks for it.
func (n *stepper) delete(e DeleteRequested) {
	n.noteDeletion(e)
	n.close()
}

// shorten lets a later request end the pod sooner, never later.
func (n *stepper) shorten(e DeleteRequested) {
	n.noteDeletion(e)
	for i := range n.containers {
		n.hasten(n.own(i))
	}
}

// noteDeletion keeps the shortest grace that was asked for
// (pkg/kubelet/pod_workers.go calculateEffectiveGracePeriod).
func (n *stepper) noteDeletion(e DeleteRequested) {
	grace := n.grace
	if e.GraceSeconds != nil {
		grace = *e.GraceSeconds
	}
	if grace < 0 {
		grace = 1 // as the API server reads a negative one
	}
	n.setLimit(grace)
	d := &n.deletion
	if !d.asked {
		*d = deletion{true, n.now, grace}
		return
	}
	d.grace = min(d.grace, grace)
}

// setLimit lets all containers end within grace, or sooner if that was said
// before.
func (n *stepper) setLimit(grace int64) {
	l := limit{true, grace, n.now.Add(n.graceTime(grace))}
	if n.limit.on {
		l.grace = min(l.grace, n.limit.grace)
		if n.limit.killAt.Before(l.killAt) {
			l.killAt = n.limit.killAt
		}
	}
	n.limit = l
}

// close begins the end of the pod: nothing starts any more, what runs is
// stopped, and what is on its way is waited for and stopped when it is there.
func (n *stepper) close() {
	n.disarmPod(TimerSandbox, &n.due.sandbox)
	n.disarmPod(TimerGap, &n.due.gap)
	n.disarmPod(TimerRestart, &n.due.reset)
	n.disarmPod(TimerDeadline, &n.due.deadline)
	if n.stage == creating {
		n.stage = cancelling
	} else {
		n.stage = ending
	}
	for i := range n.containers {
		if c := n.own(i); !c.live() {
			n.halt(c)
		}
	}
	for i := range n.containers {
		n.closeContainer(n.own(i))
	}
}

func (n *stepper) closeContainer(c *container) {
	// Readiness is looked at to the end (prober_manager.go
	// StopLivenessAndStartup).
	n.closeProbe(c, Startup)
	n.closeProbe(c, Liveness)
	switch c.stage {
	case hooking, running:
		n.stopInPod(c)
	default:
		n.hasten(c)
	}
}

// finish ends the pod when its main containers have ended, or one that should
// have prepared for them has failed; and tears it down as soon as nothing of it
// lives.
func (n *stepper) finish() {
	if n.stage == up && (n.all((*container).mainEnded) || n.initFailed()) {
		n.setLimit(n.grace)
		n.close()
	}
	if n.stage == ending && n.all((*container).isIdle) {
		n.stage = tearing
		n.do(TearDown{})
	}
}

func (n *stepper) end(TornDown) { n.stage = gone }
