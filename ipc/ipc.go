package ipc

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
)

// ShmSize is the size of a pod's /dev/shm in bytes, as containerd's CRI
// plugin gives it (internal/cri/server/sandbox_run_linux.go, defaultShmSize).
const ShmSize = 64 << 20

// ShmTree is where the pod's mount namespace has its /dev/shm.
const ShmTree = "/shm"

// Namespace is the step that makes an IPC namespace and pins it.
type Namespace struct {
	Pin string // the file that keeps it; its directory is private
}

// Kind implements plan.Step.
func (*Namespace) Kind() string { return "ipc.namespace" }

// String implements plan.Step.
func (*Namespace) String() string {
	return "ipc      namespace: System V IPC and POSIX message queues of the pod"
}

// Do implements plan.Step.
func (n *Namespace) Do(ctx context.Context) error {
	return kernel.On(ctx, func(t *kernel.Thread) error {
		if err := t.Unshare(kernel.IPC); err != nil {
			return err
		}
		return kernel.Pin(t.NamespaceFile(kernel.IPC), n.Pin)
	})
}

// Undo drops the pin; the namespace goes with its last process.
func (n *Namespace) Undo(context.Context) error { return kernel.Unpin(n.Pin) }

// Shm is the step that mounts the pod's /dev/shm in the pod's mount namespace.
type Shm struct {
	Mount string // pin of the pod's mount namespace
	Size  int64  // bytes
}

// Kind implements plan.Step.
func (*Shm) Kind() string { return "ipc.shm" }

// String implements plan.Step.
func (s *Shm) String() string {
	return fmt.Sprintf("ipc      /dev/shm: tmpfs 1777, %d MiB", s.Size>>20)
}

// Do implements plan.Step.
func (s *Shm) Do(ctx context.Context) error {
	return kernel.On(ctx, func(t *kernel.Thread) error {
		if err := t.Enter(kernel.Mount, s.Mount); err != nil {
			return err
		}
		attrs := unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC
		m, err := kernel.NewMount("tmpfs", attrs, kernel.Option{Key: "mode", Value: "1777"},
			kernel.Option{Key: "size", Value: fmt.Sprint(s.Size)})
		if err != nil {
			return err
		}
		defer m.Close()
		target, err := kernel.Open(ShmTree, unix.O_PATH)
		if err != nil {
			return err
		}
		defer target.Close()
		return kernel.MoveMount(m, target)
	})
}

// Undo does nothing: the mount lives in the pod's mount namespace alone and
// goes with it.
func (*Shm) Undo(context.Context) error { return nil }

// Queues makes the mount of /dev/mqueue for the IPC namespace in which the
// calling thread is. The caller closes it.
func Queues() (*kernel.FD, error) {
	return kernel.NewMount("mqueue", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
}
