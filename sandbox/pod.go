package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
)

// UTS is the step that makes a UTS namespace with the pod's hostname in it.
type UTS struct {
	Pin      string
	Hostname string // at most 63 bytes, as the kubelet cuts it
}

// Kind implements plan.Step.
func (*UTS) Kind() string { return "sandbox.uts" }

// String implements plan.Step.
func (u *UTS) String() string { return "sandbox  UTS namespace: hostname " + u.Hostname }

// Do implements plan.Step.
func (u *UTS) Do(ctx context.Context) error {
	return kernel.On(ctx, func(t *kernel.Thread) error {
		if err := t.Unshare(kernel.UTS); err != nil {
			return err
		}
		if err := unix.Sethostname([]byte(u.Hostname)); err != nil {
			return fmt.Errorf("hostname %q: %w", u.Hostname, err)
		}
		return kernel.Pin(t.NamespaceFile(kernel.UTS), u.Pin)
	})
}

// Undo drops the pin.
func (u *UTS) Undo(context.Context) error { return kernel.Unpin(u.Pin) }

// Mounts is the step that makes the pod's mount namespace, a copy of the
// template, with a tmpfs for its volumes and the files of /etc that the
// kubelet manages.
type Mounts struct {
	Template string
	Pin      string
	// Etc are those files by name: hosts, hostname, resolv.conf.
	Etc map[string]string `json:"-"`
}

// managedEtc are the files that a pod gives to its containers.
var managedEtc = []string{"hosts", "hostname", "resolv.conf"}

// Kind implements plan.Step.
func (*Mounts) Kind() string { return "sandbox.mounts" }

// String implements plan.Step.
func (*Mounts) String() string {
	return "sandbox  mount namespace: empty but for volumes, /etc/hosts, /etc/hostname, /etc/resolv.conf"
}

// Do implements plan.Step.
func (m *Mounts) Do(ctx context.Context) error {
	return kernel.On(ctx, func(t *kernel.Thread) error {
		if err := t.Enter(kernel.Mount, m.Template); err != nil {
			return err
		}
		if err := t.Unshare(kernel.Mount); err != nil {
			return err
		}
		if err := m.volumes(); err != nil {
			return err
		}
		return t.PinMount(m.Pin)
	})
}

func (m *Mounts) volumes() error {
	tree, err := kernel.NewMount("tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV,
		kernel.Option{Key: "mode", Value: "0755"})
	if err != nil {
		return err
	}
	defer tree.Close()
	target, err := kernel.Open(volumeTree, unix.O_PATH)
	if err != nil {
		return err
	}
	defer target.Close()
	if err := kernel.MoveMount(tree, target); err != nil {
		return err
	}
	if err := os.Mkdir(etcTree, 0o755); err != nil {
		return err
	}
	for name, text := range m.Etc {
		if err := writeFile(filepath.Join(etcTree, name), text); err != nil {
			return err
		}
	}
	return nil
}

// writeFile makes a file of mode 0644 whatever the umask is.
func writeFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Chmod(0o644), f.Close())
}

// Undo drops the pin; the mounts in the namespace go with it.
func (m *Mounts) Undo(context.Context) error { return kernel.Unpin(m.Pin) }

// Scratch is the step that makes what one run of a container needs on disk and
// in the run directory: the writable layer of its root filesystem, always a
// fresh one, and the pipes of its output.
type Scratch struct {
	Of    string // "mc1/web", for messages
	Dir   string // <root>/pods/<uid>/<container>.<attempt>: the layer; overlay's own is beside it
	Pipes string // directory of the FIFOs, in the pod's run directory
}

// Kind implements plan.Step.
func (*Scratch) Kind() string { return "sandbox.scratch" }

// String implements plan.Step.
func (s *Scratch) String() string { return "sandbox  writable layer and output pipes for " + s.Of }

func (s *Scratch) work() string { return s.Dir + ".work" }

// Stdout is the FIFO of the container's standard output.
func (s *Scratch) Stdout() string { return filepath.Join(s.Pipes, "stdout") }

// Stderr is the FIFO of the container's standard error.
func (s *Scratch) Stderr() string { return filepath.Join(s.Pipes, "stderr") }

// Do implements plan.Step.
func (s *Scratch) Do(context.Context) error {
	// The writable layer's mode is that of the container's "/".
	for _, dir := range []string{s.Dir, s.work()} {
		if err := mkdirBelow(dir, 0o755); err != nil {
			return err
		}
	}
	if err := mkdirBelow(s.Pipes, 0o700); err != nil {
		return err
	}
	for _, path := range []string{s.Stdout(), s.Stderr()} {
		if err := fifo(path); err != nil {
			return err
		}
	}
	return nil
}

// fifo makes a FIFO that a container of any user can open again through
// /dev/stdout; the directory above it lets nobody else in.
func fifo(path string) error {
	if err := unix.Mkfifo(path, 0o666); err != nil {
		return fmt.Errorf("mkfifo %s: %w", path, err)
	}
	// Only the umask can have narrowed the mode: looking is cheaper than
	// changing.
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Perm() == 0o666 {
		return err
	}
	return os.Chmod(path, 0o666)
}

// mkdirBelow makes a new directory, and those above it that are missing, which
// only the first container's are.
func mkdirBelow(dir string, mode uint32) error {
	err := unix.Mkdir(dir, mode)
	if errors.Is(err, unix.ENOENT) {
		if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
			return err
		}
		err = unix.Mkdir(dir, mode)
	}
	if err != nil {
		return &os.PathError{Op: "mkdir", Path: dir, Err: err}
	}
	return nil
}

// How many directories above one run's go with the last run: the pod's on
// disk; the container's and the one of all containers for the pipes.
const aboveScratch, abovePipes = 1, 2

// Undo implements plan.Step.
func (s *Scratch) Undo(context.Context) error {
	return errors.Join(kernel.RemoveTree(s.work(), 0), kernel.RemoveTree(s.Dir, aboveScratch), kernel.RemoveTree(s.Pipes, abovePipes))
}
