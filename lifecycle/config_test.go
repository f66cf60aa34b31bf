package lifecycle

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
)

func TestNewNamesWhatItCannotCarry(t *testing.T) {
	always := v1.ContainerRestartPolicyAlways
	deadline := int64(5)
	p := podOf(v1.RestartPolicyAlways, "a", "b")
	p.Spec.InitContainers = []v1.Container{{Name: "i"}}
	p.Spec.EphemeralContainers = []v1.EphemeralContainer{{}}
	p.Spec.ActiveDeadlineSeconds = &deadline
	for i := range p.Spec.Containers {
		c := &p.Spec.Containers[i]
		c.RestartPolicy, c.RestartPolicyRules = &always, []v1.ContainerRestartRule{{}}
		c.LivenessProbe, c.ReadinessProbe, c.StartupProbe = &v1.Probe{}, &v1.Probe{}, &v1.Probe{}
		c.Lifecycle = &v1.Lifecycle{PostStart: &v1.LifecycleHandler{}, PreStop: &v1.LifecycleHandler{}}
	}
	never := []string{
		"spec.initContainers", "spec.ephemeralContainers",
		"spec.containers.restartPolicy", "spec.containers.restartPolicyRules",
	}
	forgone := []string{
		"spec.activeDeadlineSeconds", "spec.containers.livenessProbe", "spec.containers.readinessProbe",
		"spec.containers.startupProbe", "spec.containers.lifecycle.postStart", "spec.containers.lifecycle.preStop",
	}
	for forgo, want := range map[bool][]string{false: append(slices.Clone(never), forgone...), true: never} {
		var u *Unsupported
		if _, err := New(p, Config{Forgo: forgo}); !errors.As(err, &u) || !slices.Equal(u.Fields, want) {
			t.Errorf("forgo %v: %v, want %v", forgo, err, want)
		}
	}
}

func TestNewRefusesBadConfig(t *testing.T) {
	p := podOf(v1.RestartPolicyAlways, "a", "b")
	for _, cfg := range []Config{
		{Order: []string{"a"}},
		{Order: []string{"a", "a"}},
		{Order: []string{"a", "c"}},
		{Order: []string{"a", "b", "a"}},
		{StartGap: -1},
		{TimeScale: -1},
		{TimeScale: math.NaN()},
		{TimeScale: math.Inf(1)},
		{MaxBackoff: time.Second - 1},
		{MaxBackoff: 300*time.Second + 1},
	} {
		if _, err := New(p, cfg); err == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
	if _, err := New(&v1.Pod{}, Config{}); err == nil {
		t.Error("a pod without containers is accepted")
	}
}
