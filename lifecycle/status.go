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
		QOSClass:           s.qos,
		ContainerStatuses:  make([]v1.ContainerStatus, len(s.containers)),
	}
	if !s.began.IsZero() {
		st.StartTime = ptr(metav1.NewTime(s.began))
	}
	s.fillIPs(&st)
	for i := range s.containers {
		st.ContainerStatuses[i] = s.containerStatus(&s.containers[i])
	}
	slices.SortFunc(st.ContainerStatuses, func(a, b v1.ContainerStatus) int { return strings.Compare(a.Name, b.Name) })
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

func (s *State) containerStatus(c *container) v1.ContainerStatus {
	st := v1.ContainerStatus{
		Name:         c.spec.Name,
		Image:        c.spec.Image,
		Ready:        c.isRunning(),
		Started:      ptr(c.isRunning()),
		VolumeMounts: mountStatuses(c.spec.VolumeMounts),
	}
	if c.instances > 0 {
		st.RestartCount = c.instances - 1
		st.Image, st.ImageID, st.ContainerID = c.now.image, c.now.imageID, containerID(c.now.id)
	}
	if c.instances > 1 {
		st.LastTerminationState.Terminated = c.last.terminated()
	}
	switch {
	case c.isRunning():
		st.State.Running = &v1.ContainerStateRunning{StartedAt: metav1.NewTime(c.now.started)}
	case c.instances > 0 && c.reason == "":
		st.State.Terminated = c.now.terminated()
	case c.instances > 0:
		st.State.Waiting = &v1.ContainerStateWaiting{Reason: c.reason, Message: c.message}
		st.LastTerminationState.Terminated = c.now.terminated()
	case s.stage == gone:
		st.State.Terminated = &v1.ContainerStateTerminated{
			ExitCode: unknownExitCode, Reason: ReasonStatusUnknown, Message: unknownMessage,
		}
	default:
		st.State.Waiting = c.waiting()
	}
	return st
}

func (c *container) waiting() *v1.ContainerStateWaiting {
	if c.reason == "" {
		return &v1.ContainerStateWaiting{Reason: ReasonContainerCreating}
	}
	return &v1.ContainerStateWaiting{Reason: c.reason, Message: c.message}
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
