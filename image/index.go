package image

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Annotations of a manifest in an index. The first two are read in foreign
// archives too; the rest are minipod's own and stay in the store.
const (
	noteName       = "org.opencontainers.image.ref.name"
	noteNameDocker = "io.containerd.image.name"
	noteOrigin     = "minipod.origin" // originPull, or absent
	noteAsked      = "minipod.digest" // what the registry called the image: may be an index

	originPull = "pull"
)

// readIndex needs no lock: the file is only ever replaced.
func (s *Store) readIndex() (*v1.IndexManifest, error) {
	b, err := os.ReadFile(s.path("index.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return &v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("image store: %w", err)
	}
	ix, err := v1.ParseIndexManifest(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", s.path("index.json"), ErrMalformed, err)
	}
	return ix, nil
}

// writeIndex is to be called within Store.change.
func (s *Store) writeIndex(ix *v1.IndexManifest) error {
	b, err := json.MarshalIndent(ix, "", "  ")
	if err != nil {
		return fmt.Errorf("image index: %w", err)
	}
	if err := s.writeFile(s.path("index.json"), b); err != nil {
		return fmt.Errorf("image store: %w", err)
	}
	return nil
}

// enter lets the names of o stand for desc. Within Store.change.
func (s *Store) enter(desc v1.Descriptor, o offer) error {
	ix, err := s.readIndex()
	if err != nil {
		return err
	}
	names := o.names
	if len(names) == 0 {
		names = []string{""}
	}
	for _, name := range names {
		desc.Annotations = map[string]string{}
		for key, value := range map[string]string{noteName: name, noteOrigin: o.origin, noteAsked: o.asked} {
			if value != "" {
				desc.Annotations[key] = value
			}
		}
		enterName(ix, desc, name)
	}
	return s.writeIndex(ix)
}

// enterName adds desc under name. Whoever had the name before stays without
// one, as pods may still be running from it; a manifest with a name needs no
// nameless entry.
func enterName(ix *v1.IndexManifest, desc v1.Descriptor, name string) {
	if name != "" {
		strip(ix, name)
	}
	same := func(d v1.Descriptor) bool { return d.Digest == desc.Digest }
	if name == "" && slices.ContainsFunc(ix.Manifests, same) {
		return
	}
	ix.Manifests = slices.DeleteFunc(ix.Manifests, func(d v1.Descriptor) bool {
		return same(d) && d.Annotations[noteName] == ""
	})
	ix.Manifests = append(ix.Manifests, desc)
}

// strip takes the name away from whoever has it. The manifest stays, nameless
// if that was its only name.
func strip(ix *v1.IndexManifest, name string) {
	i := slices.IndexFunc(ix.Manifests, func(d v1.Descriptor) bool { return d.Annotations[noteName] == name })
	if i < 0 {
		return
	}
	d := ix.Manifests[i]
	ix.Manifests = slices.Delete(ix.Manifests, i, i+1)
	if slices.ContainsFunc(ix.Manifests, func(o v1.Descriptor) bool { return o.Digest == d.Digest }) {
		return
	}
	delete(d.Annotations, noteName)
	ix.Manifests = append(ix.Manifests, d)
}
