package lifecycle

import (
	"fmt"
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
	allRestarting // of a pod that has a rule for it
	conditionCount
)

// transition is the part of a condition that has a history: whether it holds,
// and since when.
type transition struct {
	holds bool
	since time.Time
}

// holding says which conditions hold. Who was initialized stays so, also when
// all containers start again.
func (s *State) holding() [conditionCount]bool {
	allReady := s.failure.reason == "" && !s.initFailed() && !s.any((*container).unready)
	return [conditionCount]bool{
		readyToStart:    s.hadSandbox && s.stage < tearing,
		initialized:     s.conditions[initialized].holds || s.mainsBegun || s.inits == 0,
		ready:           allReady && len(s.pod.Spec.ReadinessGates) == 0, // nobody can open a gate yet
		containersReady: allReady,
		scheduled:       true,
		allRestarting:   s.stage == resetting,
	}
}

// noteConditions dates the conditions that changed in this step.
func (n *stepper) noteConditions() {
	if n.began.IsZero() {
		return
	}
	for i, holds := range n.holding() {
		t := &n.conditions[i]
		if t.since.IsZero() || t.holds != holds {
			*t = transition{holds, n.now}
		}
	}
}

// listConditions renders the conditions (status/generate.go); there are none
// before Begin.
func (s *State) listConditions(phase v1.PodPhase) []v1.PodCondition {
	if s.began.IsZero() {
		return nil
	}
	cs := []v1.PodCondition{
		readyToStart:    {Type: v1.PodReadyToStartContainers},
		initialized:     {Type: v1.PodInitialized},
		ready:           {Type: v1.PodReady},
		containersReady: {Type: v1.ContainersReady},
		scheduled:       {Type: v1.PodScheduled},
		allRestarting:   {Type: v1.AllContainersRestarting},
	}
	if !s.resets {
		cs = cs[:allRestarting]
	}
	for i, t := range s.conditions[:len(cs)] {
		cs[i].Status = v1.ConditionFalse
		if t.holds {
			cs[i].Status = v1.ConditionTrue
		}
		cs[i].LastTransitionTime = metav1.NewTime(t.since)
		cs[i].ObservedGeneration = s.pod.Generation
	}
	s.explainSandbox(&cs[readyToStart])
	s.explainInit(&cs[initialized], phase)
	s.explainContainers(&cs[containersReady], phase)
	s.explainContainers(&cs[ready], phase)
	if s.resets {
		explainReset(&cs[allRestarting], phase)
		cs[allRestarting].ObservedGeneration = 0 // a kubelet gives it none
	}
	return cs
}

func (s *State) explainSandbox(c *v1.PodCondition) {
	if c.Status == v1.ConditionTrue {
		return
	}
	c.Reason, c.Message = ReasonSandboxNotReady, "no pod sandbox exists"
	if s.hadSandbox {
		c.Message = "pod sandbox is not ready"
	}
}

func (s *State) explainInit(c *v1.PodCondition, phase v1.PodPhase) {
	switch {
	case phase == v1.PodSucceeded:
		c.Reason = ReasonPodCompleted
	case c.Status != v1.ConditionTrue:
		c.Reason = ReasonNotInitialized
		c.Message = "containers with incomplete status: " + s.names(func(c *container) bool {
			return (c.role == initRole || c.role == sidecar) && !c.initialized()
		})
	}
}

func explainReset(c *v1.PodCondition, phase v1.PodPhase) {
	switch {
	case phase == v1.PodSucceeded:
		c.Reason = ReasonPodCompleted
	case phase == v1.PodFailed:
		c.Reason = ReasonPodFailed
	case c.Status == v1.ConditionTrue:
		c.Reason, c.Message = ReasonRestartAllStarted, "container exited with restart policy rule"
	}
}

// explainContainers says why the pod or its containers are not ready.
func (s *State) explainContainers(c *v1.PodCondition, phase v1.PodPhase) {
	switch {
	case c.Status == v1.ConditionTrue:
	case phase == v1.PodSucceeded:
		c.Reason = ReasonPodCompleted
	case phase == v1.PodFailed:
		c.Reason = ReasonPodFailed
	case s.conditions[containersReady].holds:
		c.Reason, c.Message = ReasonGatesNotReady, s.shutGates()
	default:
		c.Reason, c.Message = ReasonContainersNotReady, "containers with unready status: "+s.names((*container).unready)
	}
}

func (s *State) shutGates() string {
	var messages []string
	for _, g := range s.pod.Spec.ReadinessGates {
		messages = append(messages, fmt.Sprintf("corresponding condition of pod readiness gate %q does not exist.", g.ConditionType))
	}
	return strings.Join(messages, ", ")
}

// names lists containers, as %s prints a list.
func (s *State) names(is func(*container) bool) string {
	var b strings.Builder
	for _, c := range s.containers {
		if is(c) {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(c.spec.Name)
		}
	}
	return "[" + b.String() + "]"
}
