package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/minipod/minipod/state"
)

// said is what a command wrote, and its exit code.
type said struct {
	out, err string
	code     int
}

// newDirs makes roots for one test.
func newDirs(t *testing.T) state.Dirs {
	t.Helper()
	dir := t.TempDir()
	return state.Dirs{Run: filepath.Join(dir, "run"), Root: filepath.Join(dir, "lib"), Log: filepath.Join(dir, "log")}
}

// say runs a command line in this process.
func say(t *testing.T, d state.Dirs, args ...string) said {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), "out")
	must(t, err)
	errs, err := os.CreateTemp(t.TempDir(), "err")
	must(t, err)
	args = append([]string{"minipod", "--run-root", d.Run, "--root", d.Root, "--log-root", d.Log}, args...)
	code := Main(args, Streams{In: os.Stdin, Out: out, Err: errs})
	s := said{code: code}
	for f, to := range map[*os.File]*string{out: &s.out, errs: &s.err} {
		b, err := os.ReadFile(f.Name())
		must(t, err)
		*to = string(b)
		f.Close()
	}
	return s
}

func (s said) want(t *testing.T, what string, code int, out, err string) {
	t.Helper()
	if s.code != code || s.out != out || !strings.Contains(s.err, err) || err == "" && s.err != "" {
		t.Errorf("%s: exit code %d, want %d\nstdout:\n%s\nwant:\n%s\nstderr:\n%s\nwant:\n%s", what, s.code, code, s.out, out, s.err, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// golden compares with a file of testdata; UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		must(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if got != string(want) {
		t.Errorf("%s differs (UPDATE_GOLDEN=1 go test ./cli writes it anew); got:\n%s\nwant:\n%s", path, got, want)
	}
}

// shown is a pod with something in every part of a description.
func shown() *v1.Pod {
	created := metav1.NewTime(noon.Add(-time.Hour))
	limit := resource.MustParse("64Mi")
	hostType := v1.HostPathDirectory
	p := &v1.Pod{}
	p.ObjectMeta = metav1.ObjectMeta{
		Name: "shown", Namespace: "default", UID: types.UID("11111111-2222-3333-4444-555555555555"), CreationTimestamp: created,
		Labels:      map[string]string{"tier": "front", "app": "shown"},
		Annotations: map[string]string{"note": "short", "poem": "roses are \x1b[31mred\nviolets are blue\n"},
	}
	p.Spec = v1.PodSpec{
		NodeName: "vm", ServiceAccountName: "default", NodeSelector: map[string]string{"disk": "ssd"},
		Tolerations: []v1.Toleration{{Key: "k", Operator: v1.TolerationOpExists, Effect: v1.TaintEffectNoExecute}, {Operator: v1.TolerationOpExists}},
		Volumes: []v1.Volume{
			{Name: "html", VolumeSource: v1.VolumeSource{EmptyDir: &v1.EmptyDirVolumeSource{SizeLimit: &limit}}},
			{Name: "conf", VolumeSource: v1.VolumeSource{ConfigMap: &v1.ConfigMapVolumeSource{LocalObjectReference: v1.LocalObjectReference{Name: "settings"}}}},
			{Name: "host", VolumeSource: v1.VolumeSource{HostPath: &v1.HostPathVolumeSource{Path: "/srv", Type: &hostType}}},
		},
		Containers: []v1.Container{{
			Name: "web", Image: "nginx", Command: []string{"/bin/sh", "-c"}, Args: []string{"nginx\nsleep 1"},
			Ports:     []v1.ContainerPort{{ContainerPort: 80, Protocol: v1.ProtocolTCP}, {ContainerPort: 443, Protocol: v1.ProtocolTCP}},
			Env:       []v1.EnvVar{{Name: "MODE", Value: "fast"}, {Name: "TEXT", Value: "two\nlines"}},
			Resources: v1.ResourceRequirements{Limits: v1.ResourceList{v1.ResourceMemory: limit}},
			VolumeMounts: []v1.VolumeMount{
				{Name: "html", MountPath: "/usr/share/nginx/html"},
				{Name: "conf", MountPath: "/etc/nginx/nginx.conf", SubPath: "nginx.conf", ReadOnly: true},
			},
		}, {Name: "log", Image: "debian"}},
	}
	web := restarted(running(true, 0), 3, 10*time.Second)
	web.Name, web.ContainerID, web.ImageID = "web", "minipod://abc", "sha256:def"
	web.State.Running.StartedAt = ago(5 * time.Second)
	last := web.LastTerminationState.Terminated
	last.ExitCode, last.Reason, last.StartedAt = 137, "OOMKilled", ago(time.Minute)
	log := waiting("ErrImagePull")
	log.Name = "log"
	p.Status = v1.PodStatus{
		Phase: v1.PodRunning, QOSClass: v1.PodQOSBurstable, StartTime: &created, HostIP: "192.0.2.2",
		PodIP: "10.0.0.5", PodIPs: []v1.PodIP{{IP: "10.0.0.5"}, {IP: "fd00::5"}},
		ContainerStatuses: statuses{log, web},
		Conditions:        []v1.PodCondition{{Type: v1.PodReady, Status: v1.ConditionFalse}, {Type: v1.PodScheduled, Status: v1.ConditionTrue}},
	}
	return p
}

// publish puts a pod on disk under an owner: this process, until release.
func publish(t *testing.T, d state.Dirs, p *v1.Pod) *state.Owned {
	t.Helper()
	own, err := state.Claim(d, p.Namespace, p.Name)
	must(t, err)
	must(t, own.WriteSpec(p))
	must(t, own.WriteStatus(p))
	return own
}
