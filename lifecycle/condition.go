package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The conditions of a pod, in the order in which a kubelet lists them.
const (
	readyToStart = iota
	initialized
	ready
	containersReady
	scheduled
	conditionCount
)

// transition is the part of a condition that has a history: whether it holds,
// and since when.
type transition struct {
	holds bool
	since time.Time
}

// noteConditions dates the conditions that changed in this step.
func (n *stepper) noteConditions() {
	if n.began.IsZero() {
		return
	}
	for i, c := range n.judge(n.phase()) {
		t := &n.conditions[i]
		if holds := c.Status == v1.ConditionTrue; t.since.IsZero() || t.holds != holds {
			*t = transition{holds, n.now}
		}
	}
}

// judge finds the conditions, undated (status/generate.go).
func (s *State) judge(phase v1.PodPhase) [conditionCount]v1.PodCondition {
	var cs [conditionCount]v1.PodCondition
	cs[readyToStart] = s.judgeSandbox()
	cs[initialized] = v1.PodCondition{Type: v1.PodInitialized, Status: v1.ConditionTrue}
	if phase == v1.PodSucceeded {
		cs[initialized].Reason = ReasonPodCompleted
	}
	cs[containersReady] = s.judgeContainers(phase)
	cs[ready] = s.judgeReady(cs[containersReady])
	cs[scheduled] = v1.PodCondition{Type: v1.PodScheduled, Status: v1.ConditionTrue}
	return cs
}

func (s *State) judgeSandbox() v1.PodCondition {
	c := v1.PodCondition{Type: v1.PodReadyToStartContainers, Status: v1.ConditionFalse, Reason: ReasonSandboxNotReady}
	switch {
	case !s.hadSandbox:
		c.Message = "no pod sandbox exists"
	case s.stage >= tearing:
		c.Message = "pod sandbox is not ready"
	default:
		c.Status, c.Reason = v1.ConditionTrue, ""
	}
	return c
}

func (s *State) judgeContainers(phase v1.PodPhase) v1.PodCondition {
	c := v1.PodCondition{Type: v1.ContainersReady, Status: v1.ConditionFalse}
	switch phase {
	case v1.PodSucceeded:
		c.Reason = ReasonPodCompleted
		return c
	case v1.PodFailed:
		c.Reason = ReasonPodFailed
		return c
	case v1.PodPending, v1.PodRunning, v1.PodUnknown:
	}
	if slices.ContainsFunc(s.containers, func(c container) bool { return !c.isRunning() }) {
		c.Reason = ReasonContainersNotReady
		c.Message = "containers with unready status: " + s.unready()
		return c
	}
	c.Status = v1.ConditionTrue
	return c
}

// unready names the containers that are not ready, as %s prints a list.
func (s *State) unready() string {
	var b strings.Builder
	for i := range s.containers {
		if c := &s.containers[i]; !c.isRunning() {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(c.spec.Name)
		}
	}
	return "[" + b.String() + "]"
}

// judgeReady adds the readiness gates, which nobody can open yet, to the
// containers' readiness.
func (s *State) judgeReady(containers v1.PodCondition) v1.PodCondition {
	c := containers
	c.Type = v1.PodReady
	gates := s.pod.Spec.ReadinessGates
	if c.Status != v1.ConditionTrue || len(gates) == 0 {
		return c
	}
	messages := make([]string, len(gates))
	for i, g := range gates {
		messages[i] = fmt.Sprintf("corresponding condition of pod readiness gate %q does not exist.", g.ConditionType)
	}
	c.Status, c.Reason, c.Message = v1.ConditionFalse, ReasonGatesNotReady, strings.Join(messages, ", ")
	return c
}

// dated are the conditions as status shows them; none before Begin.
func (s *State) dated(phase v1.PodPhase) []v1.PodCondition {
	if s.began.IsZero() {
		return nil
	}
	cs := s.judge(phase)
	for i := range cs {
		cs[i].LastTransitionTime = metav1.NewTime(s.conditions[i].since)
		cs[i].ObservedGeneration = s.pod.Generation
	}
	return cs[:]
}
