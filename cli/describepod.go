package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// describePod writes what kubectl describe pod writes, line for line, and
// besides the sizes of the volumes that have one, by name.
func describePod(out io.Writer, p *v1.Pod, sizes map[string]string, events []v1.Event, now time.Time) error {
	d := newDescription(out, now)
	d.identity(p)
	d.status(p)
	if len(p.Spec.InitContainers) > 0 {
		d.containers("Init Containers", p.Spec.InitContainers, p.Status.InitContainerStatuses)
	}
	d.containers("Containers", p.Spec.Containers, p.Status.ContainerStatuses)
	d.conditions(p)
	d.volumes(p, sizes)
	d.line(0, "QoS Class:\t%s", p.Status.QOSClass)
	d.labels("Node-Selectors", p.Spec.NodeSelector)
	d.tolerations(p.Spec.Tolerations)
	d.events(events)
	return d.flush()
}

func (d *description) identity(p *v1.Pod) {
	d.line(0, "Name:\t%s", p.Name)
	d.line(0, "Namespace:\t%s", p.Namespace)
	if p.Spec.Priority != nil {
		d.line(0, "Priority:\t%d", *p.Spec.Priority)
	}
	if p.Spec.PriorityClassName != "" {
		d.line(0, "Priority Class Name:\t%s", p.Spec.PriorityClassName)
	}
	if p.Spec.RuntimeClassName != nil && *p.Spec.RuntimeClassName != "" {
		d.line(0, "Runtime Class Name:\t%s", *p.Spec.RuntimeClassName)
	}
	if p.Spec.ServiceAccountName != "" {
		d.line(0, "Service Account:\t%s", p.Spec.ServiceAccountName)
	}
	if p.Spec.NodeName == "" {
		d.line(0, "Node:\t<none>")
	} else {
		d.line(0, "Node:\t%s/%s", p.Spec.NodeName, p.Status.HostIP)
	}
	if p.Status.StartTime != nil {
		d.line(0, "Start Time:\t%s", dated(*p.Status.StartTime))
	}
	d.labels("Labels", p.Labels)
	d.annotations(p.Annotations)
}

// dated writes a time as kubectl describe does.
func dated(t metav1.Time) string { return t.Format(time.RFC1123Z) }

func (d *description) status(p *v1.Pod) {
	if p.DeletionTimestamp != nil && p.Status.Phase != v1.PodFailed && p.Status.Phase != v1.PodSucceeded {
		d.line(0, "Status:\tTerminating (lasts %s)", age(*p.DeletionTimestamp, d.now))
		if p.DeletionGracePeriodSeconds != nil {
			d.line(0, "Termination Grace Period:\t%ds", *p.DeletionGracePeriodSeconds)
		}
	} else {
		d.line(0, "Status:\t%s", p.Status.Phase)
	}
	if p.Status.Reason != "" {
		d.line(0, "Reason:\t%s", p.Status.Reason)
	}
	if p.Status.Message != "" {
		d.line(0, "Message:\t%s", p.Status.Message)
	}
	d.line(0, "IP:\t%s", p.Status.PodIP)
	if len(p.Status.PodIPs) == 0 {
		d.line(0, "IPs:\t<none>")
	} else {
		d.line(0, "IPs:")
		for _, ip := range p.Status.PodIPs {
			d.line(1, "IP:\t%s", ip.IP)
		}
	}
	for _, owner := range p.OwnerReferences {
		if owner.Controller != nil && *owner.Controller {
			d.line(0, "Controlled By:\t%s/%s", owner.Kind, owner.Name)
		}
	}
}

func (d *description) conditions(p *v1.Pod) {
	if len(p.Spec.ReadinessGates) > 0 {
		d.line(0, "Readiness Gates:\n  Type\tStatus")
		for _, g := range p.Spec.ReadinessGates {
			status := "<none>"
			for _, c := range p.Status.Conditions {
				if c.Type == g.ConditionType {
					status = string(c.Status)
				}
			}
			d.line(1, "%s \t%s ", g.ConditionType, status)
		}
	}
	if len(p.Status.Conditions) > 0 {
		d.line(0, "Conditions:\n  Type\tStatus")
		for _, c := range p.Status.Conditions {
			d.line(1, "%s \t%s ", c.Type, c.Status)
		}
	}
}

// events writes a table, the oldest last occurrence first. Its columns stand
// for themselves.
func (d *description) events(events []v1.Event) {
	if len(events) == 0 {
		d.line(0, "Events:\t<none>")
		return
	}
	if err := d.tabs.Flush(); err != nil && d.err == nil {
		d.err = err
	}
	d.line(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage")
	d.line(1, "----\t------\t----\t----\t-------")
	for _, e := range events {
		source := e.Source.Component
		if source == "" {
			source = e.ReportingController
		}
		d.line(1, "%s\t%s\t%s\t%s\t%s", e.Type, e.Reason, d.eventAge(e), source, strings.TrimSpace(e.Message))
	}
}

// eventAge is "5s", or "5s (x3 over 2m)" for what happened several times.
func (d *description) eventAge(e v1.Event) string {
	first := age(e.FirstTimestamp, d.now)
	if e.Count > 1 {
		return fmt.Sprintf("%s (x%d over %s)", age(e.LastTimestamp, d.now), e.Count, first)
	}
	return first
}
