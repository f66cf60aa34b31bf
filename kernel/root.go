package kernel

import (
	"errors"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// OpenIn opens name below root as if root were "/": symlinks, absolute ones
// too, cannot lead out. flags are those of open(2); the result is close-on-exec.
func OpenIn(root *FD, name string, flags int) (*FD, error) {
	how := &unix.OpenHow{
		Flags:   uint64(flags) | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	}
	if flags&unix.O_CREAT != 0 {
		how.Mode = 0o644
	}
	for {
		n, err := unix.Openat2(root.n, name, how)
		// EAGAIN: a rename or mount elsewhere made the walk uncertain.
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, fail("open", path.Join("/", name), err)
		}
		return &FD{n, path.Join("/", name)}, nil
	}
}

// MkdirIn makes the directory name below root, with all that lead to it, and
// opens it (O_PATH). What exists is followed as OpenIn does; new directories
// get mode.
func MkdirIn(root *FD, name string, mode uint32) (*FD, error) {
	if dir, err := OpenIn(root, name, unix.O_PATH|unix.O_DIRECTORY); !errors.Is(err, unix.ENOENT) {
		return dir, err
	}
	parent, err := MkdirIn(root, path.Dir(path.Join("/", name)), mode)
	if err != nil {
		return nil, err
	}
	defer parent.Close()
	base := path.Base(path.Join("/", name))
	if err := unix.Mkdirat(parent.n, base, mode); err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, fail("mkdir", path.Join("/", name), err)
	}
	return OpenIn(root, name, unix.O_PATH|unix.O_DIRECTORY)
}

// CreateIn opens (O_PATH) the file name below root, and makes it, empty and
// with its parents, where it is missing.
func CreateIn(root *FD, name string) (*FD, error) {
	if f, err := OpenIn(root, name, unix.O_PATH); !errors.Is(err, unix.ENOENT) {
		return f, err
	}
	parent, err := MkdirIn(root, path.Dir(path.Join("/", name)), 0o755)
	if err != nil {
		return nil, err
	}
	parent.Close()
	f, err := OpenIn(root, name, unix.O_CREAT|unix.O_WRONLY|unix.O_NOCTTY)
	if err != nil {
		return nil, err
	}
	f.Close()
	return OpenIn(root, name, unix.O_PATH)
}

// IsDir tells whether f is a directory.
func (f *FD) IsDir() (bool, error) {
	var st unix.Stat_t
	if err := unix.Fstat(f.n, &st); err != nil {
		return false, fail("fstat", f.name, err)
	}
	return st.Mode&unix.S_IFMT == unix.S_IFDIR, nil
}

// Relative strips the leading slashes of an absolute path, so that it can be
// resolved from a directory.
func Relative(name string) string {
	if name = strings.TrimLeft(path.Clean(name), "/"); name == "" {
		return "."
	}
	return name
}
