package lifecycle

import (
	"math"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
)

func TestForgoLeavesOutHooksAndProbes(t *testing.T) {
	p := podOf(v1.RestartPolicyAlways, "a")
	c := &p.Spec.Containers[0]
	c.LivenessProbe, c.ReadinessProbe, c.StartupProbe = &v1.Probe{}, &v1.Probe{}, &v1.Probe{}
	c.Lifecycle = &v1.Lifecycle{
		PostStart: &v1.LifecycleHandler{Exec: &v1.ExecAction{}}, PreStop: &v1.LifecycleHandler{Exec: &v1.ExecAction{}},
	}
	m := newSim(t, p, Config{Forgo: true})
	m.up()
	m.run("a")
	m.want()
	if !m.container("a").Ready {
		t.Fatal("not ready")
	}
	m.remove(nil)
	m.want(Stop{"a"}, SetTimer{grace("a"), m.now.Add(30 * time.Second)})
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
