package pod_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/minipod/minipod/image"
	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/internal/leak"
	"github.com/minipod/minipod/internal/testimage"
	"github.com/minipod/minipod/pod"
	"github.com/minipod/minipod/state"
)

// lab is a host of the test's own, with a busybox image.
type lab struct {
	tb   testing.TB
	host *pod.Host
}

func newLab(tb testing.TB) *lab {
	tb.Helper()
	ability.Need(tb, ability.Root, ability.Overlay)
	dir := tb.TempDir()
	d := state.Dirs{Run: filepath.Join(dir, "run"), Root: filepath.Join(dir, "lib"), Log: filepath.Join(dir, "log")}
	store, err := image.Open(filepath.Join(d.Root, "images"))
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := store.Load(context.Background(), testimage.Busybox(tb, "docker.io/library/busybox:latest")); err != nil {
		tb.Fatal(err)
	}
	scope := leak.Scope{Dirs: []string{filepath.Join(d.Run, "pods"), filepath.Join(d.Run, "ns"), filepath.Join(d.Root, "pods"), d.Log}}
	for _, dir := range []string{scope.Dirs[0], scope.Dirs[2], d.Log} { // these stay when the last pod goes
		if err := os.MkdirAll(dir, 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	leak.Check(tb, scope)
	awaitThreads(tb, scope)
	return &lab{tb, &pod.Host{Dirs: d, Images: store}}
}

// awaitThreads lets threads end that a pod is done with: the kernel takes them
// away a moment after the last function on them has returned.
func awaitThreads(tb testing.TB, scope leak.Scope) {
	before, err := leak.Take(scope)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
			if now, err := leak.Take(scope); err != nil || before.Diff(now) == "" {
				return
			}
		}
	})
}

// pod is a manifest of one container for each shell script.
func (l *lab) pod(name string, policy v1.RestartPolicy, scripts ...string) *v1.Pod {
	grace := int64(30)
	p := &v1.Pod{
		TypeMeta:   metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"},
		Spec:       v1.PodSpec{RestartPolicy: policy, TerminationGracePeriodSeconds: &grace},
	}
	for i, s := range scripts {
		p.Spec.Containers = append(p.Spec.Containers, v1.Container{
			Name: "c" + string(rune('1'+i)), Image: "busybox", Command: []string{"sh", "-c", s}, ImagePullPolicy: v1.PullIfNotPresent,
		})
	}
	return p
}

func (l *lab) run(p *v1.Pod, s pod.Settings, o pod.Observer) (*v1.Pod, error) {
	l.tb.Helper()
	own, err := pod.Claim(l.host, p, s, o)
	if err != nil {
		l.tb.Fatal(err)
	}
	return own.Run()
}

func TestPodSucceeds(t *testing.T) {
	l := newLab(t)
	var lines []string
	p, err := l.run(l.pod("ok", v1.RestartPolicyNever, "echo hello"), pod.Settings{},
		pod.Observer{Output: func(_ string, line state.Line) { lines = append(lines, string(line.Text)) }})
	if err != nil {
		t.Fatal(err)
	}
	if p.Status.Phase != v1.PodSucceeded {
		t.Errorf("phase %s", p.Status.Phase)
	}
	if len(lines) != 1 || lines[0] != "hello" {
		t.Errorf("output %q", lines)
	}
	left, err := os.ReadDir(l.host.Dirs.Run)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if e.Name() != "pods" {
			t.Errorf("left in the run directory: %s", e.Name())
		}
	}
}
