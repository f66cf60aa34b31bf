package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sys/unix"
)

// memory is what Resolve has read, for as long as the index is the same file:
// every change of the store, by any process, puts another in its place. So the
// containers of a pod, and the restarts of a container, read an image once.
type memory struct {
	mu     sync.Mutex
	of     unix.Stat_t
	index  *v1.IndexManifest
	images map[string]Image // by the name that was asked for
}

// resolve is Resolve from memory where that is good.
func (s *Store) resolve(name string) (Image, error) {
	m := &s.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.renew(s); err != nil {
		return Image{}, err
	}
	if img, ok := m.images[name]; ok {
		return img, nil
	}
	desc, err := s.find(m.index, name)
	if err != nil {
		return Image{}, err
	}
	d, err := s.describe(m.index, desc)
	if err != nil {
		return Image{}, fmt.Errorf("image %s: %w", name, err)
	}
	m.images[name] = d.Image
	return d.Image, nil
}

// renew reads the index unless it is the one that was read before.
func (m *memory) renew(s *Store) error {
	var now unix.Stat_t
	// Looked at before it is read: what comes between is read again.
	err := unix.Stat(s.path("index.json"), &now)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("image store: %w", &os.PathError{Op: "stat", Path: s.path("index.json"), Err: err})
	}
	if m.index != nil && err == nil && sameFile(&now, &m.of) {
		return nil
	}
	if m.index, err = s.readIndex(); err != nil {
		return err
	}
	m.of, m.images = now, map[string]Image{}
	return nil
}

func sameFile(a, b *unix.Stat_t) bool {
	return a.Dev == b.Dev && a.Ino == b.Ino && a.Size == b.Size && a.Mtim == b.Mtim && a.Ctim == b.Ctim
}
