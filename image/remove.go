package image

import (
	"context"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sys/unix"
)

// Removed says what a removal did.
type Removed struct {
	Untagged []string // names that mean nothing any more
	Deleted  []string // IDs of images that are gone
}

// Remove takes names away, and with its last name an image; an ID stands for
// the image with all its names. InUse is asked with the ID of each image that
// would go, while nobody else can begin to use it (see Hold): if it says yes,
// the error is ErrInUse. Nothing is removed when any name cannot be.
func (s *Store) Remove(ctx context.Context, names []string, inUse func(id string) bool) (Removed, error) {
	var gone Removed
	err := s.removing(ctx, func(ix *v1.IndexManifest) error {
		for _, name := range names {
			if err := s.removeOne(ix, name, inUse, &gone); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Removed{}, err
	}
	return gone, nil
}

// Prune removes every image that has no name and is not in use, and whatever
// no image needs: blobs, layers, leftovers of crashes.
func (s *Store) Prune(ctx context.Context, inUse func(id string) bool) (Removed, error) {
	var gone Removed
	err := s.removing(ctx, func(ix *v1.IndexManifest) error {
		var keep []v1.Descriptor
		for _, d := range ix.Manifests {
			id, err := s.idOf(d)
			if err != nil {
				return err
			}
			if d.Annotations[noteName] != "" || inUse(id) {
				keep = append(keep, d)
				continue
			}
			gone.Deleted = append(gone.Deleted, id)
		}
		ix.Manifests = keep
		return nil
	})
	if err != nil {
		return Removed{}, err
	}
	return gone, nil
}

// removing lets fn change the index while nobody adds or holds anything, and
// sweeps away what then is not needed.
func (s *Store) removing(ctx context.Context, fn func(*v1.IndexManifest) error) error {
	lock, err := s.lock(ctx, unix.LOCK_EX)
	if err != nil {
		return err
	}
	defer lock.Close()
	ix, err := s.readIndex()
	if err != nil {
		return err
	}
	if err := fn(ix); err != nil {
		return err
	}
	if err := s.writeIndex(ix); err != nil {
		return err
	}
	return s.sweep(ix)
}

func (s *Store) removeOne(ix *v1.IndexManifest, name string, inUse func(string) bool, gone *Removed) error {
	desc, err := s.find(ix, name)
	if err != nil {
		return err
	}
	id, err := s.idOf(desc)
	if err != nil {
		return err
	}
	drop := s.namesToDrop(ix, name, id)
	last := len(drop) == s.countNames(ix, id)
	if last && inUse(id) {
		return fmt.Errorf("%s: %w by a pod", name, ErrInUse)
	}
	gone.Untagged = append(gone.Untagged, drop...)
	for _, n := range drop {
		strip(ix, n)
	}
	if !last {
		return nil
	}
	ix.Manifests = slices.DeleteFunc(ix.Manifests, func(d v1.Descriptor) bool {
		other, err := s.idOf(d)
		return err == nil && other == id
	})
	gone.Deleted = append(gone.Deleted, id)
	return nil
}

// namesToDrop is the one name that was given, or all names if it was an ID.
func (s *Store) namesToDrop(ix *v1.IndexManifest, given, id string) []string {
	if n, err := parseName(given); err == nil {
		if found, ok := findName(ix, n); ok && !strings.HasPrefix(given, "sha256:") {
			return []string{found.Annotations[noteName]}
		}
	}
	var names []string
	for _, d := range ix.Manifests {
		if other, err := s.idOf(d); err == nil && other == id && d.Annotations[noteName] != "" {
			names = append(names, d.Annotations[noteName])
		}
	}
	return names
}

func (s *Store) countNames(ix *v1.IndexManifest, id string) (n int) {
	for _, d := range ix.Manifests {
		if other, err := s.idOf(d); err == nil && other == id && d.Annotations[noteName] != "" {
			n++
		}
	}
	return n
}

func (s *Store) idOf(desc v1.Descriptor) (string, error) {
	raw, err := s.readBlob(desc.Digest)
	if err != nil {
		return "", err
	}
	m, err := parseManifest(raw)
	if err != nil {
		return "", err
	}
	return m.Config.Digest.String(), nil
}
