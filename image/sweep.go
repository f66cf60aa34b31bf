package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sys/unix"
)

// sweepIfIdle clears up after a crash, if nobody is at work in the store. Its
// errors are of no interest to whoever wants to add an image: Prune meets
// them again.
func (s *Store) sweepIfIdle() {
	left, err := os.ReadDir(s.path(dirTmp))
	if err != nil || len(left) == 0 {
		return
	}
	lock := s.lockIfIdle(unix.LOCK_EX)
	if lock == nil {
		return
	}
	defer lock.Close()
	if ix, err := s.readIndex(); err == nil {
		_ = s.sweep(ix)
	}
}

// sweep removes what no image of ix needs. The exclusive lock must be held.
// Marking anew each time, instead of counting references, cannot drift.
func (s *Store) sweep(ix *v1.IndexManifest) error {
	blobs, records, dirs, err := s.mark(ix)
	if err != nil {
		return err
	}
	// Records go first: a layer without one is a leftover to everybody.
	err = s.sweepFiles(dirRecords, records)
	algorithms, derr := os.ReadDir(s.path(dirBlobs))
	err = errors.Join(err, derr)
	for _, a := range algorithms {
		err = errors.Join(err, s.sweepFiles(filepath.Join(dirBlobs, a.Name()), blobs))
	}
	return errors.Join(err, s.sweepFiles(dirLayers, dirs), s.sweepFiles(dirTmp, nil))
}

// mark gives the names in each directory that are needed.
func (s *Store) mark(ix *v1.IndexManifest) (blobs, records, dirs map[string]bool, err error) {
	blobs, records, dirs = map[string]bool{}, map[string]bool{}, map[string]bool{noLayer: true}
	for _, desc := range ix.Manifests {
		m, c, err := s.readImage(desc)
		if err != nil {
			return nil, nil, nil, err
		}
		blobs[desc.Digest.Hex], blobs[m.Config.Digest.Hex] = true, true
		for _, l := range m.Layers {
			blobs[l.Digest.Hex] = true
		}
		below := ""
		for _, h := range c.RootFS.DiffIDs {
			if err := s.markLayer(layerKey{h, below}, records, dirs); err != nil {
				return nil, nil, nil, err
			}
			below = chain(below, h)
		}
	}
	return blobs, records, dirs, nil
}

func (s *Store) markLayer(k layerKey, records, dirs map[string]bool) error {
	for _, name := range []string{k.own(), k.chained()} {
		r, err := s.readRecord(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		records[name], dirs[r.Dir] = true, true
	}
	return nil
}

func (s *Store) sweepFiles(dir string, keep map[string]bool) error {
	entries, err := os.ReadDir(s.path(dir))
	if err != nil {
		return fmt.Errorf("image store: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if !keep[e.Name()] {
			errs = append(errs, os.RemoveAll(s.path(dir, e.Name())))
		}
	}
	return errors.Join(errs...)
}
