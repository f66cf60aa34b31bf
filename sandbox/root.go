package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/ipc"
	"github.com/minipod/minipod/kernel"
)

// Root says what a container's root filesystem is made of.
type Root struct {
	LayerRoot string   // directory that Layers are relative to
	Layers    []string // lowest first; names short enough for the 4 KiB of mount options
	Skeleton  string   // below all layers; see Ground.Skeleton
	Scratch   Scratch  // the writable layer
	ReadOnly  bool
}

// makeRoot makes the overlay, in the host's mount namespace where its layers
// can be seen. It is volatile: a writable layer is never used twice, so nobody
// needs it synced when it is unmounted.
func (s *stage) makeRoot() error {
	r := s.container.Root
	dir, err := s.keep(kernel.Open(r.LayerRoot, unix.O_PATH|unix.O_DIRECTORY))
	if err != nil {
		return err
	}
	if err := s.thread.Chdir(dir); err != nil {
		return err
	}
	// What is made in the root has exactly its mode, whatever the user's mask.
	if err := s.thread.Umask(0); err != nil {
		return err
	}
	if err := sameOwner(r.lower()[0], r.Scratch.Dir); err != nil {
		return err
	}
	s.root, err = s.keep(r.overlay())
	return err
}

// overlay mounts the root nowhere yet. The working directory is LayerRoot.
func (r *Root) overlay() (*kernel.FD, error) {
	options := []kernel.Option{
		{Key: "lowerdir", Value: strings.Join(escaped(r.lower()), ":")},
		{Key: "upperdir", Value: overlayEscape.Replace(r.Scratch.Dir)},
		{Key: "workdir", Value: overlayEscape.Replace(r.Scratch.work())},
		{Key: "volatile"},
	}
	for _, o := range options {
		// An image has up to 127 layers.
		if len(o.Value) > kernel.MaxOption {
			return kernel.NewMountAside("overlay", unix.MOUNT_ATTR_NODEV, r.Scratch.Dir, r.LayerRoot, options...)
		}
	}
	return kernel.NewMount("overlay", unix.MOUNT_ATTR_NODEV, options...)
}

// lower is the overlay's list of lower directories, topmost first.
func (r *Root) lower() []string {
	top := slices.Clone(r.Layers)
	slices.Reverse(top)
	return append(top, r.Skeleton)
}

// overlayEscape guards what would end a path in overlay's options
// (Documentation/filesystems/overlayfs.rst).
var overlayEscape = strings.NewReplacer(`\`, `\\`, ":", `\:`)

func escaped(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = overlayEscape.Replace(p)
	}
	return out
}

// sameOwner gives the directory to the mode and owner of from: the upper
// layer's are those that a container sees of its "/".
func sameOwner(from, to string) error {
	var have, want unix.Stat_t
	if err := errors.Join(unix.Stat(from, &want), unix.Stat(to, &have)); err != nil {
		return fmt.Errorf("mode of %s: %w", from, err)
	}
	if have.Uid != want.Uid || have.Gid != want.Gid {
		if err := unix.Chown(to, int(want.Uid), int(want.Gid)); err != nil {
			return fmt.Errorf("owner of %s: %w", to, err)
		}
	}
	if have.Mode != want.Mode {
		if err := unix.Chmod(to, want.Mode&0o7777); err != nil {
			return fmt.Errorf("mode of %s: %w", to, err)
		}
	}
	return nil
}

func (s *stage) placeRoot() error {
	target, err := s.keep(kernel.Open(rootTree, unix.O_PATH))
	if err != nil {
		return err
	}
	return kernel.MoveMount(s.root, target)
}

// devLinks are the symbolic links of the OCI runtime specification.
var devLinks = [][2]string{
	{"fd", "/proc/self/fd"},
	{"stdin", "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
	{"ptmx", "pts/ptmx"},
}

// placeDev gives the container a /dev of its own. The tmpfs is nodev, so that
// a node the container makes opens nothing; the standard ones are bound.
func (s *stage) placeDev() error {
	dev, err := s.keep(kernel.NewMount("tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV,
		kernel.Option{Key: "mode", Value: "0755"}, kernel.Option{Key: "size", Value: "64k"}))
	if err != nil {
		return err
	}
	target, err := s.systemDir("dev")
	if err != nil {
		return err
	}
	if err := kernel.MoveMount(dev, target); err != nil {
		return err
	}
	for _, name := range deviceNodes {
		if err := kernel.BindNode(deviceTree+"/"+name, dev, name); err != nil {
			return err
		}
	}
	for _, l := range devLinks {
		if err := unix.Symlinkat(l[1], dev.Int(), l[0]); err != nil {
			return fmt.Errorf("symlink %s: %w", l[0], err)
		}
	}
	return s.placeDevMounts(dev)
}

// placeDevMounts mounts what is the container's own (pts) and the pod's (shm,
// mqueue) below /dev.
func (s *stage) placeDevMounts(dev *kernel.FD) error {
	pts, err := s.keep(kernel.NewMount("devpts", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC,
		kernel.Option{Key: "newinstance"}, kernel.Option{Key: "ptmxmode", Value: "0666"},
		kernel.Option{Key: "mode", Value: "0620"}, kernel.Option{Key: "gid", Value: "5"}))
	if err != nil {
		return err
	}
	if err := attach(pts, dev, "pts"); err != nil {
		return err
	}
	queues, err := s.keep(ipc.Queues())
	if err != nil {
		return err
	}
	if err := attach(queues, dev, "mqueue"); err != nil {
		return err
	}
	return bindTree(ipc.ShmTree, dev, "shm")
}

// placeSys mounts the sysfs of the pod's network namespace, read-only.
func (s *stage) placeSys() error {
	sys, err := s.keep(kernel.NewMount("sysfs",
		unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC|unix.MOUNT_ATTR_NODEV))
	if err != nil {
		return err
	}
	target, err := s.systemDir("sys")
	if err != nil {
		return err
	}
	if err := kernel.MoveMount(sys, target); err != nil {
		return err
	}
	for _, path := range s.facts.sysDirs {
		empty, err := s.keep(emptyDir())
		if err != nil {
			return err
		}
		if err := attach(empty, sys, path); err != nil {
			return err
		}
	}
	return nil
}

func emptyDir() (*kernel.FD, error) {
	return kernel.NewMount("tmpfs",
		unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC|unix.MOUNT_ATTR_NODEV)
}

// checkProc makes sure that the child's mount on "proc" cannot be led away.
func (s *stage) checkProc() (err error) {
	s.proc, err = s.systemDir("proc")
	return err
}

// systemDir opens a directory at the top of the root on which minipod mounts,
// and makes it if the image removed it. A symlink of the image's could lead
// the mount over the root itself, or over another one of minipod's.
func (s *stage) systemDir(name string) (*kernel.FD, error) {
	flags := unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW
	dir, err := s.keep(kernel.OpenIn(s.root, name, flags))
	if errors.Is(err, unix.ENOENT) {
		if err := kernel.Mkdirat(s.root, name, 0o755); err != nil {
			return nil, err
		}
		dir, err = s.keep(kernel.OpenIn(s.root, name, flags))
	}
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("the image's /%s is not a directory", name)
	}
	return dir, err
}

// placeEtc mounts the pod's /etc/hosts and its like, except where a volume
// goes on the same path.
func (s *stage) placeEtc() error {
	for _, name := range s.container.Etc {
		if err := bindTree(etcTree+"/"+name, s.root, "etc/"+name); err != nil {
			return err
		}
	}
	return nil
}
