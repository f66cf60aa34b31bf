package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
)

// Ground is the step that makes what the pins of a pod need: a small
// unbindable tmpfs on Dir for the pins of all pods, the template mount namespace, and the
// pod's own directory below. The last pod to undo it takes everything away.
type Ground struct {
	Dir string // <run-root>/ns
	UID string // of the pod
}

// Pins are the files that keep a pod's namespaces. An empty one stands for the
// host's namespace.
type Pins struct{ Net, IPC, UTS, Mount string }

// Kind implements plan.Step.
func (*Ground) Kind() string { return "sandbox.ground" }

// String implements plan.Step.
func (g *Ground) String() string {
	return "sandbox  pins in " + g.pod() + ", kept on a private tmpfs"
}

func (g *Ground) pod() string { return filepath.Join(g.Dir, g.UID) }

// Template is the pin of the mount namespace from which those of pods are
// copied. It is empty but for device nodes: one copied from the host's would
// keep every pin on the host alive, and cost more with each mount there.
func (g *Ground) Template() string { return filepath.Join(g.Dir, "template") }

// Skeleton is the lowest layer of every root filesystem: the directories and
// files that something is mounted on. Those that an image lacks need not be
// made in each container's writable layer then. It lies beside the pins: an
// overlay cannot be made of what cannot be bound.
func (g *Ground) Skeleton() string { return filepath.Join(filepath.Dir(g.Dir), "skeleton") }

// Pins names the files for a pod on this ground.
func (g *Ground) Pins() Pins {
	pin := func(n kernel.Namespace) string { return filepath.Join(g.pod(), n.String()) }
	return Pins{Net: pin(kernel.Net), IPC: pin(kernel.IPC), UTS: pin(kernel.UTS), Mount: pin(kernel.Mount)}
}

// Do implements plan.Step.
func (g *Ground) Do(ctx context.Context) error {
	return g.locked(func() error {
		if err := g.mount(); err != nil {
			return err
		}
		if !isFileSystem(g.Template(), unix.NSFS_MAGIC) {
			if err := g.makeTemplate(ctx); err != nil {
				return fmt.Errorf("template mount namespace: %w", err)
			}
		}
		return errors.Join(makeSkeleton(ctx, g.Skeleton()), os.Mkdir(g.pod(), 0o700))
	})
}

// makeSkeleton makes what is missing of the skeleton.
func makeSkeleton(ctx context.Context, dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		return nil
	}
	return kernel.On(ctx, func(t *kernel.Thread) error {
		if err := t.Umask(0); err != nil {
			return err
		}
		half := halfOf(dir)
		for _, d := range []string{"dev", "proc", "sys", "etc"} {
			if err := os.MkdirAll(filepath.Join(half, d), 0o755); err != nil {
				return err
			}
		}
		for _, name := range managedEtc {
			if err := os.WriteFile(filepath.Join(half, "etc", name), nil, 0o644); err != nil {
				return err
			}
		}
		return os.Rename(half, dir)
	})
}

// halfOf is where the skeleton is made, to appear under its name when it is
// whole.
func halfOf(dir string) string { return dir + ".new" }

// Undo implements plan.Step.
func (g *Ground) Undo(context.Context) error {
	if _, err := os.Lstat(filepath.Dir(g.Dir)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return g.locked(func() error {
		if err := g.removePod(); err != nil {
			return err
		}
		others, err := os.ReadDir(g.Dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range others {
			if e.IsDir() {
				return nil // another pod's
			}
		}
		return errors.Join(kernel.Unpin(g.Template()), kernel.Unmount(g.Dir), removeSkeleton(g.Skeleton()), removeDir(g.Dir))
	})
}

// removeSkeleton takes the name first: who is killed half way leaves nothing
// that the next pod takes for whole.
func removeSkeleton(dir string) error {
	half := halfOf(dir)
	if err := os.RemoveAll(half); err != nil {
		return err
	}
	if err := os.Rename(dir, half); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(half)
}

func (g *Ground) removePod() error {
	pins, err := os.ReadDir(g.pod())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, p := range pins {
		err = errors.Join(err, kernel.Unpin(filepath.Join(g.pod(), p.Name())))
	}
	return errors.Join(err, removeDir(g.pod()))
}

// locked runs f while no other process of the same run root changes the
// ground.
func (g *Ground) locked(f func() error) error {
	dir, err := kernel.Open(filepath.Dir(g.Dir), unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := unix.Flock(dir.Int(), unix.LOCK_EX); err != nil {
		return fmt.Errorf("lock on %s: %w", dir.Name(), err)
	}
	return f()
}

func (g *Ground) mount() error {
	if err := os.Mkdir(g.Dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	own, err := isMountPoint(g.Dir)
	if err != nil {
		return err
	}
	if !own {
		if err := mountTmpfs(g.Dir); err != nil {
			return err
		}
	}
	m, err := kernel.Open(g.Dir, unix.O_PATH)
	if err != nil {
		return err
	}
	defer m.Close()
	// A mount namespace can be pinned on a private mount only. Unbindable is
	// private and more: the clone of a hostPath above it leaves the pins out,
	// which would keep the namespaces of pods that are gone. It can be set on
	// its place only: no such mount may be moved below a shared one.
	return kernel.SetMountAttr(m, false, 0, unix.MS_UNBINDABLE)
}

func mountTmpfs(dir string) error {
	m, err := kernel.NewMount("tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC,
		kernel.Option{Key: "mode", Value: "0700"}, kernel.Option{Key: "size", Value: "16m"})
	if err != nil {
		return err
	}
	defer m.Close()
	target, err := kernel.Open(dir, unix.O_PATH)
	if err != nil {
		return err
	}
	defer target.Close()
	return kernel.MoveMount(m, target)
}

func isFileSystem(path string, magic int64) bool {
	var st unix.Statfs_t
	return unix.Statfs(path, &st) == nil && st.Type == magic
}

func isMountPoint(path string) (bool, error) {
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, 0, &st); err != nil {
		return false, fmt.Errorf("statx %s: %w", path, err)
	}
	return st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0, nil
}

func removeDir(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
