package lifecycle

import (
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Status renders a State as the kubelet would publish it (kubelet_pods.go
// generateAPIPodStatus). Container IDs are given the prefix "minipod://". The
// result is the caller's. What only the rooms below know (resources as set,
// the user of a container) is not in it.
func Status(s State) v1.PodStatus {
	phase := s.phase()
	st := v1.PodStatus{
		ObservedGeneration: s.pod.Generation,
		Phase:              phase,
		Conditions:         s.listConditions(phase),
		Reason:             s.failure.reason,
		Message:            s.failure.message,
		QOSClass:           s.qos,
	}
	if !s.began.IsZero() {
		st.StartTime = ptr(metav1.NewTime(s.began))
	}
	s.fillIPs(&st)
	for i, c := range s.containers {
		switch c.role {
		case initRole, sidecar:
			st.InitContainerStatuses = append(st.InitContainerStatuses, s.initStatus(i))
		case mainRole:
			st.ContainerStatuses = append(st.ContainerStatuses, s.startedStatus(c, s.conditions[initialized].holds || s.inits == 0))
		case ephemeral:
			st.EphemeralContainerStatuses = append(st.EphemeralContainerStatuses, s.containerStatus(c, false))
		}
	}
	byName := func(a, b v1.ContainerStatus) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(st.ContainerStatuses, byName)
	slices.SortFunc(st.EphemeralContainerStatuses, byName)
	return st
}

// initStatus is the status of an init container. When the pod is gone, those up
// to the last that has run must have ended somehow, and at least the first
// (status/status_manager.go initializedContainers).
func (s *State) initStatus(i int) v1.ContainerStatus {
	mustHaveEnded := i == 0
	for _, c := range s.containers[i:s.inits] {
		mustHaveEnded = mustHaveEnded || c.instances > 0
	}
	return s.startedStatus(s.containers[i], mustHaveEnded)
}

// startedStatus is the status of a container that a kubelet may probe
// (prober_manager.go UpdatePodStatus).
func (s *State) startedStatus(c *container, mustHaveEnded bool) v1.ContainerStatus {
	st := s.containerStatus(c, mustHaveEnded)
	st.Started, st.Ready = ptr(c.isStarted()), c.isReady()
	return st
}

func (s *State) fillIPs(st *v1.PodStatus) {
	for _, ip := range s.hostIPs {
		st.HostIPs = append(st.HostIPs, v1.HostIP{IP: ip})
	}
	ips := s.podIPs
	if len(ips) == 0 && s.pod.Spec.HostNetwork {
		ips = s.hostIPs
	}
	for _, ip := range ips {
		st.PodIPs = append(st.PodIPs, v1.PodIP{IP: ip})
	}
	if len(s.hostIPs) > 0 {
		st.HostIP = s.hostIPs[0]
	}
	if len(ips) > 0 {
		st.PodIP = ips[0]
	}
}

func (s *State) containerStatus(c *container, mustHaveEnded bool) v1.ContainerStatus {
	st := v1.ContainerStatus{
		Name:         c.spec.Name,
		Image:        c.spec.Image,
		RestartCount: c.restarts(),
		VolumeMounts: mountStatuses(c.spec.VolumeMounts),
	}
	if c.instances > 0 && !c.removed {
		st.Image, st.ImageID, st.ContainerID = c.now.image, c.now.imageID, containerID(c.now.id)
	}
	if c.last != nil {
		st.LastTerminationState.Terminated = c.last.terminated()
	}
	switch c.view() {
	case seenRunning:
		st.State.Running = &v1.ContainerStateRunning{StartedAt: metav1.NewTime(c.now.started)}
	case seenEnded:
		st.State.Terminated = c.now.terminated()
	case seenWaiting:
		st.State.Waiting = &v1.ContainerStateWaiting{Reason: c.reason, Message: c.message}
		st.LastTerminationState.Terminated = c.now.terminated()
	case seenNew:
		if s.stage == gone && mustHaveEnded {
			st.State.Terminated = &v1.ContainerStateTerminated{
				ExitCode: unknownExitCode, Reason: ReasonStatusUnknown, Message: unknownMessage,
			}
			break
		}
		st.State.Waiting = s.waiting(c)
	}
	return st
}

// restarts counts an instance that was removed as the restart that is to follow.
func (c *container) restarts() int32 {
	if c.removed {
		return c.instances
	}
	return max(c.instances-1, 0)
}

// waiting is the state of a container that has never run.
func (s *State) waiting(c *container) *v1.ContainerStateWaiting {
	switch {
	case c.reason != "":
		return &v1.ContainerStateWaiting{Reason: c.reason, Message: c.message}
	case s.inits > 0:
		return &v1.ContainerStateWaiting{Reason: ReasonPodInitializing}
	default:
		return &v1.ContainerStateWaiting{Reason: ReasonContainerCreating}
	}
}

func (i *instance) terminated() *v1.ContainerStateTerminated {
	return &v1.ContainerStateTerminated{
		ExitCode: i.code, Reason: i.reason, Message: i.message, ContainerID: containerID(i.id),
		StartedAt: metav1.NewTime(i.started), FinishedAt: metav1.NewTime(i.ended),
	}
}

// mountStatuses says of read-only mounts what a runtime without recursive
// read-only mounts says.
func mountStatuses(mounts []v1.VolumeMount) []v1.VolumeMountStatus {
	var sts []v1.VolumeMountStatus
	for _, m := range mounts {
		st := v1.VolumeMountStatus{Name: m.Name, MountPath: m.MountPath, ReadOnly: m.ReadOnly}
		if m.ReadOnly {
			st.RecursiveReadOnly = ptr(v1.RecursiveReadOnlyDisabled)
		}
		sts = append(sts, st)
	}
	return sts
}

func containerID(id string) string {
	if id == "" {
		return ""
	}
	return "minipod://" + id
}

func ptr[T bool | metav1.Time | v1.RecursiveReadOnlyMode](v T) *T { return &v }
