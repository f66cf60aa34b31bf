package image

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// tree is the directory into which one layer is unpacked. Every name is
// resolved by the kernel with that directory as its root, so that a symbolic
// link made by an earlier entry cannot lead a later one out of it.
type tree struct {
	fd int
	// The parent of the entry before is mostly that of the next one too.
	last   string
	lastFd int
	stale  bool
}

func openTree(dir string) (*tree, error) {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	return &tree{fd: fd, lastFd: -1}, nil
}

func (t *tree) close() {
	t.remember("", -1)
	_ = unix.Close(t.fd)
}

func (t *tree) remember(name string, fd int) {
	if t.lastFd >= 0 {
		_ = unix.Close(t.lastFd)
	}
	t.last, t.lastFd, t.stale = name, fd, false
}

// forget must be called when a directory is removed: the cached one may have
// been below it. The descriptor stays open, as it may be in use.
func (t *tree) forget() { t.stale = true }

// open resolves name ("" is the tree itself) and gives an O_PATH descriptor,
// which the caller closes. How adds open flags.
func (t *tree) open(name string, how uint64) (int, error) {
	if name == "" {
		name = "."
	}
	for {
		fd, err := unix.Openat2(t.fd, name, &unix.OpenHow{
			Flags:   unix.O_PATH | unix.O_CLOEXEC | how,
			Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
		})
		// EAGAIN: something was renamed on this machine while the kernel
		// went through a "..", and it cannot tell whether it was deceived.
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		return fd, err
	}
}

// dir gives an O_PATH descriptor of an existing directory. It belongs to the
// tree and is good until the next call.
func (t *tree) dir(name string) (int, error) {
	if name == "" {
		return t.fd, nil
	}
	if t.lastFd >= 0 && t.last == name && !t.stale {
		return t.lastFd, nil
	}
	fd, err := t.open(name, unix.O_DIRECTORY)
	if err != nil {
		return -1, err
	}
	t.remember(name, fd)
	return fd, nil
}

// cleanName cleans the name of an entry: relative to the tree, without "." and
// empty parts; "" is the tree itself.
func cleanName(raw string) (string, error) {
	switch {
	case raw == "":
		return "", fmt.Errorf("%w: entry without a name", ErrMalformed)
	case len(raw) >= mostPath:
		return "", fmt.Errorf("%w of %d bytes for a name", ErrTooBig, mostPath)
	case strings.ContainsRune(raw, 0):
		return "", fmt.Errorf("%w: name with a zero byte", ErrMalformed)
	case raw[0] == '/' && strings.Trim(raw, "/") != "":
		return "", fmt.Errorf("%w: the name is absolute", ErrEscape)
	}
	for part := range strings.SplitSeq(raw, "/") {
		if part == ".." {
			return "", fmt.Errorf(`%w: the name contains ".."`, ErrEscape)
		}
	}
	return strings.TrimPrefix(path.Clean("/"+raw), "/"), nil
}

// splitName parts a clean name into parent and last part.
func splitName(name string) (dir, base string) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return "", name
	}
	return name[:i], name[i+1:]
}

// remove deletes base in the directory dirfd, with everything below it.
// Symbolic links are removed, not followed.
func remove(dirfd int, base string) error {
	err := unix.Unlinkat(dirfd, base, 0)
	if !errors.Is(err, unix.EISDIR) {
		return err
	}
	fd, err := unix.Openat(dirfd, base, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), base)
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := remove(fd, n); err != nil {
			return err
		}
	}
	return unix.Unlinkat(dirfd, base, unix.AT_REMOVEDIR)
}

// isWhiteout reports whether base in dirfd is what overlay takes for "not
// there, whatever is below".
func isWhiteout(dirfd int, base string) bool {
	var st unix.Stat_t
	err := unix.Fstatat(dirfd, base, &st, unix.AT_SYMLINK_NOFOLLOW)
	return err == nil && st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == 0
}

func isDir(dirfd int, base string) bool {
	var st unix.Stat_t
	err := unix.Fstatat(dirfd, base, &st, unix.AT_SYMLINK_NOFOLLOW)
	return err == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR
}
