package image

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
)

// unpackTo unpacks the entries into a new directory.
func unpackTo(t testing.TB, entries ...entry) (string, unpacked) {
	t.Helper()
	ability.Need(t, ability.Root)
	root := t.TempDir()
	must(t, os.Chmod(root, 0o755))
	u, err := unpack(t.Context(), bytes.NewReader(tarOf(t, entries...)), root, Limits{})
	must(t, err)
	return root, u
}

func stat(t testing.TB, elem ...string) unix.Stat_t {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(filepath.Join(elem...), &st); err != nil {
		t.Fatalf("%v: %v", elem, err)
	}
	return st
}

func owned(e entry, uid, gid int, mode int64) entry {
	e.Uid, e.Gid, e.Mode = uid, gid, mode
	return e
}

func TestAttributes(t *testing.T) {
	fifo := entry{tar.Header{Typeflag: tar.TypeFifo, Name: "d/fifo"}, ""}
	root, u := unpackTo(t,
		owned(dir("./", 0), 1, 2, 0o711),
		owned(dir("d", 0), 3, 4, 0o1777),
		owned(file("d/suid", "body"), 5, 6, 0o6755),
		owned(file("d/none", ""), 7, 8, 0),
		owned(symlink("d/link", "/not/../here"), 9, 10, 0o777),
		owned(fifo, 11, 12, 0o622),
		hardlink("hard", "d/suid"),
		hardlink("hard2", "/d/suid"),
		owned(dir("d/set", 0), 13, 14, 0o2775),
		file("d/set/in", ""),
	)
	for _, w := range []struct {
		name     string
		uid, gid uint32
		mode     uint32
	}{
		{".", 1, 2, unix.S_IFDIR | 0o711},
		{"d", 3, 4, unix.S_IFDIR | 0o1777},
		{"d/suid", 5, 6, unix.S_IFREG | 0o6755},
		{"hard", 5, 6, unix.S_IFREG | 0o6755},
		{"d/none", 7, 8, unix.S_IFREG},
		{"d/link", 9, 10, unix.S_IFLNK | 0o777},
		{"d/fifo", 11, 12, unix.S_IFIFO | 0o622},
		{"d/set", 13, 14, unix.S_IFDIR | 0o2775},
		{"d/set/in", 0, 0, unix.S_IFREG | 0o644},
	} {
		st := stat(t, root, w.name)
		if st.Uid != w.uid || st.Gid != w.gid || st.Mode != w.mode {
			t.Errorf("%s: %d:%d %o, want %d:%d %o", w.name, st.Uid, st.Gid, st.Mode, w.uid, w.gid, w.mode)
		}
		if got := time.Unix(st.Mtim.Unix()); !got.Equal(aTime) {
			t.Errorf("%s: time is %v", w.name, got)
		}
	}
	if a, b, c := stat(t, root, "hard"), stat(t, root, "hard2"), stat(t, root, "d/suid"); a.Ino != b.Ino || b.Ino != c.Ino {
		t.Error("hard links are files of their own")
	}
	if to, _ := os.Readlink(filepath.Join(root, "d/link")); to != "/not/../here" {
		t.Errorf("link leads to %q", to)
	}
	if u.bytes != 4 || u.files != 10 || len(u.implied) != 0 {
		t.Errorf("counted %+v", u)
	}
}

func TestXattrs(t *testing.T) {
	capability := string([]byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	root, _ := unpackTo(t,
		owned(withXattr(file("ping", "x"), "security.capability", capability), 1, 1, 0o755),
		withXattr(dir("d", 0o755), "user.note", "hello"),
		withXattr(file("label", ""), "security.selinux", "system_u"),
	)
	for _, w := range []struct{ file, name, value string }{
		{"ping", "security.capability", capability}, {"d", "user.note", "hello"}, {"label", "security.selinux", ""},
	} {
		b := make([]byte, 100)
		n, err := unix.Lgetxattr(filepath.Join(root, w.file), w.name, b)
		if string(b[:max(n, 0)]) != w.value {
			t.Errorf("%s of %s is %q (%v)", w.name, w.file, b[:max(n, 0)], err)
		}
	}
}

func opaqueFlag(t testing.TB, elem ...string) bool {
	t.Helper()
	b := make([]byte, 1)
	n, err := unix.Lgetxattr(filepath.Join(elem...), xattrOpaque, b)
	return err == nil && n == 1 && b[0] == 'y'
}

func TestWhiteouts(t *testing.T) {
	root, u := unpackTo(t,
		dir("d", 0o755), file("d/.wh.gone", ""), file("implied/.wh.gone", ""),
		dir("o", 0o755), file("o/.wh..wh..opq", ""), file("o/new", ""),
		file(".wh..wh.plnk", ""),
		// In one layer both ways round: the new one stays, the old is hidden.
		file(".wh.first", ""), dir("first", 0o755),
		dir("second", 0o755), file(".wh.second", ""),
		file(".wh.file", ""), file("file", "new"),
		file(".wh.under", ""), file("under/new", "x"),
		entry{tar.Header{Typeflag: tar.TypeChar, Name: "node"}, ""},
	)
	for _, name := range []string{"d/gone", "implied/gone", "node"} {
		if st := stat(t, root, name); st.Mode&unix.S_IFMT != unix.S_IFCHR || st.Rdev != 0 {
			t.Errorf("%s is no whiteout: %o", name, st.Mode)
		}
	}
	for name, want := range map[string]bool{"o": true, "first": true, "second": true, "under": true, "d": false, "implied": false} {
		if got := opaqueFlag(t, root, name); got != want {
			t.Errorf("%s opaque: %v", name, got)
		}
	}
	if b, _ := os.ReadFile(filepath.Join(root, "file")); string(b) != "new" {
		t.Errorf("file holds %q", b)
	}
	left, err := filepath.Glob(filepath.Join(root, ".wh*"))
	must(t, err)
	if len(left) != 0 || u.opaque {
		t.Errorf("left: %v, opaque: %v", left, u.opaque)
	}
	if _, u := unpackTo(t, file("./.wh..wh..opq", "")); !u.opaque {
		t.Error("a layer whose root is opaque hides nothing")
	}
}

func TestLaterEntryReplacesEarlier(t *testing.T) {
	root, _ := unpackTo(t,
		file("a", "1"), file("a", "22"),
		dir("b", 0o755), file("b/in/deep", "x"), symlink("b", "c"), dir("c", 0o755), file("b/x", "through"),
		symlink("l", "a"), file("l", "own"),
		file("f", "x"), dir("f", 0o700), file("f/x", ""),
		dir("k", 0o700), file("k/x", "stays"), dir("k", 0o755),
		file("h", "x"), hardlink("h", "h"),
	)
	for name, want := range map[string]string{"a": "22", "c/x": "through", "l": "own", "f/x": "", "k/x": "stays", "h": "x"} {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || string(b) != want {
			t.Errorf("%s holds %q, %v", name, b, err)
		}
	}
	if st := stat(t, root, "k"); st.Mode&0o7777 != 0o755 {
		t.Errorf("k has mode %o", st.Mode)
	}
}
