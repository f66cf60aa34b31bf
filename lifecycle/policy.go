package lifecycle

import (
	"slices"

	v1 "k8s.io/api/core/v1"
)

// restarts is the kubelet's ContainerShouldRestart (pkg/api/v1/pod/util.go) for
// the latest instance, which has ended: the container's rules, then its policy,
// then the pod's.
func (t *terms) restarts(c *container) bool {
	if action, ok := ruleFor(c.spec, c.now.code); ok {
		switch action {
		case v1.ContainerRestartRuleActionRestart, v1.ContainerRestartRuleActionRestartAllContainers:
			return true
		}
	}
	switch t.policyOf(c) {
	case v1.RestartPolicyNever:
		return false
	case v1.RestartPolicyOnFailure:
		return c.now.code != 0
	case v1.RestartPolicyAlways:
		return true
	default:
		return true
	}
}

// restartsAfterProbe: only the policy is asked, since a container that a probe
// kills has no exit code yet (kuberuntime_manager.go computePodActions).
func (t *terms) restartsAfterProbe(c *container) bool {
	return t.policyOf(c) != v1.RestartPolicyNever
}

// policyOf is the container's own policy, or the pod's.
func (t *terms) policyOf(c *container) v1.RestartPolicy {
	if p := c.spec.RestartPolicy; p != nil {
		return v1.RestartPolicy(*p) // the API gives both the same words
	}
	return t.pod.Spec.RestartPolicy
}

// ruleFor is the action of the first rule that matches an exit code.
func ruleFor(c *v1.Container, code int32) (action v1.ContainerRestartRuleAction, ok bool) {
	for i := range c.RestartPolicyRules {
		r := &c.RestartPolicyRules[i]
		if r.ExitCodes == nil {
			continue
		}
		listed := slices.Contains(r.ExitCodes.Values, code)
		switch r.ExitCodes.Operator {
		case v1.ContainerRestartRuleOnExitCodesOpIn:
			ok = listed
		case v1.ContainerRestartRuleOnExitCodesOpNotIn:
			ok = !listed
		}
		if ok {
			return r.Action, true
		}
	}
	return "", false
}

// resetsAll: the end of the latest instance starts all containers again.
func resetsAll(c *container) bool {
	action, ok := ruleFor(c.spec, c.now.code)
	return ok && action == v1.ContainerRestartRuleActionRestartAllContainers
}

// couldReset: a rule of the pod may start all containers again
// (pkg/api/v1/pod/util.go AllContainersCouldRestart).
func couldReset(spec *v1.PodSpec) bool {
	for _, list := range [][]v1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			if slices.ContainsFunc(list[i].RestartPolicyRules, func(r v1.ContainerRestartRule) bool {
				return r.Action == v1.ContainerRestartRuleActionRestartAllContainers
			}) {
				return true
			}
		}
	}
	return false
}
