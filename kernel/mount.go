package kernel

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Option is one parameter of a file system; an empty Value makes it a flag.
type Option struct{ Key, Value string }

// NewMount makes a file system that is mounted nowhere yet: fsopen, fsconfig,
// fsmount. attrs are MOUNT_ATTR_* flags. The thread's namespaces at this
// moment are those that the file system belongs to (mqueue: IPC).
func NewMount(fstype string, attrs int, options ...Option) (*FD, error) {
	n, err := unix.Fsopen(fstype, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, fail("fsopen", fstype, err)
	}
	fs := &FD{n, fstype}
	defer fs.Close()
	for _, o := range options {
		if o.Value == "" {
			err = unix.FsconfigSetFlag(n, o.Key)
		} else {
			err = unix.FsconfigSetString(n, o.Key, o.Value)
		}
		if err != nil {
			return nil, fail("fsconfig", fstype+" "+o.Key+"="+o.Value, fsError(n, err))
		}
	}
	if err := unix.FsconfigCreate(n); err != nil {
		return nil, fail("fsconfig", fstype, fsError(n, err))
	}
	m, err := unix.Fsmount(n, unix.FSMOUNT_CLOEXEC, attrs)
	if err != nil {
		return nil, fail("fsmount", fstype, err)
	}
	return &FD{m, fstype}, nil
}

// fsError adds what the file system wrote into its context about the failure.
func fsError(fs int, err error) error {
	buf := make([]byte, 512)
	n, rerr := unix.Read(fs, buf)
	if rerr != nil || n < 3 {
		return err
	}
	return &detail{err, string(buf[2:n])} // "e message"
}

type detail struct {
	err  error
	text string
}

func (d *detail) Error() string { return d.text + ": " + d.err.Error() }
func (d *detail) Unwrap() error { return d.err }

// CloneTree copies the mount at fd (an O_PATH descriptor; with recursive also
// those below it) into a detached one.
func CloneTree(fd *FD, recursive bool) (*FD, error) {
	flags := uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_EMPTY_PATH)
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	n, err := unix.OpenTree(fd.n, "", flags)
	if err != nil {
		return nil, fail("open_tree", fd.name, err)
	}
	return &FD{n, fd.name}, nil
}

// MoveMount attaches the detached mount at target, which is an O_PATH
// descriptor, so that no symlink can lead the mount elsewhere.
func MoveMount(mount, target *FD) error {
	return fail("move_mount", mount.name+" on "+target.name,
		unix.MoveMount(mount.n, "", target.n, "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH))
}

// SetMountAttr sets MOUNT_ATTR_* flags and the propagation (MS_PRIVATE,
// MS_SLAVE, MS_SHARED; 0 leaves it) of a mount.
func SetMountAttr(mount *FD, recursive bool, set, propagation uint64) error {
	flags := uint(unix.AT_EMPTY_PATH)
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	attr := &unix.MountAttr{Attr_set: set, Propagation: propagation}
	return fail("mount_setattr", mount.name, unix.MountSetattr(mount.n, "", flags, attr))
}

// Bind mounts what source names on the file or directory target. Both paths
// are minipod's own: neither may pass through an image or a volume.
func Bind(source, target string) error {
	return fail("mount", source+" on "+target, unix.Mount(source, target, "", unix.MS_BIND, ""))
}

// BindNode mounts the file that source names on name in dir, a directory that
// nobody else can write to; name is created there.
func BindNode(source string, dir *FD, name string) error {
	n, err := unix.OpenTree(unix.AT_FDCWD, source, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return fail("open_tree", source, err)
	}
	tree := &FD{n, source}
	defer tree.Close()
	if err := unix.Mknodat(dir.n, name, unix.S_IFREG|0o666, 0); err != nil {
		return fail("mknod", name, err)
	}
	return fail("move_mount", source+" on "+name, unix.MoveMount(n, "", dir.n, name, unix.MOVE_MOUNT_F_EMPTY_PATH))
}

// MakePrivate ends the propagation between the mount at path and its peers,
// recursively.
func MakePrivate(path string) error {
	return fail("mount", path+" (private)", unix.Mount("", path, "", unix.MS_REC|unix.MS_PRIVATE, ""))
}

// Unmount detaches the mount at path with all that is below it. A path that
// is no mount point, or does not exist, is no error.
func Unmount(path string) error {
	err := unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) {
		return nil
	}
	return fail("umount", path, err)
}

// PivotRoot makes dir the thread's root and lets go of the old one. The
// thread must be in a mount namespace of its own, in which dir is a mount.
func (t *Thread) PivotRoot(dir *FD) error {
	if err := t.Chdir(dir); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fail("pivot_root", dir.name, err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fail("umount", "old root", err)
	}
	return fail("chdir", "/", unix.Chdir("/"))
}
