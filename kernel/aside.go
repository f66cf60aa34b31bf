package kernel

import (
	"strings"

	"golang.org/x/sys/unix"
)

// MaxOption is how many bytes of a value fsconfig(2) takes, and so NewMount.
const MaxOption = 255

// NewMountAside is NewMount for longer values: it goes by mount(2), which takes
// 4095 bytes for all of them together. A thread in a mount namespace of its own
// mounts on the directory place, so the host's mount table never shows it, and
// gives the mount back detached. Relative paths in values start at dir: a path,
// as a descriptor would lead back into the namespace it was opened in.
func NewMountAside(fstype string, attrs int, place, dir string, options ...Option) (m *FD, err error) {
	err = OnThread(func(t *Thread) error {
		if err := t.Unshare(Mount); err != nil {
			return err
		}
		if err := MakePrivate("/"); err != nil {
			return err
		}
		start, err := Open(dir, unix.O_PATH)
		if err != nil {
			return err
		}
		defer start.Close()
		if err := t.Chdir(start); err != nil {
			return err
		}
		if err := unix.Mount(fstype, place, fstype, 0, joined(options)); err != nil {
			return fail("mount", fstype+" "+joined(options), err)
		}
		at, err := Open(place, unix.O_PATH)
		if err != nil {
			return err
		}
		defer at.Close()
		if m, err = CloneTree(at, false); err != nil {
			return err
		}
		return SetMountAttr(m, false, uint64(attrs), unix.MS_PRIVATE)
	})
	return m, err
}

func joined(options []Option) string {
	list := make([]string, len(options))
	for i, o := range options {
		list[i] = o.Key
		if o.Value != "" {
			list[i] += "=" + strings.ReplaceAll(o.Value, ",", `\,`)
		}
	}
	return strings.Join(list, ",")
}
