package volume

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
)

// Root is the directory in a pod's mount namespace that holds its volumes,
// each mounted under its name. Package sandbox mounts a small private tmpfs
// there first: below it, directories belong to that pod alone.
const Root = "/vol"

func treeOf(name string) string { return path.Join(Root, name) }

// onVolumeThread runs f on a thread that gives files exactly the modes it is
// told.
func onVolumeThread(ctx context.Context, f func(t *kernel.Thread) error) error {
	return kernel.On(ctx, func(t *kernel.Thread) error {
		if err := t.Umask(0); err != nil {
			return err
		}
		return f(t)
	})
}

// attach moves the thread into the pod's mount namespace and the detached
// mount to its place there.
func attach(t *kernel.Thread, pin, name string, mount *kernel.FD) error {
	if err := t.Enter(kernel.Mount, pin); err != nil {
		return err
	}
	if err := os.Mkdir(treeOf(name), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	target, err := kernel.Open(treeOf(name), unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if err != nil {
		return err
	}
	defer target.Close()
	return kernel.MoveMount(mount, target)
}

// detach takes back what attach did. Where the pin is gone, or is the empty
// file on which no namespace is mounted yet, the volume is gone too.
func detach(ctx context.Context, pin, name string) error {
	return kernel.On(ctx, func(t *kernel.Thread) error {
		err := t.Enter(kernel.Mount, pin)
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EINVAL) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := kernel.Unmount(treeOf(name)); err != nil {
			return err
		}
		if err := os.Remove(treeOf(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}
