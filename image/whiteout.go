package image

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// How a layer says that something of the layers below is gone, in an archive
// (https://github.com/opencontainers/image-spec/blob/main/layer.md) and for overlay
// (the kernel's Documentation/filesystems/overlayfs.rst).
const (
	whiteoutPrefix = ".wh."
	whiteoutOpaque = ".wh..wh..opq"

	xattrOpaque = "trusted.overlay.opaque"
)

// whiteout takes the entry ".wh."+hidden in dir.
func (u *unpacker) whiteout(dir, hidden string) error {
	switch {
	case whiteoutPrefix+hidden == whiteoutOpaque:
		return u.opaque(dir)
	case strings.HasPrefix(hidden, whiteoutPrefix):
		return nil // AUFS's own files (.wh..wh.plnk and the like) mean nothing here
	case hidden == "", hidden == ".", hidden == "..":
		return fmt.Errorf("%w: whiteout of %q", ErrEscape, hidden)
	}
	parent, err := u.parent(dir)
	if err != nil {
		return err
	}
	return u.hide(dir, parent, hidden)
}

// hide makes base a whiteout. It speaks of the layers below only: what this
// layer itself holds under that name stays, and what is below it is hidden.
func (u *unpacker) hide(dir string, parent int, base string) error {
	err := unix.Mknodat(parent, base, unix.S_IFCHR, 0)
	if errors.Is(err, unix.EEXIST) {
		if isDir(parent, base) {
			delete(u.done.implied, strings.TrimPrefix(dir+"/"+base, "/"))
			return setOpaque(parent, base)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("whiteout: %w", err)
	}
	return nil
}

func (u *unpacker) opaque(dir string) error {
	if dir == "" {
		// Overlay merges the roots of all layers in any case: whoever stacks
		// them has to leave those below out.
		u.done.opaque = true
		return nil
	}
	parent, err := u.parent(dir)
	if err != nil {
		return err
	}
	return setOpaque(parent, ".")
}

func setOpaque(parent int, base string) error {
	fd, err := unix.Openat(parent, base, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opaque directory: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.Fsetxattr(fd, xattrOpaque, []byte("y"), 0); err != nil {
		return fmt.Errorf("setxattr %s: %w", xattrOpaque, err)
	}
	return nil
}
