package cli

import (
	"fmt"
	"strconv"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"
)

// podSummary is what a row of `get pods` says about a pod. It is computed as
// printPod in pkg/printers/internalversion of Kubernetes does, odd cases
// included: scripts compare these words.
type podSummary struct {
	ready, total int    // containers; sidecars count, other init containers do not
	status       string // the STATUS word
	restarts     int
	lastRestart  metav1.Time // zero if none is known
}

// summarize computes the summary of a pod that somebody owns.
func summarize(p *v1.Pod) podSummary {
	s := podSummary{total: len(p.Spec.Containers), status: string(p.Status.Phase)}
	if p.Status.Reason != "" {
		s.status = p.Status.Reason
	}
	for _, c := range p.Status.Conditions {
		if c.Type == v1.PodScheduled && c.Reason == v1.PodReasonSchedulingGated {
			s.status = c.Reason
		}
	}
	sidecars := sidecarsOf(p)
	s.total += len(sidecars)
	initializing, ofSidecars := s.addInits(p, sidecars)
	if !initializing || conditionHolds(p, v1.PodInitialized) {
		// Restarts of plain init containers are history by then.
		s.restarts, s.lastRestart = ofSidecars.restarts, ofSidecars.lastRestart
		s.addMains(p)
	}
	switch {
	case p.DeletionTimestamp == nil:
	case p.Status.Reason == nodeLost:
		s.status = string(v1.PodUnknown)
	case p.Status.Phase != v1.PodSucceeded && p.Status.Phase != v1.PodFailed:
		s.status = "Terminating"
	}
	return s
}

// nodeLost is NodeUnreachablePodReason of pkg/util/node.
const nodeLost = "NodeLost"

// restartCell is the text of the RESTARTS column: "3 (10s ago)".
func (s podSummary) restartCell(now time.Time) string {
	if s.restarts == 0 || s.lastRestart.IsZero() {
		return strconv.Itoa(s.restarts)
	}
	return fmt.Sprintf("%d (%s ago)", s.restarts, age(s.lastRestart, now))
}

func (s podSummary) readyCell() string { return fmt.Sprintf("%d/%d", s.ready, s.total) }

// age writes the time since t as kubectl does.
func age(t metav1.Time, now time.Time) string {
	if t.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(now.Sub(t.Time))
}

// countRestarts adds the restarts of one container.
func (s *podSummary) countRestarts(c v1.ContainerStatus) {
	s.restarts += int(c.RestartCount)
	if t := c.LastTerminationState.Terminated; t != nil && s.lastRestart.Before(&t.FinishedAt) {
		s.lastRestart = t.FinishedAt
	}
}

func sidecarsOf(p *v1.Pod) map[string]bool {
	sidecars := map[string]bool{}
	for _, c := range p.Spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == v1.ContainerRestartPolicyAlways {
			sidecars[c.Name] = true
		}
	}
	return sidecars
}

// addInits looks at init containers up to the first that is not done, and
// says whether there is one. The restarts of the sidecars among those looked at
// are returned apart too.
func (s *podSummary) addInits(p *v1.Pod, sidecars map[string]bool) (initializing bool, ofSidecars podSummary) {
	for i, c := range p.Status.InitContainerStatuses {
		s.countRestarts(c)
		if sidecars[c.Name] {
			ofSidecars.countRestarts(c)
		}
		t := c.State.Terminated
		if t != nil && t.ExitCode == 0 {
			continue
		}
		if sidecars[c.Name] && c.Started != nil && *c.Started {
			if c.Ready {
				s.ready++
			}
			continue
		}
		s.status = "Init:" + initProgress(c, i, len(p.Spec.InitContainers))
		return true, ofSidecars
	}
	return false, ofSidecars
}

func initProgress(c v1.ContainerStatus, i, n int) string {
	if t := c.State.Terminated; t != nil {
		return terminatedWord(t)
	}
	if w := c.State.Waiting; w != nil && w.Reason != "" && w.Reason != "PodInitializing" {
		return w.Reason
	}
	return fmt.Sprintf("%d/%d", i, n)
}

func terminatedWord(t *v1.ContainerStateTerminated) string {
	switch {
	case t.Reason != "":
		return t.Reason
	case t.Signal != 0:
		return fmt.Sprintf("Signal:%d", t.Signal)
	}
	return fmt.Sprintf("ExitCode:%d", t.ExitCode)
}

// addMains looks at the main containers, last one first, so that the first one
// with something to say has the last word.
func (s *podSummary) addMains(p *v1.Pod) {
	running, failed := false, ""
	for i := len(p.Status.ContainerStatuses) - 1; i >= 0; i-- {
		c := p.Status.ContainerStatuses[i]
		s.countRestarts(c)
		switch {
		case c.State.Waiting != nil && c.State.Waiting.Reason != "":
			s.status = c.State.Waiting.Reason
		case c.State.Terminated != nil:
			s.status = terminatedWord(c.State.Terminated)
			if c.State.Terminated.ExitCode != 0 {
				failed = s.status
			}
		case c.Ready && c.State.Running != nil:
			running = true
			s.ready++
		}
	}
	if s.status != "Completed" {
		return
	}
	switch {
	case running && conditionHolds(p, v1.PodReady):
		s.status = string(v1.PodRunning)
	case failed != "":
		s.status = failed
	case running:
		s.status = "NotReady"
	}
}

// conditionHolds reports whether the pod has the condition with status True.
func conditionHolds(p *v1.Pod, kind v1.PodConditionType) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == kind {
			return c.Status == v1.ConditionTrue
		}
	}
	return false
}
