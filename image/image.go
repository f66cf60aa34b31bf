package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Image is what the store knows of one image. Its slices and maps are shared
// and not to be changed.
type Image struct {
	// ID is "sha256:…", the digest of the configuration.
	ID string
	// Names under which the image is kept, in full, sorted; may be empty.
	Names []string
	// Digest of the manifest in the store, "sha256:…".
	Digest string
	// RepoDigests are the names by which a registry would give exactly this
	// image: "docker.io/library/nginx@sha256:…".
	RepoDigests []string
	// Local says that the image came by load or import, and from no registry.
	Local bool
	// Size of the files in all layers, in bytes.
	Size int64
	// Created is what the image says of itself; zero if it says nothing.
	Created time.Time
	// Platform is "os/architecture[/variant]" by the image's own word.
	Platform string
	// Config is how to start a container: Entrypoint, Cmd, Env, User …
	Config v1.Config
	// LayerDirs are the unpacked layers, the lowest first, relative to
	// Store.LayerRoot. Never empty: overlay needs one lower directory.
	LayerDirs []string
}

// Details is everything that the store has about an image.
type Details struct {
	Image
	ConfigFile v1.ConfigFile
	Manifest   v1.Manifest
}

// Resolve gives the image that name means: a name by the rules of Normalize,
// one with a digest (of the manifest or of the index it was pulled by), an ID,
// or the beginning of an ID that only one image has. ErrNotFound if there is
// none, ErrBadName if there cannot be one.
func (s *Store) Resolve(name string) (Image, error) {
	return s.resolve(name)
}

// Inspect is Resolve with the configuration and the manifest in full.
func (s *Store) Inspect(name string) (Details, error) {
	ix, err := s.readIndex()
	if err != nil {
		return Details{}, err
	}
	desc, err := s.find(ix, name)
	if err != nil {
		return Details{}, err
	}
	d, err := s.describe(ix, desc)
	if err != nil {
		return Details{}, fmt.Errorf("image %s: %w", name, err)
	}
	return d, nil
}

// List gives all images, those with names first, sorted by name.
func (s *Store) List() ([]Image, error) {
	ix, err := s.readIndex()
	if err != nil {
		return nil, err
	}
	var images []Image
	seen := map[v1.Hash]bool{}
	for _, desc := range ix.Manifests {
		if seen[desc.Digest] {
			continue
		}
		seen[desc.Digest] = true
		d, err := s.describe(ix, desc)
		if err != nil {
			return nil, fmt.Errorf("image %s: %w", desc.Digest, err)
		}
		images = append(images, d.Image)
	}
	slices.SortFunc(images, func(a, b Image) int { return strings.Compare(sortKey(a), sortKey(b)) })
	return images, nil
}

func sortKey(i Image) string {
	if len(i.Names) == 0 {
		return "\xff" + i.ID
	}
	return i.Names[0]
}

func (s *Store) byManifests(digests []v1.Hash) ([]Image, error) {
	ix, err := s.readIndex()
	if err != nil {
		return nil, err
	}
	var images []Image
	for _, h := range digests {
		i := slices.IndexFunc(ix.Manifests, func(d v1.Descriptor) bool { return d.Digest == h })
		if i < 0 {
			return nil, fmt.Errorf("image %s: %w: another command has just removed it", h, ErrNotFound)
		}
		d, err := s.describe(ix, ix.Manifests[i])
		if err != nil {
			return nil, fmt.Errorf("image %s: %w", h, err)
		}
		images = append(images, d.Image)
	}
	return images, nil
}

// describe puts together what the index, the blobs and the records of layers
// say. Names and layers are derived here and kept nowhere else.
func (s *Store) describe(ix *v1.IndexManifest, desc v1.Descriptor) (Details, error) {
	var d Details
	m, c, err := s.readImage(desc)
	if err != nil {
		return d, err
	}
	d.Manifest, d.ConfigFile = *m, *c
	d.Image = Image{
		ID: m.Config.Digest.String(), Digest: desc.Digest.String(),
		Local:   desc.Annotations[noteOrigin] != originPull,
		Created: c.Created.Time, Config: c.Config,
		Platform: strings.TrimRight(strings.Join([]string{c.OS, c.Architecture, c.Variant}, "/"), "/"),
	}
	for _, o := range ix.Manifests {
		if name := o.Annotations[noteName]; name != "" && o.Digest == desc.Digest {
			d.Names = append(d.Names, name)
			d.RepoDigests = append(d.RepoDigests, repoDigest(name, o))
		}
	}
	slices.Sort(d.Names)
	slices.Sort(d.RepoDigests)
	d.RepoDigests = slices.Compact(d.RepoDigests)
	d.LayerDirs, d.Size, err = s.stack(c.RootFS.DiffIDs)
	return d, err
}

func repoDigest(name string, desc v1.Descriptor) string {
	digest := desc.Digest.String()
	if asked := desc.Annotations[noteAsked]; asked != "" {
		digest = asked
	}
	return repository(name) + "@" + digest
}

// repository cuts tag and digest off a full name.
func repository(name string) string {
	name, _, _ = strings.Cut(name, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	return name
}

func (s *Store) readImage(desc v1.Descriptor) (*v1.Manifest, *v1.ConfigFile, error) {
	raw, err := s.readBlob(desc.Digest)
	if err != nil {
		return nil, nil, err
	}
	m, err := parseManifest(raw)
	if err != nil {
		return nil, nil, err
	}
	if raw, err = s.readBlob(m.Config.Digest); err != nil {
		return nil, nil, err
	}
	c, err := parseConfig(raw)
	return m, c, err
}

// readBlob trusts the content: it was verified when it came.
func (s *Store) readBlob(h v1.Hash) ([]byte, error) {
	b, err := os.ReadFile(s.blobPath(h))
	if err != nil {
		return nil, fmt.Errorf("image store: %w", err)
	}
	return b, nil
}

// stack gives the directories of the layers, and their size. What lies below
// a layer that hides all is left out.
func (s *Store) stack(diffIDs []v1.Hash) (dirs []string, size int64, err error) {
	below := ""
	for _, h := range diffIDs {
		rec, ok, err := s.findLayer(layerKey{h, below})
		if err == nil && !ok {
			err = fmt.Errorf("layer %s: %w", h, fs.ErrNotExist)
		}
		if err != nil {
			return nil, 0, err
		}
		below = chain(below, h)
		if rec.Opaque {
			dirs = nil
		}
		dirs, size = append(dirs, filepath.Join(dirLayers, rec.Dir)), size+rec.Bytes
	}
	if len(dirs) == 0 {
		dirs = []string{filepath.Join(dirLayers, noLayer)}
	}
	return dirs, size, nil
}

// MarshalJSON of Details gives one flat object, for `image inspect`.
func (d Details) MarshalJSON() ([]byte, error) {
	type flat Image
	return json.Marshal(struct {
		flat
		History []v1.History
		RootFS  v1.RootFS
	}{flat(d.Image), d.ConfigFile.History, d.ConfigFile.RootFS})
}

var errAmbiguous = errors.New("several images begin with it: give more digits")
