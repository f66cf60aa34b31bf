package ociarchive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// tree writes one folder to a tar stream.
type tree struct {
	out   *tar.Writer
	root  string
	links map[inode]string
}

type inode struct{ dev, ino uint64 }

func writeTree(out *tar.Writer, root string) error {
	t := &tree{out: out, root: root, links: map[inode]string{}}
	return filepath.WalkDir(root, t.visit)
}

func (t *tree) visit(path string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(t.root, path)
	if err != nil {
		return err
	}
	st := info.Sys().(*syscall.Stat_t)
	switch {
	case isWhiteout(st):
		return t.marker(filepath.Join(filepath.Dir(rel), ".wh."+filepath.Base(rel)))
	case info.Mode()&(fs.ModeDevice|fs.ModeSocket) != 0:
		return nil
	}
	return t.entry(path, rel, info, st)
}

func isWhiteout(st *syscall.Stat_t) bool {
	return st.Mode&syscall.S_IFMT == syscall.S_IFCHR && st.Rdev == 0
}

// marker is an empty file whose name alone says something.
func (t *tree) marker(rel string) error {
	return t.out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: rel, Mode: 0o644})
}

func (t *tree) entry(path, rel string, info fs.FileInfo, st *syscall.Stat_t) error {
	h, err := t.header(path, rel, info, st)
	if err != nil {
		return err
	}
	opaque, err := t.xattrs(path, info, h)
	if err != nil {
		return fmt.Errorf("xattrs of %s: %w", path, err)
	}
	if err := t.out.WriteHeader(h); err != nil {
		return err
	}
	if opaque {
		return t.marker(filepath.Join(rel, ".wh..wh..opq"))
	}
	if h.Typeflag != tar.TypeReg {
		return nil
	}
	return t.content(path)
}

func (t *tree) header(path, rel string, info fs.FileInfo, st *syscall.Stat_t) (*tar.Header, error) {
	target := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		var err error
		if target, err = os.Readlink(path); err != nil {
			return nil, err
		}
	}
	h, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return nil, err
	}
	// Numeric owners only: names would be those of this machine.
	h.Name, h.Uname, h.Gname = rel, "", ""
	// Whole seconds: a finer time costs one more kilobyte for every file.
	h.ModTime, h.AccessTime, h.ChangeTime = h.ModTime.Truncate(time.Second), time.Time{}, time.Time{}
	h.Format = tar.FormatUnknown
	if info.IsDir() {
		h.Name += "/"
	}
	if !info.IsDir() && st.Nlink > 1 {
		id := inode{st.Dev, st.Ino} //nolint:unconvert,nolintlint // the widths differ between architectures
		if first, ok := t.links[id]; ok {
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, first, 0
		} else {
			t.links[id] = rel
		}
	}
	return h, nil
}

// xattrs adds those that belong to an image and tells whether the folder
// hides what lower layers hold.
func (t *tree) xattrs(path string, info fs.FileInfo, h *tar.Header) (opaque bool, err error) {
	if info.Mode()&fs.ModeSymlink != 0 || h.Typeflag == tar.TypeLink {
		return false, nil
	}
	buf := make([]byte, 64<<10)
	n, err := unix.Llistxattr(path, buf)
	if errors.Is(err, unix.ENOTSUP) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(buf[:n]), "\x00"), "\x00") {
		opaque = opaque || name == "trusted.overlay.opaque"
		if name != "security.capability" && !strings.HasPrefix(name, "user.") {
			continue
		}
		value := make([]byte, 64<<10)
		n, err := unix.Lgetxattr(path, name, value)
		if err != nil {
			return false, err
		}
		if h.PAXRecords == nil {
			h.PAXRecords = map[string]string{}
		}
		h.PAXRecords["SCHILY.xattr."+name] = string(value[:n])
	}
	return opaque, nil
}

func (t *tree) content(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(t.out, f)
	return err
}
