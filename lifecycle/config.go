package lifecycle

import (
	"errors"
	"fmt"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"
)

// Config is what the user of a pod may choose about its life and the manifest
// cannot say. The zero value is the kubelet's behaviour.
type Config struct {
	// Order names all main containers in the order of their first starts; empty
	// means the order of the spec. Init containers have an order of their own.
	Order []string
	// StartGap is the least time between the first starts of two main containers.
	// TimeScale does not apply to it.
	StartGap time.Duration
	// MaxBackoff caps the crash-loop back-off as the kubelet's
	// crashLoopBackOff.maxContainerRestartPeriod does: 1 s to 300 s; 0 means
	// 300 s. Below 10 s the first back-off shrinks to it.
	MaxBackoff time.Duration
	// TimeScale makes all that the manifest and the kubelet give in seconds run
	// that many times as fast: back-offs, retries, grace periods, periods of
	// probes, sleeping hooks, activeDeadlineSeconds; but not the time-out of a
	// check. 0.01 to a million; 0 means 1. Messages keep the unscaled times.
	TimeScale float64
	// Forgo leaves out hooks and probes, as if the manifest had none. It is for
	// a caller that cannot carry them out and has warned of each.
	Forgo bool
}

// New is the State of a pod to which nothing has happened yet. The pod is
// defaulted and valid, and is not changed by its owner afterwards. The error
// says what is wrong with the Config.
func New(pod *v1.Pod, cfg Config) (State, error) {
	spec := &pod.Spec
	if len(spec.Containers) == 0 {
		return State{}, errors.New("pod without containers")
	}
	order, err := placesOf(spec.Containers, cfg.Order)
	if err != nil {
		return State{}, err
	}
	t := &terms{
		pod: pod, inits: len(spec.InitContainers), order: order, gap: cfg.StartGap,
		grace: v1.DefaultTerminationGracePeriodSeconds, qos: qosOf(spec), resets: couldReset(spec),
	}
	if err := t.setTimes(cfg); err != nil {
		return State{}, err
	}
	if g := spec.TerminationGracePeriodSeconds; g != nil {
		t.grace = *g
	}
	s := State{terms: t, containers: containersOf(spec, cfg.Forgo)}
	for place := range order {
		order[place] += t.inits
		s.containers[order[place]].place = place
	}
	return s, nil
}

func containersOf(spec *v1.PodSpec, forgo bool) []*container {
	cs := make([]*container, 0, len(spec.InitContainers)+len(spec.Containers)+len(spec.EphemeralContainers))
	for i := range spec.InitContainers {
		c, r := &spec.InitContainers[i], initRole
		if c.RestartPolicy != nil && *c.RestartPolicy == v1.ContainerRestartPolicyAlways {
			r = sidecar
		}
		cs = append(cs, newContainer(c, r, forgo))
	}
	for i := range spec.Containers {
		cs = append(cs, newContainer(&spec.Containers[i], mainRole, forgo))
	}
	for i := range spec.EphemeralContainers {
		c := v1.Container(spec.EphemeralContainers[i].EphemeralContainerCommon)
		cs = append(cs, newContainer(&c, ephemeral, forgo))
	}
	return cs
}

func (t *terms) setTimes(cfg Config) error {
	t.scale = cfg.TimeScale
	if t.scale == 0 {
		t.scale = 1
	}
	if !(t.scale >= 0.01 && t.scale <= 1e6) { // written so that NaN is refused
		return fmt.Errorf("time scale %g: not between 0.01 and 1000000", t.scale)
	}
	if cfg.StartGap < 0 {
		return fmt.Errorf("start gap %v: negative", cfg.StartGap)
	}
	most := cfg.MaxBackoff
	if most == 0 {
		most = maximumBackoff
	}
	if most < time.Second || most > maximumBackoff {
		return fmt.Errorf("maximum restart back-off %v: not between 1s and %v", most, maximumBackoff)
	}
	t.crash = pace{t.scaled(min(initialBackoff, most)), t.scaled(most), t.scaled(stableAfter)}
	// Whole sync periods, so that no rounding makes the last one fall short.
	sync := t.scaled(syncPeriod)
	t.pull = pace{sync, maximumBackoff / syncPeriod * sync, t.scaled(stableAfter)}
	return nil
}

// placesOf turns names into indexes of the spec, and demands each exactly once.
func placesOf(containers []v1.Container, names []string) ([]int, error) {
	order := make([]int, len(containers))
	for i := range order {
		order[i] = i
	}
	if len(names) == 0 {
		return order, nil
	}
	order = order[:0]
	for _, name := range names {
		i := slices.IndexFunc(containers, func(c v1.Container) bool { return c.Name == name })
		if i < 0 || slices.Contains(order, i) {
			return nil, fmt.Errorf("start order %v: %q is twice in it, or no container", names, name)
		}
		order = append(order, i)
	}
	if len(order) != len(containers) {
		return nil, fmt.Errorf("start order %v: not all %d containers are in it", names, len(containers))
	}
	return order, nil
}
