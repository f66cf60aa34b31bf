package lifecycle

import (
	"os"
	"slices"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

// The status of one pod through its life, field for field as a kubelet
// publishes it. MINIPOD_UPDATE=1 writes the files anew.
func TestStatusThroughALife(t *testing.T) {
	p := podOf(v1.RestartPolicyOnFailure, "web", "job")
	p.Spec.Containers[0].VolumeMounts = []v1.VolumeMount{{Name: "html", MountPath: "/www", ReadOnly: true}, {Name: "tmp", MountPath: "/tmp"}}
	m := newSim(t, p, Config{})
	m.golden("0-new")
	m.feed(Begin{m.now})
	m.golden("1-begun")
	m.tick()
	m.feed(SandboxReady{m.now, []string{"10.0.0.7", "fd00::7"}, []string{"192.0.2.1"}})
	m.feed(ImageFailed{m.now, "job", ReasonImagePull, "no such manifest"})
	m.run("web")
	m.golden("2-pulling")
	m.tick()
	m.fire()
	m.run("job")
	m.golden("3-ready")
	m.tick()
	m.exit("job", 7)
	m.golden("4-restarting")
	m.run("job")
	m.tick()
	m.exit("job", 8)
	m.golden("5-back-off")
	m.fire()
	m.run("job")
	m.tick()
	m.exit("job", 0)
	m.golden("6-one-left")
	m.tick()
	m.exit("web", 0)
	m.golden("7-succeeded")
}

// The same of a pod with init containers, a sidecar with probes, a debugger and
// a rule that restarts all.
func TestStatusWithAllKindsOfContainers(t *testing.T) {
	p := withInits(resetPod("web", "a"), side("proxy"), once("setup"))
	with(p, "proxy", func(c *v1.Container) { c.StartupProbe, c.ReadinessProbe = probeOf3(), probeOf3() })
	m := newSim(t, p, Config{})
	m.up()
	m.run("proxy")
	m.golden("kinds-0-starting")
	m.tick()
	m.probed("proxy", Startup, ProbeSuccess)
	m.run("setup")
	m.golden("kinds-1-initializing")
	m.tick()
	m.exit("setup", 0)
	m.run("web")
	m.run("a")
	m.feed(EphemeralAdded{m.now, debugger("debug")})
	m.run("debug")
	m.golden("kinds-2-not-ready")
	m.tick()
	m.probed("proxy", Readiness, ProbeSuccess)
	m.golden("kinds-3-ready")
	m.tick()
	m.exit("a", 9)
	m.golden("kinds-4-restarting-all")
	m.exit("web", 143)
	m.exit("proxy", 143)
	m.run("proxy")
	m.tick()
	m.probed("proxy", Startup, ProbeSuccess)
	m.run("setup")
	m.golden("kinds-5-once-more")
	m.exit("setup", 1)
	m.remove(seconds(0))
	m.exit("proxy", 137)
	m.exit("debug", 137)
	m.feed(TornDown{m.now})
	m.golden("kinds-6-deleted")
}

func TestStatusOfAFailedPod(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyNever, "a", "b"), Config{})
	m.up()
	m.run("a")
	m.tick()
	m.remove(nil)
	m.exit("a", 0)
	m.feed(TornDown{m.now})
	m.golden("failed")
}

func (m *sim) tick() { m.now = m.now.Add(time.Second) }

func (m *sim) golden(name string) {
	m.t.Helper()
	got, err := yaml.Marshal(Status(m.s))
	if err != nil {
		m.t.Fatal(err)
	}
	file := "testdata/status/" + name + ".yaml"
	if os.Getenv("MINIPOD_UPDATE") != "" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			m.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		m.t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		m.t.Errorf("status %s:\n%s\nwant:\n%s", name, got, want)
	}
}

func TestHostNetworkShowsTheHostsAddresses(t *testing.T) {
	p := podOf(v1.RestartPolicyNever, "a")
	p.Spec.HostNetwork = true
	m := newSim(t, p, Config{})
	m.feed(Begin{m.now})
	m.feed(SandboxReady{At: m.now, HostIPs: []string{"192.0.2.1", "2001:db8::1"}})
	st := Status(m.s)
	if st.PodIP != "192.0.2.1" || len(st.PodIPs) != 2 || st.HostIP != "192.0.2.1" {
		t.Fatalf("%+v", st)
	}
}

func TestReadinessGatesStayShut(t *testing.T) {
	p := podOf(v1.RestartPolicyNever, "a")
	p.Spec.ReadinessGates = []v1.PodReadinessGate{{ConditionType: "x/y"}}
	m := newSim(t, p, Config{})
	m.up()
	m.run("a")
	c := Status(m.s).Conditions[ready]
	if c.Status != v1.ConditionFalse || c.Reason != "ReadinessGatesNotReady" ||
		c.Message != `corresponding condition of pod readiness gate "x/y" does not exist.` {
		t.Fatalf("%+v", c)
	}
	if c := Status(m.s).Conditions[containersReady]; c.Status != v1.ConditionTrue {
		t.Fatalf("%+v", c)
	}
}

func TestQOS(t *testing.T) {
	set := func(requests, limits string) v1.ResourceRequirements {
		list := func(s string) v1.ResourceList {
			l := v1.ResourceList{}
			for i, name := range []v1.ResourceName{v1.ResourceCPU, v1.ResourceMemory} {
				if i < len(s) && s[i] != '0' {
					l[name] = resource.MustParse(s[i : i+1])
				}
			}
			return l
		}
		return v1.ResourceRequirements{Requests: list(requests), Limits: list(limits)}
	}
	for _, tc := range []struct {
		parts []v1.ResourceRequirements
		want  v1.PodQOSClass
	}{
		{[]v1.ResourceRequirements{{}}, v1.PodQOSBestEffort},
		{[]v1.ResourceRequirements{set("12", "12")}, v1.PodQOSGuaranteed},
		{[]v1.ResourceRequirements{set("12", "13")}, v1.PodQOSBurstable},
		{[]v1.ResourceRequirements{set("1", "1")}, v1.PodQOSBurstable},
		{[]v1.ResourceRequirements{set("00", "02")}, v1.PodQOSBurstable},
		{[]v1.ResourceRequirements{set("12", "12"), {}}, v1.PodQOSBurstable},
		{[]v1.ResourceRequirements{set("12", "12"), set("34", "34")}, v1.PodQOSGuaranteed},
	} {
		spec := v1.PodSpec{}
		for _, r := range tc.parts {
			spec.Containers = append(spec.Containers, v1.Container{Resources: r})
		}
		if got := qosOf(&spec); got != tc.want {
			t.Errorf("%+v: %s, want %s", tc.parts, got, tc.want)
		}
	}
	all := set("12", "12")
	spec := v1.PodSpec{Resources: &all, Containers: []v1.Container{{}}}
	if got := qosOf(&spec); got != v1.PodQOSGuaranteed {
		t.Errorf("pod level: %s", got)
	}
}
