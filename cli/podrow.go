package cli

import (
	"fmt"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/state"
)

// podRows are the rows of the pods, with headings unless they are unwanted.
func podRows(pods []state.Seen, o getOptions, now time.Time) [][]string {
	headings := []string{"NAME", "READY", "STATUS", "RESTARTS", "AGE"}
	if o.output == "wide" {
		headings = append(headings, "IP", "NODE", "NOMINATED NODE", "READINESS GATES")
	}
	rows := [][]string{headings}
	if o.noHeaders {
		rows = nil
	}
	for _, seen := range pods {
		rows = append(rows, podRow(seen, o.output == "wide", now))
	}
	if o.namespace == "" {
		for i := range rows {
			label := "NAMESPACE"
			if n := i - (len(rows) - len(pods)); n >= 0 {
				label = pods[n].Pod.Namespace
			}
			rows[i] = slices.Insert(rows[i], 0, label)
		}
	}
	return rows
}

func podRow(seen state.Seen, wide bool, now time.Time) []string {
	p := seen.Pod
	s := summarize(p)
	if seen.Orphan() {
		s.status = string(v1.PodUnknown)
	}
	row := []string{p.Name, s.readyCell(), s.status, s.restartCell(now), age(p.CreationTimestamp, now)}
	if wide {
		ip := ""
		if len(p.Status.PodIPs) > 0 {
			ip = p.Status.PodIPs[0].IP
		}
		row = append(row, orNone(ip), orNone(p.Spec.NodeName), orNone(p.Status.NominatedNodeName), gatesCell(p))
	}
	return row
}

func orNone(s string) string {
	if s == "" {
		return "<none>"
	}
	return s
}

func gatesCell(p *v1.Pod) string {
	if len(p.Spec.ReadinessGates) == 0 {
		return "<none>"
	}
	open := 0
	for _, g := range p.Spec.ReadinessGates {
		if conditionHolds(p, g.ConditionType) {
			open++
		}
	}
	return fmt.Sprintf("%d/%d", open, len(p.Spec.ReadinessGates))
}
