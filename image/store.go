package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sys/unix"
)

const (
	dirBlobs   = "blobs"
	dirLayers  = "l"
	dirRecords = "layers"
	dirTmp     = "tmp"

	// noLayer is an empty directory below l/, for images without any layer.
	noLayer = "0"

	fileLayout = "oci-layout"
	textLayout = `{"imageLayoutVersion":"1.0.0"}`
)

// Store is a directory of images. Its methods may be called by several
// goroutines and several processes at once.
type Store struct {
	// Limits of every layer that is taken in. To be set before first use.
	Limits Limits

	root   string
	memory memory
}

// Open makes the directory root, with mode 0700, if it is not there, and
// gives the store in it. There is nothing to close.
func Open(root string) (*Store, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("image store: %w", err)
	}
	s := &Store{root: abs}
	if _, err := os.Stat(s.path(fileLayout)); err == nil {
		return s, nil
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, fmt.Errorf("image store: %w", err)
	}
	for _, d := range []string{dirBlobs, dirLayers, dirRecords, dirTmp} {
		if err := os.MkdirAll(s.path(d), 0o700); err != nil {
			return nil, fmt.Errorf("image store: %w", err)
		}
	}
	if err := os.MkdirAll(s.path(dirLayers, noLayer), 0o755); err != nil {
		return nil, fmt.Errorf("image store: %w", err)
	}
	// Last, because it is what says that the rest is there.
	if err := os.WriteFile(s.path(fileLayout), []byte(textLayout), 0o600); err != nil {
		return nil, fmt.Errorf("image store: %w", err)
	}
	return s, nil
}

// LayerRoot is the absolute path that Image.LayerDirs are relative to. A
// mount of overlay goes there first (chdir), so that the names of 127 layers
// fit into the 4 KiB that the kernel takes for mount options.
func (s *Store) LayerRoot() string { return s.root }

func (s *Store) path(elem ...string) string {
	return filepath.Join(append([]string{s.root}, elem...)...)
}

func (s *Store) blobPath(h v1.Hash) string { return s.path(dirBlobs, h.Algorithm, h.Hex) }

func (s *Store) hasBlob(h v1.Hash) bool {
	if h == (v1.Hash{}) {
		return false
	}
	_, err := os.Stat(s.blobPath(h))
	return err == nil
}

// writeFile puts content at path in one step: readers see the old file or
// the new one. The store's lock must be held, or another process may sweep the
// temporary file away.
func (s *Store) writeFile(path string, content []byte) error {
	f, err := os.CreateTemp(s.path(dirTmp), "new-")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// sync makes everything written to the store's file system last before a
// name points to it. One call for all files: a sync per file takes longer
// than unpacking.
func (s *Store) sync() error {
	f, err := os.Open(s.root)
	if err != nil {
		return fmt.Errorf("image store: %w", err)
	}
	defer f.Close()
	if err := unix.Syncfs(int(f.Fd())); err != nil {
		return fmt.Errorf("syncfs %s: %w", s.root, err)
	}
	return nil
}

// intake is one adding to the store: a place for what is not finished, and
// the shared lock that keeps others from removing what it builds upon.
type intake struct {
	s    *Store
	tmp  string
	lock *os.File
}

// begin opens an intake. It waits while another process removes images.
func (s *Store) begin(ctx context.Context) (*intake, error) {
	s.sweepIfIdle()
	lock, err := s.lock(ctx, unix.LOCK_SH)
	if err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp(s.path(dirTmp), "")
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("image store: %w", err)
	}
	return &intake{s, tmp, lock}, nil
}

// end drops whatever was not moved out of the intake.
func (in *intake) end() {
	// What cannot be removed now is swept by the next intake.
	_ = os.RemoveAll(in.tmp)
	in.lock.Close()
}
