package cli

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
)

func (d *description) containers(title string, containers []v1.Container, statuses []v1.ContainerStatus) {
	d.line(0, "%s:", title)
	for _, c := range containers {
		d.line(1, "%s:", c.Name)
		i := slices.IndexFunc(statuses, func(s v1.ContainerStatus) bool { return s.Name == c.Name })
		var s *v1.ContainerStatus
		if i >= 0 {
			s = &statuses[i]
		}
		d.image(c, s)
		d.ports(c.Ports)
		d.words("Command", c.Command)
		d.words("Args", c.Args)
		if s != nil {
			d.containerStatus(s)
		}
		d.resources("Limits", c.Resources.Limits)
		d.resources("Requests", c.Resources.Requests)
		d.probe("Liveness", c.LivenessProbe)
		d.probe("Readiness", c.ReadinessProbe)
		d.probe("Startup", c.StartupProbe)
		d.environment(c)
		d.mounts(c.VolumeMounts)
	}
}

func (d *description) image(c v1.Container, s *v1.ContainerStatus) {
	if s != nil {
		d.line(2, "Container ID:\t%s", s.ContainerID)
	}
	d.line(2, "Image:\t%s", c.Image)
	if s != nil {
		d.line(2, "Image ID:\t%s", s.ImageID)
	}
}

func (d *description) ports(ports []v1.ContainerPort) {
	var inside, outside []string
	for _, p := range ports {
		inside = append(inside, fmt.Sprintf("%d/%s", p.ContainerPort, p.Protocol))
		outside = append(outside, fmt.Sprintf("%d/%s", p.HostPort, p.Protocol))
	}
	s := ""
	if len(ports) > 1 {
		s = "s"
	}
	d.line(2, "Port%s:\t%s", s, orNone(strings.Join(inside, ", ")))
	d.line(2, "Host Port%s:\t%s", s, orNone(strings.Join(outside, ", ")))
}

func (d *description) words(title string, words []string) {
	if len(words) == 0 {
		return
	}
	d.line(2, "%s:", title)
	for _, w := range words {
		for l := range strings.SplitSeq(w, "\n") {
			d.line(3, "%s", l)
		}
	}
}

func (d *description) containerStatus(s *v1.ContainerStatus) {
	d.containerState("State", s.State)
	if s.LastTerminationState.Terminated != nil {
		d.containerState("Last State", s.LastTerminationState)
	}
	ready := "False"
	if s.Ready {
		ready = "True"
	}
	d.line(2, "Ready:\t%s", ready)
	d.line(2, "Restart Count:\t%d", s.RestartCount)
}

func (d *description) containerState(title string, s v1.ContainerState) {
	switch {
	case s.Running != nil:
		d.line(2, "%s:\tRunning", title)
		d.line(3, "Started:\t%s", dated(s.Running.StartedAt))
	case s.Terminated != nil:
		t := s.Terminated
		d.line(2, "%s:\tTerminated", title)
		d.unlessEmpty("Reason", t.Reason)
		d.unlessEmpty("Message", t.Message)
		d.line(3, "Exit Code:\t%d", t.ExitCode)
		if t.Signal > 0 {
			d.line(3, "Signal:\t%d", t.Signal)
		}
		d.line(3, "Started:\t%s", dated(t.StartedAt))
		d.line(3, "Finished:\t%s", dated(t.FinishedAt))
	default:
		d.line(2, "%s:\tWaiting", title)
		if s.Waiting != nil {
			d.unlessEmpty("Reason", s.Waiting.Reason)
		}
	}
}

func (d *description) unlessEmpty(title, value string) {
	if value != "" {
		d.line(3, "%s:\t%s", title, value)
	}
}

func (d *description) resources(title string, list v1.ResourceList) {
	if len(list) == 0 {
		return
	}
	d.line(2, "%s:", title)
	for _, name := range slices.Sorted(maps.Keys(list)) {
		q := list[name]
		d.line(3, "%s:\t%s", name, q.String())
	}
}

func (d *description) probe(title string, p *v1.Probe) {
	if p == nil {
		return
	}
	d.line(2, "%s:\t%s delay=%ds timeout=%ds period=%ds #success=%d #failure=%d", title, probeAction(p),
		p.InitialDelaySeconds, p.TimeoutSeconds, p.PeriodSeconds, p.SuccessThreshold, p.FailureThreshold)
}

func probeAction(p *v1.Probe) string {
	switch {
	case p.Exec != nil:
		return fmt.Sprintf("exec %v", p.Exec.Command)
	case p.HTTPGet != nil:
		h := p.HTTPGet
		return fmt.Sprintf("http-get %s://%s%s", strings.ToLower(string(h.Scheme)), net.JoinHostPort(h.Host, h.Port.String()), h.Path)
	case p.TCPSocket != nil:
		return fmt.Sprintf("tcp-socket %s:%s", p.TCPSocket.Host, p.TCPSocket.Port.String())
	case p.GRPC != nil:
		service := ""
		if p.GRPC.Service != nil {
			service = *p.GRPC.Service
		}
		return fmt.Sprintf("grpc <pod>:%d %s", p.GRPC.Port, service)
	}
	return "unknown"
}

func (d *description) environment(c v1.Container) {
	if len(c.Env) == 0 {
		d.line(2, "Environment:\t<none>")
		return
	}
	d.line(2, "Environment:")
	for _, e := range c.Env {
		name := e.Name + ":"
		for l := range strings.SplitSeq(e.Value, "\n") {
			d.line(3, "%s\t%s", name, l)
			name = ""
		}
	}
}

func (d *description) mounts(mounts []v1.VolumeMount) {
	if len(mounts) == 0 {
		d.line(2, "Mounts:\t<none>")
		return
	}
	d.line(2, "Mounts:")
	byPath := func(a, b v1.VolumeMount) int { return cmp.Compare(a.MountPath, b.MountPath) }
	for _, m := range slices.SortedFunc(slices.Values(mounts), byPath) {
		flags := "rw"
		if m.ReadOnly {
			flags = "ro"
		}
		if m.SubPath != "" {
			flags += fmt.Sprintf(",path=%q", m.SubPath)
		}
		d.line(3, "%s from %s (%s)", m.MountPath, m.Name, flags)
	}
}
