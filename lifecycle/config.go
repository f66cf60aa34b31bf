package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
)

// Config is what the user of a pod may choose about its life and the manifest
// cannot say. The zero value is the kubelet's behaviour.
type Config struct {
	// Order names all containers in the order of their first starts; empty
	// means the order of the spec.
	Order []string
	// StartGap is the least time between the first starts of two containers.
	// TimeScale does not apply to it.
	StartGap time.Duration
	// MaxBackoff caps the crash-loop back-off as the kubelet's
	// crashLoopBackOff.maxContainerRestartPeriod does: 1 s to 300 s; 0 means
	// 300 s. Below 10 s the first back-off shrinks to it.
	MaxBackoff time.Duration
	// TimeScale makes back-offs, retries and grace periods run that many times
	// as fast: 0.01 to a million; 0 means 1. Messages keep the unscaled times.
	TimeScale float64
	// Forgo leaves out what this version does not carry and a pod can run
	// without (probes, hooks, activeDeadlineSeconds), instead of refusing it.
	// It is for a caller that has warned of each.
	Forgo bool
}

// Unsupported is the error of a pod that asks for what this automaton does not
// carry. Fields are paths into the pod, without indexes, each once.
type Unsupported struct{ Fields []string }

func (u *Unsupported) Error() string {
	return "fields that this version of minipod does not carry out: " + strings.Join(u.Fields, ", ")
}

// New is the State of a pod to which nothing has happened yet. The pod is
// defaulted and valid, and is not changed by its owner afterwards. The error is
// an [*Unsupported], or says what is wrong with the Config.
func New(pod *v1.Pod, cfg Config) (State, error) {
	if fields := uncarried(&pod.Spec, cfg.Forgo); len(fields) > 0 {
		return State{}, &Unsupported{fields}
	}
	order, err := placesOf(pod.Spec.Containers, cfg.Order)
	if err != nil {
		return State{}, err
	}
	t := &terms{pod: pod, order: order, gap: cfg.StartGap, grace: v1.DefaultTerminationGracePeriodSeconds, qos: qosOf(&pod.Spec)}
	if err := t.setTimes(cfg); err != nil {
		return State{}, err
	}
	if g := pod.Spec.TerminationGracePeriodSeconds; g != nil {
		t.grace = *g
	}
	s := State{terms: t, containers: make([]container, len(pod.Spec.Containers))}
	for place, i := range order {
		s.containers[i] = container{spec: &pod.Spec.Containers[i], place: place}
	}
	return s, nil
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
