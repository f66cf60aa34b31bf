package image

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// files is an archive or a directory in which an image lies.
type files interface {
	// open gives the regular file name and its size in bytes; the error is
	// fs.ErrNotExist if there is none. It may be called by several goroutines.
	open(name string) (io.ReadCloser, int64, error)
	// close ends the use of all.
	close()
}

// openFiles looks at what path is. Archives that cannot be read at random
// (compressed ones, pipes) are put into the intake first.
func (in *intake) openFiles(ctx context.Context, path string) (files, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	if st.IsDir() {
		f.Close()
		root, err := os.OpenRoot(path)
		return layoutDir{root}, err
	}
	if f, err = in.seekable(ctx, f, st); err != nil {
		return nil, err
	}
	a, err := indexTar(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return a, nil
}

// seekable takes f over.
func (in *intake) seekable(ctx context.Context, f *os.File, st fs.FileInfo) (*os.File, error) {
	r := bufio.NewReader(&cancelable{ctx, f})
	how, err := sniff(r)
	if err != nil {
		f.Close()
		return nil, streamError(err)
	}
	if how == plain && st.Mode().IsRegular() {
		_, err := f.Seek(0, io.SeekStart)
		return f, err
	}
	defer f.Close()
	z, err := how.reader(r)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	out, err := os.CreateTemp(in.tmp, "archive-")
	if err != nil {
		return nil, err
	}
	if _, err = io.Copy(out, atMost(z, in.s.Limits.orDefault().Bytes)); err == nil {
		_, err = out.Seek(0, io.SeekStart)
	}
	if err != nil {
		out.Close()
		return nil, streamError(err)
	}
	return out, nil
}

// tarFiles knows where in a tar archive each file lies.
type tarFiles struct {
	f     *os.File
	at    map[string]extent
	links map[string]string
}

type extent struct{ off, size int64 }

// mostEntries bounds the memory for the list of an archive of images, which
// holds a few files per layer.
const mostEntries = 100_000

// indexTar takes f over, if there is no error.
func indexTar(f *os.File) (*tarFiles, error) {
	a := &tarFiles{f, map[string]extent{}, map[string]string{}}
	tr := tar.NewReader(f)
	for n := 0; ; n++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return a, nil
		}
		if err != nil {
			return nil, streamError(err)
		}
		if n == mostEntries {
			return nil, fmt.Errorf("%w of %d files in an archive of images", ErrTooBig, mostEntries)
		}
		name := path.Clean(h.Name)
		switch h.Typeflag {
		case tar.TypeReg:
			// The tar reader reads no further than the header.
			off, err := f.Seek(0, io.SeekCurrent)
			if err != nil {
				return nil, err
			}
			a.at[name] = extent{off, h.Size}
		case tar.TypeSymlink:
			a.links[name] = path.Join(path.Dir(name), h.Linkname)
		case tar.TypeLink:
			a.links[name] = path.Clean(h.Linkname)
		}
	}
}

func (a *tarFiles) open(name string) (io.ReadCloser, int64, error) {
	name = path.Clean(name)
	// Old versions of docker save link to layers that occur twice.
	const most = 8
	for range most {
		if e, ok := a.at[name]; ok {
			return io.NopCloser(io.NewSectionReader(a.f, e.off, e.size)), e.size, nil
		}
		to, ok := a.links[name]
		if !ok {
			break
		}
		name = to
	}
	return nil, 0, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (a *tarFiles) close() { a.f.Close() }

// layoutDir is an OCI layout directory. It may come from anybody: os.Root
// keeps its links from leading out, and only regular files are read.
type layoutDir struct{ root *os.Root }

func (d layoutDir) open(name string) (io.ReadCloser, int64, error) {
	f, err := d.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w: not a regular file", name, ErrMalformed)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, st.Size(), nil
}

func (d layoutDir) close() { d.root.Close() }
