package pod_test

import (
	"os"
	"path/filepath"
	"testing"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/pod"
	"github.com/minipod/minipod/state"
	"github.com/minipod/minipod/volume"
)

// Who shows the output and hangs must not keep the pod from ending.
func TestPodEndsThoughNobodyReadsItsOutput(t *testing.T) {
	l := newLab(t)
	hang, reading := make(chan struct{}), make(chan struct{}, 1)
	defer close(hang)
	own, err := pod.Claim(l.host, l.pod("flood", v1.RestartPolicyNever, "while :; do echo line; done"), pod.Settings{},
		pod.Observer{Output: func(string, state.Line) {
			select {
			case reading <- struct{}{}:
			default:
			}
			<-hang
		}})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		<-reading
		own.Delete(new(int64))
	}()
	if _, err := own.Run(); err != nil {
		t.Error(err)
	}
}

// Two run roots may share a root: gc of the one leaves the other's pods alone.
func TestCollectLeavesOtherRunRootsAlone(t *testing.T) {
	l := newLab(t)
	p := l.pod("disk", v1.RestartPolicyNever, "echo kept > /data/f; exec sleep 1000")
	p.Spec.Volumes = []v1.Volume{{Name: "data", VolumeSource: v1.VolumeSource{EmptyDir: &v1.EmptyDirVolumeSource{}}}}
	p.Spec.Containers[0].VolumeMounts = []v1.VolumeMount{{Name: "data", MountPath: "/data"}}
	other := *l.host
	other.Dirs.Run = filepath.Join(t.TempDir(), "run")
	up := make(chan struct{})
	var told bool
	own, err := pod.Claim(l.host, p, pod.Settings{EmptyDirMedium: volume.Disk}, pod.Observer{Status: func(p *v1.Pod) {
		if p.Status.Phase == v1.PodRunning && !told {
			told = true
			close(up)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer own.Delete(new(int64))
		<-up
		if _, err := pod.Collect(&other); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(pod.DiskVolume(l.host.Dirs, own.Pod(), "data")); err != nil {
			t.Errorf("gc of another run root: %v", err)
		}
	}()
	if _, err := own.Run(); err != nil {
		t.Error(err)
	}
}

// The API server gives every pod its uid; two pods of one manifest must not
// share their directories.
func TestEveryPodHasItsOwnUID(t *testing.T) {
	l := newLab(t)
	p := l.pod("uid", v1.RestartPolicyNever, "true")
	p.UID = "given"
	got, err := l.run(p, pod.Settings{}, pod.Observer{})
	if err != nil || got.UID == "given" || got.UID == "" {
		t.Errorf("uid %q, %v", got.UID, err)
	}
}

func TestRunAsNonRoot(t *testing.T) {
	l := newLab(t)
	yes, root, user := true, int64(0), int64(1000)
	for name, tt := range map[string]struct {
		uid  *int64
		want string
	}{
		"the image's root": {nil, "container has runAsNonRoot and image will run as root"},
		"root by manifest": {&root, "container's runAsUser breaks non-root policy"},
		"another user":     {&user, ""},
	} {
		p := l.pod("nonroot", v1.RestartPolicyNever, "id -u")
		p.Spec.SecurityContext = &v1.PodSecurityContext{RunAsNonRoot: &yes, RunAsUser: tt.uid}
		var reason string
		_, err := l.run(p, pod.Settings{FailFast: true}, pod.Observer{Status: func(p *v1.Pod) {
			for _, s := range p.Status.ContainerStatuses {
				if s.State.Waiting != nil && s.State.Waiting.Message != "" {
					reason = s.State.Waiting.Reason + ": " + s.State.Waiting.Message
				}
			}
		}})
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tt.want != "" && (err == nil || reason != "CreateContainerConfigError: "+tt.want):
			t.Errorf("%s: %v, %q", name, err, reason)
		}
	}
}

// Overlay's options end a path at a colon.
func TestRootsMayHaveAnyName(t *testing.T) {
	l := newLab(t)
	l.host.Dirs.Run = filepath.Join(t.TempDir(), `a run: of \ many`)
	l.host.Dirs.Root = filepath.Join(t.TempDir(), `a root: of \ many`)
	p, err := l.run(l.pod("odd", v1.RestartPolicyNever, "echo x > /file && cat /file"), pod.Settings{FailFast: true}, pod.Observer{})
	if err != nil || p.Status.Phase != v1.PodSucceeded {
		t.Errorf("%s, %v", p.Status.Phase, err)
	}
}
