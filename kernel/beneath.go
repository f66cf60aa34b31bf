package kernel

import (
	"errors"

	"golang.org/x/sys/unix"
)

// OpenBeneath opens name below dir. Unlike OpenIn it refuses (EXDEV) what
// leads out of dir, by ".." or by a symlink, and does not bend it inwards. The
// result is close-on-exec.
func OpenBeneath(dir *FD, name string, flags int) (*FD, error) {
	how := &unix.OpenHow{
		Flags:   uint64(flags) | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,
	}
	for {
		n, err := unix.Openat2(dir.n, name, how)
		// EAGAIN: a rename or mount elsewhere made the walk uncertain.
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			continue
		}
		object := dir.name + "/" + name
		if errors.Is(err, unix.EXDEV) {
			return nil, &Error{Op: "open", Object: object, Err: err, Hint: "it leads out of " + dir.name}
		}
		if err != nil {
			return nil, fail("open", object, err)
		}
		return &FD{n, object}, nil
	}
}

// Mkdirat makes the directory name, one component, in dir; the thread's umask
// counts.
func Mkdirat(dir *FD, name string, mode uint32) error {
	return fail("mkdir", dir.name+"/"+name, unix.Mkdirat(dir.n, name, mode))
}

// Mode is the file mode of f as in stat(2), its type included.
func (f *FD) Mode() (uint32, error) {
	var st unix.Stat_t
	if err := unix.Fstat(f.n, &st); err != nil {
		return 0, fail("fstat", f.name, err)
	}
	return st.Mode, nil
}

// Chmod sets the permission bits of f, which is not an O_PATH descriptor, to
// exactly mode.
func (f *FD) Chmod(mode uint32) error {
	return fail("fchmod", f.name, unix.Fchmod(f.n, mode))
}

// MountID is the number by which /proc/thread-self/mountinfo calls the mount
// that f is on.
func (f *FD) MountID() (uint64, error) {
	var st unix.Statx_t
	if err := unix.Statx(f.n, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID, &st); err != nil {
		return 0, fail("statx", f.name, err)
	}
	return st.Mnt_id, nil
}
