package lifecycle

import v1 "k8s.io/api/core/v1"

// phase is the kubelet's getPhase (kubelet_pods.go) for a pod without init
// containers, and its TerminatePod (status/status_manager.go) once all is over.
func (s *State) phase() v1.PodPhase {
	waiting, running, restartable, failed := 0, 0, 0, 0
	for i := range s.containers {
		c := &s.containers[i]
		switch {
		case c.instances == 0:
			waiting++
		case c.isRunning():
			running++
		default:
			if s.restarts(c) {
				restartable++
			}
			if c.now.code != 0 {
				failed++
			}
		}
	}
	switch {
	case waiting > 0 && s.stage == gone:
		return v1.PodFailed
	case waiting > 0:
		return v1.PodPending
	case running > 0, restartable > 0 && s.stage < tearing:
		return v1.PodRunning
	case failed > 0:
		return v1.PodFailed
	default:
		return v1.PodSucceeded
	}
}
