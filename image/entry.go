package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sys/unix"
)

// replacing makes something that must not exist yet; if something does, it is
// removed first, as a later entry of a layer replaces an earlier one.
func (u *unpacker) replacing(parent int, base, what string, mk func() error) error {
	err := mk()
	if errors.Is(err, unix.EEXIST) {
		if isDir(parent, base) {
			u.tree.forget()
		}
		if err := remove(parent, base); err != nil {
			return fmt.Errorf("replace: %w", err)
		}
		err = mk()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (u *unpacker) file(h *tar.Header, r io.Reader, parent int, base string, a attributes) error {
	if h.Size < 0 || h.Size > u.limits.Bytes-u.done.bytes {
		return tooMany("bytes", u.limits.Bytes)
	}
	u.done.bytes += h.Size
	fd := -1
	err := u.replacing(parent, base, "create", func() (err error) {
		fd, err = unix.Openat(parent, base, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	err = u.copy(fd, r, h.Size)
	if err == nil {
		err = a.applyFile(fd, parent, base)
	}
	if cerr := unix.Close(fd); err == nil && cerr != nil {
		err = fmt.Errorf("close: %w", cerr)
	}
	return err
}

func (u *unpacker) copy(fd int, r io.Reader, size int64) error {
	for size > 0 {
		if err := u.ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(r, u.buf[:min(size, int64(len(u.buf)))])
		if err != nil {
			return streamError(err)
		}
		if err := writeAll(fd, u.buf[:n]); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		size -= int64(n)
	}
	return nil
}

func writeAll(fd int, p []byte) error {
	for len(p) > 0 {
		n, err := unix.Write(fd, p)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

func (u *unpacker) directory(dir string, parent int, base string, a attributes) error {
	hides := isWhiteout(parent, base)
	err := unix.Mkdirat(parent, base, 0o700)
	if errors.Is(err, unix.EEXIST) && !isDir(parent, base) {
		if err = remove(parent, base); err == nil {
			err = unix.Mkdirat(parent, base, 0o700)
		}
	}
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("create directory: %w", err)
	}
	name := strings.TrimPrefix(dir+"/"+base, "/")
	delete(u.done.implied, name)
	u.times[name] = a.mtime
	if err := u.remember(name); err != nil {
		return err
	}
	if hides {
		// Both entries say: gone is what was below, here is a new one.
		if err := setOpaque(parent, base); err != nil {
			return err
		}
	}
	return a.applyDir(parent, base)
}

func (u *unpacker) symlink(target string, parent int, base string, a attributes) error {
	// The target may be anything: it is resolved in the container's root.
	err := u.replacing(parent, base, "create symbolic link", func() error {
		return unix.Symlinkat(target, parent, base)
	})
	if err != nil {
		return err
	}
	return a.applyLink(parent, base)
}

func (u *unpacker) hardLink(target string, parent int, base string) error {
	// A leading slash means the layer's root, as some builders write it.
	name, err := cleanName(strings.TrimLeft(target, "/"))
	if err != nil {
		return fmt.Errorf("hard link to %s: %w", printable(target), err)
	}
	dir, last := splitName(name)
	from, err := u.tree.open(dir, unix.O_DIRECTORY)
	if err == nil {
		defer unix.Close(from)
		if same(from, last, parent, base) {
			return nil
		}
		err = u.replacing(parent, base, "link", func() error { return unix.Linkat(from, last, parent, base, 0) })
	}
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.EPERM), errors.Is(err, unix.EXDEV):
		return fmt.Errorf("%w: hard link to %s, which is no file of this layer", ErrEscape, printable(target))
	case err != nil:
		return fmt.Errorf("hard link to %s: %w", printable(target), err)
	}
	return nil
}

func same(fd1 int, base1 string, fd2 int, base2 string) bool {
	var a, b unix.Stat_t
	return unix.Fstatat(fd1, base1, &a, unix.AT_SYMLINK_NOFOLLOW) == nil &&
		unix.Fstatat(fd2, base2, &b, unix.AT_SYMLINK_NOFOLLOW) == nil &&
		a.Ino == b.Ino && a.Dev == b.Dev
}

func (u *unpacker) fifo(parent int, base string, a attributes) error {
	err := u.replacing(parent, base, "create fifo", func() error {
		return unix.Mknodat(parent, base, unix.S_IFIFO|0o600, 0)
	})
	if err != nil {
		return err
	}
	return a.applyNode(parent, base)
}

// device refuses every node but 0/0, by which archives made from an upper
// directory of overlay say that something is gone.
func (u *unpacker) device(h *tar.Header, dir string, parent int, base string) error {
	if h.Typeflag == tar.TypeChar && h.Devmajor == 0 && h.Devminor == 0 {
		return u.hide(dir, parent, base)
	}
	return fmt.Errorf("%w (%d:%d): leave it out of the archive, containers get their own /dev", ErrDevice, h.Devmajor, h.Devminor)
}
