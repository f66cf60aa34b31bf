package volume

import (
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/kernel"
)

// sharedMount is a directory that is a shared mount, in this process's own
// mount namespace only.
func sharedMount(t *testing.T) string {
	t.Helper()
	dir := mountTmpfs(t)
	if err := unix.Mount("", dir, "", unix.MS_SHARED, ""); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"host", "container"} {
		if err := os.Mkdir(dir+"/"+name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// container opens m where the thread is, mounts it on at in a mount namespace
// of its own, and runs f there.
func container(th *kernel.Thread, m Mount, at string, f func() error) error {
	fd, err := m.Open()
	if err != nil {
		return err
	}
	defer fd.Close()
	if err := th.Unshare(kernel.Mount); err != nil {
		return err
	}
	if err := kernel.MakePrivate("/"); err != nil {
		return err
	}
	if err := mountAt(fd, at); err != nil {
		return err
	}
	return f()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestPropagation(t *testing.T) {
	for mode, want := range map[v1.MountPropagationMode]struct{ in, out bool }{
		"":                                 {false, false},
		v1.MountPropagationNone:            {false, false},
		v1.MountPropagationHostToContainer: {true, false},
		v1.MountPropagationBidirectional:   {true, true},
	} {
		t.Run("mode "+string(mode), func(t *testing.T) {
			host, at := sharedMount(t), t.TempDir()
			m := Mount{Volume: "v", Host: host, Target: "/v", Propagation: mode}
			var in bool
			err := kernel.OnThread(func(th *kernel.Thread) error {
				return container(th, m, at, func() error {
					mounted := kernel.OnThread(func(*kernel.Thread) error { return mountMarked(host + "/host") })
					in = exists(at + "/host/mark")
					return errors.Join(mounted, mountMarked(at+"/container"))
				})
			})
			if err != nil {
				t.Fatal(err)
			}
			if out := exists(host + "/container/mark"); in != want.in || out != want.out {
				t.Errorf("host's mount in the container %t, container's on the host %t; want %+v", in, out, want)
			}
		})
	}
}

func mountMarked(dir string) error {
	if err := mountOn(dir); err != nil {
		return err
	}
	return os.WriteFile(dir+"/mark", nil, 0o600)
}

func TestPropagationNeedsASharedMount(t *testing.T) {
	host := mountTmpfs(t)
	for mode, want := range map[v1.MountPropagationMode]string{
		v1.MountPropagationBidirectional:   "but it is not a shared mount",
		v1.MountPropagationHostToContainer: "but it is not a shared or slave mount",
	} {
		_, err := Mount{Volume: "v", Host: host, Target: "/v", Propagation: mode}.Open()
		if err == nil || !strings.Contains(err.Error(), `path "`+host+`" is mounted on "`+host+`" `+want) {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// A sidecar mounts something in an emptyDir for another container.
func TestPropagationBetweenContainers(t *testing.T) {
	pin := newPod(t)
	do(t, &Tmpfs{Pin: pin, Name: "v", Mode: 0o777, Shared: true})
	inPod(t, pin, func() error { return errors.Join(os.Mkdir("/vol/v/sub", 0o755), os.Mkdir("/at", 0o755)) })
	m := Mount{Volume: "v", Tree: "/vol/v", Target: "/v"}
	var seen bool
	inside := func(mode v1.MountPropagationMode, f func() error) error {
		m := m
		m.Propagation = mode
		return kernel.OnThread(func(th *kernel.Thread) error {
			if err := th.Enter(kernel.Mount, pin); err != nil {
				return err
			}
			return container(th, m, "/at", f)
		})
	}
	err := inside(v1.MountPropagationHostToContainer, func() error {
		err := inside(v1.MountPropagationBidirectional, func() error { return mountMarked("/at/sub") })
		seen = exists("/at/sub/mark")
		return err
	})
	if err != nil || !seen {
		t.Errorf("mount of the sidecar seen: %t, %v", seen, err)
	}
}

// What is mounted below a hostPath comes along, without working devices, and
// stays writable below a read-only mount as it does with the kubelet.
func TestNestedMounts(t *testing.T) {
	host := mountTmpfs(t)
	if err := os.MkdirAll(host+"/a/b", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := mountMarked(host + "/a/b"); err != nil {
		t.Fatal(err)
	}
	for _, recursive := range []bool{false, true} {
		m := Mount{Volume: "v", Host: host, Target: "/v", ReadOnly: true, RecursiveReadOnly: recursive}
		dir := mustOpen(t, "", m)
		if !exists(dir + "/a/b/mark") {
			t.Error("the nested mount is missing")
		}
		if err := os.WriteFile(dir+"/x", nil, 0o600); !errors.Is(err, unix.EROFS) {
			t.Errorf("write to the volume: %v", err)
		}
		err := os.WriteFile(dir+"/a/b/x", nil, 0o600)
		if recursive != errors.Is(err, unix.EROFS) {
			t.Errorf("recursive %t: write to the nested mount: %v", recursive, err)
		}
	}
	if exists(mustOpen(t, "", Mount{Volume: "v", Host: host, SubPath: "a", Target: "/v"}) + "/b/mark") {
		t.Error("a subPath shows what is mounted below it")
	}
}
