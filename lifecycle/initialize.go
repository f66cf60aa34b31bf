package lifecycle

// initialize lets the init containers start one after another and then the main
// ones (kuberuntime_container.go computeInitContainerActions). A sidecar lets
// the next one start when it is started, and is not waited for again.
func (n *stepper) initialize() {
	if n.stage != up || n.mainsBegun {
		return
	}
	for ; n.initDone < n.inits; n.initDone++ {
		if n.containers[n.initDone].stage == unborn {
			n.ensure(n.own(n.initDone))
		}
		if !n.containers[n.initDone].initialized() {
			return
		}
	}
	n.mainsBegun = true
	// All images at once: pulls may overlap, starts follow their order.
	for _, i := range n.order {
		n.ensure(n.own(i))
	}
}

// initialized: the next init container may start (status/generate.go
// isInitContainerInitialized).
func (c *container) initialized() bool {
	if c.role == sidecar {
		return c.isStarted()
	}
	return c.completed()
}

// initFailed: an init container has failed and is not to be run again.
func (s *State) initFailed() bool {
	for _, c := range s.containers[:s.inits] {
		if c.role == initRole && c.stage == ended && c.instances > 0 && !c.removed && !c.succeeded() {
			return true
		}
	}
	return false
}
