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
// opens it (O_PATH). What exists is followed as OpenIn does, and so are
// symlinks to what does not exist yet; new directories get mode.
func MkdirIn(root *FD, name string, mode uint32) (*FD, error) {
	return mkdirIn(root, path.Clean("/"+name), mode, maxLinks)
}

// CreateIn opens (O_PATH) the file name below root, and makes it, empty and
// with its parents, where it is missing.
func CreateIn(root *FD, name string) (*FD, error) {
	return createIn(root, path.Clean("/"+name), maxLinks)
}

// maxLinks is how many dangling symlinks are followed, as many as a path
// resolved by the kernel may have.
const maxLinks = 40

// mkdirIn takes a name that is not cleaned: ".." after a symlink is for the
// kernel to resolve.
func mkdirIn(root *FD, name string, mode uint32, links int) (*FD, error) {
	dir, err := OpenIn(root, name, unix.O_PATH|unix.O_DIRECTORY)
	if !errors.Is(err, unix.ENOENT) {
		return dir, err
	}
	above, base := split(name)
	parent, err := mkdirIn(root, above, mode, links)
	if err != nil {
		return nil, err
	}
	defer parent.Close()
	err = unix.Mkdirat(parent.n, base, mode)
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, fail("mkdir", path.Clean(name), err)
	}
	if to, ok := parent.readlink(base); ok {
		if links == 0 {
			return nil, fail("mkdir", path.Clean(name), unix.ELOOP)
		}
		return mkdirIn(root, follow(above, to), mode, links-1)
	}
	return OpenIn(root, name, unix.O_PATH|unix.O_DIRECTORY)
}

func createIn(root *FD, name string, links int) (*FD, error) {
	if f, err := OpenIn(root, name, unix.O_PATH); !errors.Is(err, unix.ENOENT) {
		return f, err
	}
	above, base := split(name)
	parent, err := mkdirIn(root, above, 0o755, links)
	if err != nil {
		return nil, err
	}
	defer parent.Close()
	err = unix.Mknodat(parent.n, base, unix.S_IFREG|0o644, 0)
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, fail("create", path.Clean(name), err)
	}
	if to, ok := parent.readlink(base); ok {
		if links == 0 {
			return nil, fail("create", path.Clean(name), unix.ELOOP)
		}
		return createIn(root, follow(above, to), links-1)
	}
	return OpenIn(root, name, unix.O_PATH)
}

// split is path.Split without a slash at the end of dir.
func split(name string) (dir, base string) {
	dir, base = path.Split(strings.TrimRight(name, "/"))
	if dir == "" {
		return "/", base
	}
	return dir, base
}

// follow is the name that a symlink in dir leads to.
func follow(dir, to string) string {
	if path.IsAbs(to) {
		return to
	}
	return dir + "/" + to
}

func (f *FD) readlink(name string) (to string, ok bool) {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(f.n, name, buf)
	if err != nil {
		return "", false
	}
	return string(buf[:n]), true
}

// IsIn tells whether the directory f is dir or below it. f is below root.
func (f *FD) IsIn(dir, root *FD) (bool, error) {
	up, err := f.Dup()
	for err == nil {
		var same, end bool
		if same, err = up.Same(dir); same || err != nil {
			break
		}
		if end, err = up.Same(root); end || err != nil {
			return false, errors.Join(err, up.Close())
		}
		var above *FD
		if above, err = openRetry(f.name+"/..", func() (int, error) {
			return unix.Openat(up.n, "..", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		}); err == nil {
			err = up.Close()
			up = above
		}
	}
	return err == nil, errors.Join(err, up.Close())
}

// Same tells whether two descriptors are of one file.
func (f *FD) Same(other *FD) (bool, error) {
	var a, b unix.Stat_t
	if err := errors.Join(unix.Fstat(f.n, &a), unix.Fstat(other.n, &b)); err != nil {
		return false, fail("fstat", f.name, err)
	}
	return a.Dev == b.Dev && a.Ino == b.Ino, nil
}

// IsDir tells whether f is a directory.
func (f *FD) IsDir() (bool, error) {
	var st unix.Stat_t
	if err := unix.Fstat(f.n, &st); err != nil {
		return false, fail("fstat", f.name, err)
	}
	return st.Mode&unix.S_IFMT == unix.S_IFDIR, nil
}
