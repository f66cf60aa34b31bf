package image

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// parent gives the descriptor of the directory dir, made if no entry has
// brought it. It belongs to the tree and is good until the next call.
func (u *unpacker) parent(dir string) (int, error) {
	fd, err := u.tree.dir(dir)
	if err == nil {
		return fd, nil
	}
	if !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR) {
		return -1, fmt.Errorf("parent directory: %w", err)
	}
	for i := 0; i <= len(dir); i++ {
		if i < len(dir) && dir[i] != '/' {
			continue
		}
		if err := u.imply(dir[:i]); err != nil {
			return -1, err
		}
	}
	fd, err = u.tree.dir(dir)
	if err != nil {
		return -1, fmt.Errorf("parent directory: %w", err)
	}
	return fd, nil
}

// imply makes one directory whose own parent exists.
func (u *unpacker) imply(name string) error {
	if _, err := u.tree.dir(name); err == nil {
		return nil
	}
	dir, base := splitName(name)
	parent, err := u.tree.dir(dir)
	if err != nil {
		return fmt.Errorf("parent directory: %w", err)
	}
	if err := u.count(1); err != nil {
		return err
	}
	err = unix.Mkdirat(parent, base, 0o755)
	hides := errors.Is(err, unix.EEXIST) && isWhiteout(parent, base)
	if hides {
		if err = remove(parent, base); err == nil {
			err = unix.Mkdirat(parent, base, 0o755)
		}
	}
	if errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("%w: the parent is a file, or a link that leads nowhere", ErrMalformed)
	}
	if err == nil {
		err = attributes{mode: 0o755}.applyDir(parent, base)
	}
	if err != nil {
		return fmt.Errorf("parent directory: %w", err)
	}
	// The time of 1970, so that a layer unpacks to the same everywhere.
	u.times[name] = unix.Timespec{}
	if hides {
		return setOpaque(parent, base) // nothing to take over from below
	}
	u.done.implied[name] = struct{}{}
	return u.remember(name)
}
