package sandbox_test

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/volume"
)

// inside runs f on a thread in the mount namespace of a running container.
func (r *running) inside(f func() error) {
	r.t.Helper()
	must(r.t, kernel.OnThread(func(t *kernel.Thread) error {
		if err := t.EnterFD(kernel.Mount, r.Started().PidFD); err != nil {
			return err
		}
		return f()
	}))
}

// A mount that one container makes in a Bidirectional emptyDir is seen by those
// that asked for it, and outlives the start of others, which let go of a copy
// of the pod's tree.
func TestMountsInASharedVolume(t *testing.T) {
	p := newLab(t).pod("u1")
	p.do("", &volume.Tmpfs{Pin: p.pins.Mount, Name: "v", Mode: 0o777, Shared: true})
	at := func(mode v1.MountPropagationMode) change {
		return withVolumes(volume.Mount{Volume: "v", Tree: volume.Root + "/v", Target: "/v", Propagation: mode})
	}
	wait := shell("echo up; exec sleep 1000")
	start := func(mode v1.MountPropagationMode) *running {
		r, err := p.start(p.prepare(wait, at(mode)))
		must(t, err)
		want(t, "line", r.line(), "up")
		return r
	}
	maker, sees, blind := start(v1.MountPropagationBidirectional), start(v1.MountPropagationHostToContainer), start(v1.MountPropagationNone)
	maker.inside(func() error {
		if err := unix.Mkdir("/v/m", 0o755); err != nil {
			return err
		}
		return unix.Mount("m", "/v/m", "tmpfs", 0, "")
	})
	check := func(when string) {
		t.Helper()
		for r, mounted := range map[*running]bool{maker: true, sees: true, blind: false} {
			r.inside(func() error {
				var st unix.Statfs_t
				err := unix.Statfs("/v/m", &st)
				var dir unix.Statx_t
				if err == nil {
					err = unix.Statx(unix.AT_FDCWD, "/v/m", 0, 0, &dir)
				}
				if is := dir.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0; is != mounted {
					t.Errorf("%s: in %s it is mounted: %v, want %v", when, r.Of, is, mounted)
				}
				return err
			})
		}
	}
	check("at first")
	for _, mode := range []v1.MountPropagationMode{v1.MountPropagationNone, v1.MountPropagationHostToContainer, v1.MountPropagationBidirectional} {
		out := p.sh("cat /proc/self/mountinfo", at(mode))
		if late := strings.Contains(out, " /v/m "); !late {
			t.Errorf("%s: a container that starts later has no copy of the mount", mode)
		}
		check("after a container with " + string(mode))
	}
}
