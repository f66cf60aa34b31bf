package image

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sys/unix"
)

// unpacked is what is known about a layer after it was unpacked.
type unpacked struct {
	bytes, files int64
	opaque       bool // hides all layers below
	// implied are directories that hold entries and are none themselves:
	// their attributes are those of the layers below.
	implied map[string]struct{}
}

// unpacker carries one layer from a tar stream into a directory, in the form
// that overlay takes for a lower layer.
type unpacker struct {
	ctx    context.Context
	tree   *tree
	limits Limits
	done   unpacked

	// Times of directories are set last, as every entry changes them.
	times map[string]unix.Timespec
	names int64 // bytes in the keys of times and done.implied
	buf   []byte
}

// unpack reads a tar stream to its end marker and writes what it holds into
// dir, which exists and is empty. Errors are *entryError where an entry is to
// blame. When it fails, dir holds a part.
func unpack(ctx context.Context, r io.Reader, dir string, limits Limits) (unpacked, error) {
	t, err := openTree(dir)
	if err != nil {
		return unpacked{}, err
	}
	defer t.close()
	u := &unpacker{
		ctx: ctx, tree: t, limits: limits.orDefault(),
		done:  unpacked{implied: map[string]struct{}{}},
		times: map[string]unix.Timespec{},
		buf:   make([]byte, 256<<10),
	}
	if err := u.all(tar.NewReader(r)); err != nil {
		return unpacked{}, err
	}
	return u.done, u.setTimes()
}

func (u *unpacker) all(tr *tar.Reader) error {
	for {
		if err := u.ctx.Err(); err != nil {
			return err
		}
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return streamError(err)
		}
		if err := u.one(h, tr); err != nil {
			return &entryError{h.Name, err}
		}
	}
}

// entryError is a LayerError whose layer is filled in by who knows it.
type entryError struct {
	name string
	err  error
}

func (e *entryError) Error() string { return printable(e.name) + ": " + e.err.Error() }
func (e *entryError) Unwrap() error { return e.err }

func (u *unpacker) one(h *tar.Header, r io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	name, err := cleanName(h.Name)
	if err != nil {
		return err
	}
	if err := u.count(1); err != nil {
		return err
	}
	dir, base := splitName(name)
	if hidden, ok := strings.CutPrefix(base, whiteoutPrefix); ok {
		return u.whiteout(dir, hidden)
	}
	a, err := attributesOf(h)
	if err != nil {
		return err
	}
	if name == "" {
		return u.root(h, a)
	}
	return u.create(h, r, dir, base, a)
}

func (u *unpacker) create(h *tar.Header, r io.Reader, dir, base string, a attributes) error {
	parent, err := u.parent(dir)
	if err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
		return u.file(h, r, parent, base, a)
	case tar.TypeDir:
		return u.directory(dir, parent, base, a)
	case tar.TypeSymlink:
		return u.symlink(h.Linkname, parent, base, a)
	case tar.TypeLink:
		return u.hardLink(h.Linkname, parent, base)
	case tar.TypeFifo:
		return u.fifo(parent, base, a)
	case tar.TypeChar, tar.TypeBlock:
		return u.device(h, dir, parent, base)
	default:
		return fmt.Errorf("%w: tar entry of type %q", ErrUnsupported, h.Typeflag)
	}
}

// root is the entry of the layer's own directory.
func (u *unpacker) root(h *tar.Header, a attributes) error {
	if h.Typeflag != tar.TypeDir {
		return fmt.Errorf("%w: the root is not a directory", ErrMalformed)
	}
	u.times[""] = a.mtime
	return a.applyDir(u.tree.fd, ".")
}

func (u *unpacker) count(files int64) error {
	u.done.files += files
	if u.done.files > u.limits.Files {
		return tooMany("files", u.limits.Files)
	}
	return nil
}

// remember counts the memory that the names of directories take: a stream of
// long names compresses a thousand times.
func (u *unpacker) remember(name string) error {
	const perEntry = 64
	u.names += int64(len(name)) + perEntry
	if u.names > mostNames {
		return fmt.Errorf("%w of %d bytes for the names of directories", ErrTooBig, int64(mostNames))
	}
	return nil
}

func (u *unpacker) setTimes() error {
	for name, t := range u.times {
		fd, err := u.tree.open(name, unix.O_DIRECTORY|unix.O_NOFOLLOW)
		if err != nil {
			continue // a later entry has put something else in its place
		}
		err = unix.UtimesNanoAt(fd, "", []unix.Timespec{t, t}, unix.AT_EMPTY_PATH)
		_ = unix.Close(fd)
		if err != nil {
			return fmt.Errorf("time of %s: %w", printable(name), err)
		}
	}
	return nil
}
