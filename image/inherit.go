package image

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// inherit gives the directories that a layer only implies the attributes that
// they have in the layers below. Overlay shows those of the highest layer: a
// layer which holds "tmp/x" and no entry for "tmp" would turn /tmp from 1777
// to 0755. Lower are the directories of the layers below, the lowest first.
// After that the directory is good for this stack only.
func inherit(dir string, implied map[string]struct{}, lower []string) error {
	own, err := openTree(dir)
	if err != nil {
		return err
	}
	defer own.close()
	open, err := openLower(lower)
	defer closeAll(open)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(implied)) {
		a, found := below(open, name)
		if !found {
			continue
		}
		if err := takeOver(own, name, a); err != nil {
			return fmt.Errorf("attributes of %s: %w", printable(name), err)
		}
	}
	return nil
}

// openLower gives the highest layer first, the order of looking.
func openLower(dirs []string) (open []*tree, err error) {
	for _, d := range slices.Backward(dirs) {
		t, err := openTree(d)
		if err != nil {
			return open, err
		}
		open = append(open, t)
	}
	return open, nil
}

func closeAll(trees []*tree) {
	for _, t := range trees {
		t.close()
	}
}

// below looks for the directory name as overlay would show it.
func below(lower []*tree, name string) (attributes, bool) {
	for _, t := range lower {
		st, hidden := t.shown(name)
		if st != nil {
			return attributes{
				uid: int(st.Uid), gid: int(st.Gid), mode: st.Mode & 0o7777,
				mtime: unix.Timespec{Sec: st.Mtim.Sec, Nsec: st.Mtim.Nsec},
			}, true
		}
		if hidden {
			break
		}
	}
	return attributes{}, false
}

// shown stats the directory name in one layer. Without one, hidden says
// whether the layer hides the layers below at that place.
func (t *tree) shown(name string) (dir *unix.Stat_t, hidden bool) {
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '/' {
			continue
		}
		fd, err := t.open(name[:i], unix.O_NOFOLLOW)
		if err != nil {
			return nil, hidden || !errors.Is(err, unix.ENOENT)
		}
		var st unix.Stat_t
		err = unix.Fstat(fd, &st)
		opaque := isOpaque(fd)
		_ = unix.Close(fd)
		switch {
		case err != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR:
			return nil, true // a file, a link or a whiteout in the way
		case i == len(name):
			return &st, true
		}
		hidden = hidden || opaque
	}
	return nil, hidden
}

func isOpaque(pathFd int) bool {
	fd, err := unix.Openat(pathFd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	v := make([]byte, 1)
	n, err := unix.Fgetxattr(fd, xattrOpaque, v)
	return err == nil && strings.HasPrefix(string(v[:n]), "y")
}

func takeOver(own *tree, name string, a attributes) error {
	dir, base := splitName(name)
	parent, err := own.dir(dir)
	if errors.Is(err, unix.ENOENT) || err == nil && !isDir(parent, base) {
		return nil // replaced by a later entry
	}
	if err != nil {
		return err
	}
	return errors.Join(a.applyDir(parent, base), a.setTime(parent, base))
}
