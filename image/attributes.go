package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// attributes are what an entry says about a file besides its content. The
// zero value is root's, mode 0, of 1970.
type attributes struct {
	uid, gid int
	mode     uint32
	mtime    unix.Timespec
	xattrs   map[string]string
}

func attributesOf(h *tar.Header) (attributes, error) {
	a := attributes{uid: h.Uid, gid: h.Gid, mode: uint32(h.Mode & 0o7777), mtime: timespec(h.ModTime)}
	// The largest number means "leave it" to chown.
	if uint64(a.uid) >= math.MaxUint32 || uint64(a.gid) >= math.MaxUint32 {
		return a, fmt.Errorf("%w: owner %d:%d", ErrMalformed, a.uid, a.gid)
	}
	for key, value := range h.PAXRecords {
		name, ok := strings.CutPrefix(key, "SCHILY.xattr.")
		if !ok {
			continue
		}
		if strings.HasPrefix(name, "trusted.overlay.") {
			// Such a layer could redirect directories of the layers below.
			return a, fmt.Errorf("%w: attribute %s", ErrUnsupported, printable(name))
		}
		if keptXattr(name) {
			if a.xattrs == nil {
				a.xattrs = map[string]string{}
			}
			a.xattrs[name] = value
		}
	}
	return a, nil
}

// keptXattr leaves out what belongs to the machine on which the archive was
// made, as security.selinux does.
func keptXattr(name string) bool {
	return strings.HasPrefix(name, "user.") || name == "security.capability" ||
		strings.HasPrefix(name, "system.posix_acl_")
}

func timespec(t time.Time) unix.Timespec {
	if t.IsZero() {
		return unix.Timespec{}
	}
	return unix.Timespec{Sec: t.Unix(), Nsec: int64(t.Nanosecond())}
}

// applyFile goes by the open file, and sets mode and attributes after the
// owner: chown clears set-id bits and file capabilities.
func (a attributes) applyFile(fd, parent int, base string) error {
	if err := unix.Fchown(fd, a.uid, a.gid); err != nil {
		return fmt.Errorf("chown %d:%d: %w", a.uid, a.gid, err)
	}
	if err := unix.Fchmod(fd, a.mode); err != nil {
		return fmt.Errorf("chmod %#o: %w", a.mode, err)
	}
	if err := a.setXattrs(fd); err != nil {
		return err
	}
	return a.setTime(parent, base)
}

// applyDir leaves the time for later.
func (a attributes) applyDir(parent int, base string) error {
	fd, err := unix.Openat(parent, base, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open directory: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.Fchown(fd, a.uid, a.gid); err != nil {
		return fmt.Errorf("chown %d:%d: %w", a.uid, a.gid, err)
	}
	if err := unix.Fchmod(fd, a.mode); err != nil {
		return fmt.Errorf("chmod %#o: %w", a.mode, err)
	}
	return a.setXattrs(fd)
}

// applyNode is for what must not be opened. The caller has just made base, so
// that it is no symbolic link for chmod to follow.
func (a attributes) applyNode(parent int, base string) error {
	if err := unix.Fchownat(parent, base, a.uid, a.gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("chown %d:%d: %w", a.uid, a.gid, err)
	}
	if err := unix.Fchmodat(parent, base, a.mode, 0); err != nil {
		return fmt.Errorf("chmod %#o: %w", a.mode, err)
	}
	return a.setTime(parent, base)
}

func (a attributes) applyLink(parent int, base string) error {
	if err := unix.Fchownat(parent, base, a.uid, a.gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("chown %d:%d: %w", a.uid, a.gid, err)
	}
	return a.setTime(parent, base)
}

func (a attributes) setTime(parent int, base string) error {
	if err := unix.UtimesNanoAt(parent, base, []unix.Timespec{a.mtime, a.mtime}, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("time: %w", err)
	}
	return nil
}

func (a attributes) setXattrs(fd int) error {
	for name, value := range a.xattrs {
		err := unix.Fsetxattr(fd, name, []byte(value), 0)
		if errors.Is(err, unix.ENOTSUP) && strings.HasPrefix(name, "user.") {
			continue // file systems without them are common, programs that need them are not
		}
		if err != nil {
			return fmt.Errorf("setxattr %s: %w", printable(name), err)
		}
	}
	return nil
}
