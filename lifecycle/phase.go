package lifecycle

import v1 "k8s.io/api/core/v1"

// view is what status shows of a container: the two kinds of waiting differ in
// whether an instance has ended before.
type view uint8

const (
	seenNew view = iota
	seenRunning
	seenEnded
	seenWaiting
)

func (c *container) view() view {
	switch {
	case c.isRunning():
		return seenRunning
	case c.instances == 0:
		return seenNew
	case c.reason == "":
		return seenEnded
	default:
		return seenWaiting
	}
}

// census is what getPhase counts.
type census struct {
	initPending, sidecarPending, initFailed int
	waiting, running                        int
	stopped, restartable, succeeded         int
	created                                 bool // a main container has been, since all were started last
}

// phase is the kubelet's getPhase (kubelet_pods.go), and its TerminatePod
// (status/status_manager.go) once all is over.
func (s *State) phase() v1.PodPhase {
	if s.final != "" {
		return s.final
	}
	n := s.takeCensus()
	over := s.stage >= tearing
	switch {
	case s.failure.reason != "", n.initFailed > 0:
		return v1.PodFailed
	case n.initPending > 0, n.sidecarPending > 0 && !n.created, n.waiting > 0:
		if s.stage == gone {
			return v1.PodFailed
		}
		return v1.PodPending
	case n.running > 0, n.restartable > 0 && !over:
		return v1.PodRunning
	case n.stopped > n.succeeded:
		return v1.PodFailed
	default:
		return v1.PodSucceeded
	}
}

// notePhase keeps a final phase, whatever still starts or ends
// (kubelet_pods.go generateAPIPodStatus).
func (n *stepper) notePhase() {
	if p := n.phase(); p == v1.PodSucceeded || p == v1.PodFailed {
		n.final = p
	}
}

func (s *State) takeCensus() census {
	var n census
	for _, c := range s.containers {
		switch c.role {
		case initRole:
			n.addInit(s, c)
		case sidecar:
			n.addSidecar(c)
		case mainRole:
			n.addMain(s, c)
		case ephemeral: // has no say
		}
	}
	return n
}

func (n *census) addInit(s *State, c *container) {
	switch c.view() {
	case seenNew, seenRunning:
		n.initPending++
	case seenEnded, seenWaiting:
		if c.now.code != 0 && !s.mayRestart(c) {
			n.initFailed++
		}
	}
}

// addSidecar leaves out those that have ended: they have no say.
func (n *census) addSidecar(c *container) {
	switch c.view() {
	case seenNew:
		n.sidecarPending++
		n.waiting++
	case seenRunning:
		n.running++
		if !c.isStarted() {
			n.sidecarPending++
		}
	case seenEnded, seenWaiting:
	}
}

func (n *census) addMain(s *State, c *container) {
	n.created = n.created || c.instances > 0 && !c.removed
	switch c.view() {
	case seenNew:
		n.waiting++
	case seenRunning:
		n.running++
	case seenEnded, seenWaiting:
		n.stopped++
		if s.mayRestart(c) {
			n.restartable++
		}
		if c.now.code == 0 {
			n.succeeded++
		}
	}
}

// mayRestart: the latest instance, which has ended, is followed by another, or
// would be if the pod were not to end.
func (s *State) mayRestart(c *container) bool {
	return c.stage != ended || c.now.reason == ReasonRestartingAll || s.restarts(c)
}
