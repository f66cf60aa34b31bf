package image

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// find gives the entry of the index that name means.
func (s *Store) find(ix *v1.IndexManifest, name string) (v1.Descriptor, error) {
	// Full IDs are tried as such only: "sha256:…" would also be the tag of a
	// repository called sha256.
	prefix, maybeID := idPrefix(name)
	var bad error
	if !strings.HasPrefix(name, "sha256:") {
		n, err := parseName(name)
		if err == nil {
			if desc, ok := findName(ix, n); ok {
				return desc, nil
			}
		}
		bad = err
	}
	if maybeID {
		desc, ok, err := s.findID(ix, prefix)
		if err != nil || ok {
			return desc, err
		}
		bad = nil // docker's rules forbid names of 64 hexadecimal digits
	}
	if bad != nil {
		return v1.Descriptor{}, bad
	}
	return v1.Descriptor{}, fmt.Errorf("%s: %w", name, ErrNotFound)
}

func findName(ix *v1.IndexManifest, n reference.Named) (v1.Descriptor, bool) {
	canonical, byDigest := n.(reference.Canonical)
	for _, d := range ix.Manifests {
		name := d.Annotations[noteName]
		if name == n.String() {
			return d, true
		}
		if !byDigest || name == "" || repository(name) != n.Name() {
			continue
		}
		if h := canonical.Digest().String(); h == d.Digest.String() || h == d.Annotations[noteAsked] {
			return d, true
		}
	}
	return v1.Descriptor{}, false
}

// findID looks for an image whose ID begins with prefix. Several manifests may
// have the same configuration; any of them stands for the image.
func (s *Store) findID(ix *v1.IndexManifest, prefix string) (found v1.Descriptor, ok bool, err error) {
	id := ""
	for _, d := range ix.Manifests {
		raw, err := s.readBlob(d.Digest)
		if err != nil {
			return found, false, err
		}
		m, err := parseManifest(raw)
		if err != nil {
			return found, false, err
		}
		if !strings.HasPrefix(m.Config.Digest.Hex, prefix) {
			continue
		}
		if ok && id != m.Config.Digest.Hex {
			return found, false, fmt.Errorf("image ID %s: %w", prefix, errAmbiguous)
		}
		found, ok, id = d, true, m.Config.Digest.Hex
	}
	return found, ok, nil
}
