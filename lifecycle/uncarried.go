package lifecycle

import (
	"slices"

	v1 "k8s.io/api/core/v1"
)

// uncarried lists what the spec asks of a pod's life and this automaton does
// not do. Fields that are no matter of the life (mounts, say) are not looked at.
func uncarried(spec *v1.PodSpec, forgo bool) []string {
	var fields []string
	note := func(asked bool, field string) {
		if asked && !slices.Contains(fields, field) {
			fields = append(fields, field)
		}
	}
	note(len(spec.Containers) == 0, "spec.containers (none)")
	note(len(spec.InitContainers) > 0, "spec.initContainers")
	note(len(spec.EphemeralContainers) > 0, "spec.ephemeralContainers")
	for i := range spec.Containers {
		c := &spec.Containers[i]
		note(c.RestartPolicy != nil, "spec.containers.restartPolicy")
		note(len(c.RestartPolicyRules) > 0, "spec.containers.restartPolicyRules")
	}
	if forgo {
		return fields
	}
	note(spec.ActiveDeadlineSeconds != nil, "spec.activeDeadlineSeconds")
	for i := range spec.Containers {
		c := &spec.Containers[i]
		note(c.LivenessProbe != nil, "spec.containers.livenessProbe")
		note(c.ReadinessProbe != nil, "spec.containers.readinessProbe")
		note(c.StartupProbe != nil, "spec.containers.startupProbe")
		note(c.Lifecycle != nil && c.Lifecycle.PostStart != nil, "spec.containers.lifecycle.postStart")
		note(c.Lifecycle != nil && c.Lifecycle.PreStop != nil, "spec.containers.lifecycle.preStop")
	}
	return fields
}
