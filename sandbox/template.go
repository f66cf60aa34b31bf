package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/ipc"
	"github.com/minipod/minipod/kernel"
)

// The directories of the template, and so of every pod's mount namespace.
const (
	rootTree   = "/root" // a container's root filesystem is built here
	volumeTree = "/vol"  // the pod's volumes, each under its name
	etcTree    = "/vol/.etc"
	deviceTree = "/dev"
)

// deviceNodes are those of the OCI runtime specification's default devices.
var deviceNodes = []string{"null", "zero", "full", "random", "urandom", "tty"}

// makeTemplate builds and pins the template. What is left of an attempt that
// died half way is replaced.
func (g *Ground) makeTemplate(ctx context.Context) error {
	if err := os.Remove(g.Template()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return kernel.On(ctx, func(t *kernel.Thread) error {
		if err := t.Unshare(kernel.Mount); err != nil {
			return err
		}
		if err := kernel.MakePrivate("/"); err != nil {
			return err
		}
		root, err := g.emptyRoot()
		if err != nil {
			return err
		}
		defer root.Close()
		if err := bindDevices(root); err != nil {
			return err
		}
		if err := t.PivotRoot(root); err != nil {
			return err
		}
		return t.PinMount(g.Template())
	})
}

// emptyRoot mounts the template's tmpfs over the pins, in this thread's copy
// of the mount table only, with its directories made.
func (g *Ground) emptyRoot() (*kernel.FD, error) {
	root, err := kernel.NewMount("tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC,
		kernel.Option{Key: "mode", Value: "0700"}, kernel.Option{Key: "size", Value: "64k"})
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{rootTree, volumeTree, ipc.ShmTree, deviceTree} {
		d, err := kernel.MkdirIn(root, dir, 0o700)
		if err != nil {
			return nil, errors.Join(err, root.Close())
		}
		d.Close()
	}
	target, err := kernel.Open(g.Dir, unix.O_PATH)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	defer target.Close()
	if err := kernel.MoveMount(root, target); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return root, nil
}

// bindDevices brings the host's standard device nodes into the template.
// Bound, they work although every tmpfs and root filesystem is nodev.
func bindDevices(root *kernel.FD) error {
	for _, name := range deviceNodes {
		if err := bindTree("/dev/"+name, root, "dev/"+name); err != nil {
			return err
		}
	}
	return nil
}

// bindTree mounts what source names (in the thread's namespace) on the file
// name below root, which is created.
func bindTree(source string, root *kernel.FD, name string) error {
	from, err := kernel.Open(source, unix.O_PATH)
	if err != nil {
		return err
	}
	defer from.Close()
	tree, err := kernel.CloneTree(from, false)
	if err != nil {
		return err
	}
	defer tree.Close()
	return attach(tree, root, name)
}

// attach mounts a detached tree on name below root, and makes a directory or
// an empty file there if need be.
func attach(tree, root *kernel.FD, name string) error {
	target, err := mountPoint(tree, root, name)
	if err != nil {
		return err
	}
	defer target.Close()
	return kernel.MoveMount(tree, target)
}

// mountPoint opens what tree is to be mounted on.
func mountPoint(tree, root *kernel.FD, name string) (*kernel.FD, error) {
	dir, err := tree.IsDir()
	if err != nil {
		return nil, err
	}
	if dir {
		return kernel.MkdirIn(root, name, 0o755)
	}
	at, err := kernel.CreateIn(root, name)
	if err != nil {
		return nil, err
	}
	// The kernel would only say "invalid argument".
	if dir, err := at.IsDir(); dir || err != nil {
		return nil, errors.Join(fmt.Errorf("%s is a directory, and %s a file", at.Name(), tree.Name()), err, at.Close())
	}
	return at, nil
}
