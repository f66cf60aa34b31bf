package lifecycle

import (
	"time"

	v1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"
)

// drawPod is a pod of one to five containers of all kinds, with hooks, probes,
// policies and rules at random.
func drawPod(r *rapid.T) *v1.Pod {
	policies := []v1.RestartPolicy{v1.RestartPolicyAlways, v1.RestartPolicyOnFailure, v1.RestartPolicyNever}
	p := podOf(rapid.SampledFrom(policies).Draw(r, "policy"))
	mains := rapid.IntRange(1, 3).Draw(r, "mains")
	for _, name := range []string{"a", "b", "c"}[:mains] {
		p.Spec.Containers = append(p.Spec.Containers, drawContainer(r, once(name)))
	}
	inits := rapid.IntRange(0, 5-mains).Draw(r, "inits")
	for _, name := range []string{"i", "j", "k", "l"}[:inits] {
		if rapid.Bool().Draw(r, "sidecar") {
			p.Spec.InitContainers = append(p.Spec.InitContainers, drawHooksAndProbes(r, side(name)))
			continue
		}
		p.Spec.InitContainers = append(p.Spec.InitContainers, drawPolicy(r, once(name)))
	}
	if oneIn(r, 8, "deadline") {
		p.Spec.ActiveDeadlineSeconds = seconds(int64(rapid.IntRange(1, 100).Draw(r, "deadline s")))
	}
	return p
}

func drawContainer(r *rapid.T, c v1.Container) v1.Container {
	return drawHooksAndProbes(r, drawPolicy(r, c))
}

func drawPolicy(r *rapid.T, c v1.Container) v1.Container {
	if !oneIn(r, 4, "own policy") {
		return c
	}
	own := rapid.SampledFrom([]v1.ContainerRestartPolicy{
		v1.ContainerRestartPolicyNever, v1.ContainerRestartPolicyOnFailure,
	}).Draw(r, "container policy")
	c.RestartPolicy = &own
	for range rapid.IntRange(0, 2).Draw(r, "rules") {
		action := rapid.SampledFrom([]v1.ContainerRestartRuleAction{
			again, v1.ContainerRestartRuleActionRestartAllContainers,
		}).Draw(r, "action")
		op := rapid.SampledFrom([]v1.ContainerRestartRuleOnExitCodesOperator{in, notIn}).Draw(r, "operator")
		c.RestartPolicyRules = append(c.RestartPolicyRules, rule(action, op, int32(rapid.IntRange(0, 2).Draw(r, "code"))))
	}
	return c
}

func drawHooksAndProbes(r *rapid.T, c v1.Container) v1.Container {
	if oneIn(r, 3, "hooks") {
		hooks(drawHook(r), drawHook(r))(&c)
	}
	for _, p := range []**v1.Probe{&c.StartupProbe, &c.LivenessProbe, &c.ReadinessProbe} {
		if oneIn(r, 4, "probe") {
			*p = drawProbe(r)
		}
	}
	return c
}

func drawHook(r *rapid.T) *v1.LifecycleHandler {
	switch rapid.IntRange(0, 2).Draw(r, "hook") {
	case 0:
		return execHook
	case 1:
		return sleepHook(int64(rapid.IntRange(0, 50).Draw(r, "sleep")))
	default:
		return nil
	}
}

func drawProbe(r *rapid.T) *v1.Probe {
	p := &v1.Probe{
		InitialDelaySeconds: int32(rapid.IntRange(0, 5).Draw(r, "delay")),
		PeriodSeconds:       int32(rapid.IntRange(1, 10).Draw(r, "period")),
		SuccessThreshold:    1,
		FailureThreshold:    int32(rapid.IntRange(1, 3).Draw(r, "failures")),
	}
	if oneIn(r, 2, "probe grace") {
		p.TerminationGracePeriodSeconds = seconds(int64(rapid.IntRange(1, 40).Draw(r, "grace")))
	}
	return p
}

// oneIn is true once in n times. rapid likes the ends of a range.
func oneIn(r *rapid.T, n int, what string) bool {
	return rapid.IntRange(0, n-1).Draw(r, what) == n/2
}

func drawConfig(r *rapid.T, p *v1.Pod) Config {
	names := make([]string, 0, len(p.Spec.Containers))
	for _, c := range p.Spec.Containers {
		names = append(names, c.Name)
	}
	cfg := Config{Order: rapid.Permutation(names).Draw(r, "order")}
	if rapid.Bool().Draw(r, "gap") {
		cfg.StartGap = 700 * time.Millisecond
	}
	return cfg
}
