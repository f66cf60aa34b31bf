package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
)

// privately runs f on a thread in a mount namespace of its own, in which dir is
// a private tmpfs.
func privately(t *testing.T, dir string, f func(th *Thread) error) {
	t.Helper()
	ability.Need(t, ability.Root)
	must(t, OnThread(func(th *Thread) error {
		if err := th.Unshare(Mount); err != nil {
			return err
		}
		if err := MakePrivate("/"); err != nil {
			return err
		}
		if err := unix.Mount("test", dir, "tmpfs", 0, ""); err != nil {
			return err
		}
		return f(th)
	}))
}

// mount(2) follows the image's symlinks: a tmpfs for /dev landed outside the
// root. What move_mount gets is a descriptor from openat2(RESOLVE_IN_ROOT).
func TestMountsStayInTheRoot(t *testing.T) {
	outside := t.TempDir()
	root := t.TempDir()
	privately(t, root, func(*Thread) error {
		if err := errors.Join(os.Symlink(outside, root+"/dev"), os.MkdirAll(root+outside, 0o755)); err != nil {
			return err
		}
		if err := unix.Mount("test", root+"/dev", "tmpfs", 0, ""); err != nil {
			return err
		}
		if !isMountRoot(t, outside) {
			t.Error("the fact does not hold: mount(2) stayed in the root")
		}
		if err := Unmount(outside); err != nil {
			return err
		}
		dir, err := Open(root, unix.O_PATH)
		must(t, err)
		defer dir.Close()
		m, err := NewMount("tmpfs", 0)
		must(t, err)
		defer m.Close()
		target, err := OpenIn(dir, "dev", unix.O_PATH)
		must(t, err)
		defer target.Close()
		if err := MoveMount(m, target); err != nil {
			return err
		}
		if isMountRoot(t, outside) || !isMountRoot(t, root+outside) {
			t.Error("move_mount left the root")
		}
		return nil
	})
}

func isMountRoot(t *testing.T, path string) bool {
	t.Helper()
	var st unix.Statx_t
	must(t, unix.Statx(unix.AT_FDCWD, path, 0, 0, &st))
	return st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0
}

// Pinning a mount namespace needs a private mount point; an unbindable one is
// private, too. On a shared one it would propagate into the namespace itself.
func TestPinNeedsAPrivateMount(t *testing.T) {
	for _, tt := range []struct {
		propagation uintptr
		want        error
	}{{unix.MS_SHARED, unix.EINVAL}, {unix.MS_PRIVATE, nil}, {unix.MS_UNBINDABLE, nil}} {
		dir := t.TempDir()
		privately(t, dir, func(*Thread) error {
			if err := unix.Mount("", dir, "", tt.propagation, ""); err != nil {
				return err
			}
			here := "/proc/self/task/" + strconv.Itoa(unix.Gettid()) + "/ns/mnt"
			err := OnThread(func(inner *Thread) error {
				return inner.pinCopyIn(here, filepath.Join(dir, "pin"))
			})
			if !errors.Is(err, tt.want) {
				t.Errorf("propagation %#x: got %v, want %v", tt.propagation, err, tt.want)
			}
			return nil
		})
	}
}

// pinCopyIn pins a copy of the mount namespace behind file in that one.
func (t *Thread) pinCopyIn(file, path string) error {
	if err := t.Enter(Mount, file); err != nil {
		return err
	}
	var last error
	// The number of the new one must be the higher; see PinMount.
	for _, cpu := range append([]int{-1}, allowedProcessors()...) {
		if cpu >= 0 {
			t.moveTo(cpu)
		}
		if err := t.Unshare(Mount); err != nil {
			return err
		}
		own := t.NamespaceFile(Mount)
		last = OnThread(func(other *Thread) error {
			if err := other.Enter(Mount, file); err != nil {
				return err
			}
			return errors.Join(Pin(own, path), Unpin(path))
		})
		if last == nil {
			break
		}
	}
	return last
}

// procfs shows the PID namespace of the process that mounts it, and a thread
// that unshared one is not in it: only its children are.
func TestProcIsOfWhoMountsIt(t *testing.T) {
	dir := t.TempDir()
	privately(t, dir, func(th *Thread) error {
		if err := th.Unshare(PID); err != nil {
			return err
		}
		if err := unix.Mount("proc", dir, "proc", 0, ""); err != nil {
			return err
		}
		_, err := os.Stat(filepath.Join(dir, strconv.Itoa(os.Getpid())))
		return err
	})
}
