package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// ociOffers reads an OCI image layout
// (https://github.com/opencontainers/image-spec/blob/main/image-layout.md).
// fs.ErrNotExist means that it is none.
func ociOffers(f files) ([]offer, error) {
	r, _, err := f.open("index.json")
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := readJSON(r, "index.json", v1.Hash{})
	if err != nil {
		return nil, err
	}
	ix, err := parseIndex(raw)
	if err != nil {
		return nil, err
	}
	l := layoutReader{files: f, platform: v1.Platform{OS: "linux", Architecture: runtime.GOARCH}}
	byDigest := map[v1.Hash]int{}
	var offers []offer
	for _, desc := range l.forUs(ix.Manifests) {
		o, ok, err := l.offer(desc, 0)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		o.names = namesOf(desc)
		// An image with two names has two entries.
		if i, ok := byDigest[desc.Digest]; ok {
			offers[i].names = append(offers[i].names, o.names...)
			continue
		}
		byDigest[desc.Digest] = len(offers)
		offers = append(offers, o)
	}
	return offers, nil
}

func parseIndex(raw []byte) (*v1.IndexManifest, error) {
	ix, err := v1.ParseIndexManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("index: %w: %w", ErrMalformed, err)
	}
	return ix, nil
}

// layoutReader goes from descriptors to images.
type layoutReader struct {
	files
	platform v1.Platform
}

// forUs leaves out what is for other platforms, if anything is for this one.
func (l layoutReader) forUs(all []v1.Descriptor) []v1.Descriptor {
	var ours []v1.Descriptor
	some := false
	for _, d := range all {
		fits := d.Platform != nil && d.Platform.Satisfies(l.platform)
		some = some || fits
		if fits || d.Platform == nil {
			ours = append(ours, d)
		}
	}
	if some {
		return ours
	}
	return all
}

// offer gives the image of desc; ok is false for what is no image.
func (l layoutReader) offer(desc v1.Descriptor, depth int) (o offer, ok bool, err error) {
	const deepest = 4
	if depth > deepest {
		return o, false, fmt.Errorf("%w: index within index, %d deep", ErrMalformed, depth)
	}
	switch {
	case desc.MediaType.IsIndex():
		return l.fromIndex(desc, depth)
	case desc.MediaType.IsImage() || desc.MediaType == "":
		o, err = l.fromManifest(desc)
		return o, err == nil, err
	default:
		return o, false, nil
	}
}

func (l layoutReader) fromIndex(desc v1.Descriptor, depth int) (o offer, ok bool, err error) {
	raw, err := l.blob(desc.Digest, "index")
	if err != nil {
		return o, false, err
	}
	ix, err := parseIndex(raw)
	if err != nil {
		return o, false, err
	}
	child, err := choose(ix.Manifests, l.platform)
	if err != nil {
		return o, false, err
	}
	if o, ok, err = l.offer(child, depth+1); ok {
		o.asked = desc.Digest.String()
	}
	return o, ok, err
}

// choose picks from an index the image for a platform.
func choose(all []v1.Descriptor, want v1.Platform) (v1.Descriptor, error) {
	var have []string
	for _, d := range all {
		switch {
		case d.Platform == nil && len(all) == 1:
			return d, nil
		case d.Platform == nil:
			continue
		case d.Platform.Satisfies(want):
			return d, nil
		case d.Platform.OS != "unknown": // signatures and the like are listed so
			have = append(have, d.Platform.String())
		}
	}
	return v1.Descriptor{}, fmt.Errorf("%w: %s is wanted, there is: %s", ErrPlatform, want, strings.Join(have, ", "))
}

func (l layoutReader) fromManifest(desc v1.Descriptor) (o offer, err error) {
	if o.manifest, err = l.blob(desc.Digest, "manifest"); err != nil {
		return o, err
	}
	m, err := parseManifest(o.manifest)
	if err != nil {
		return o, err
	}
	o.manifestType = desc.MediaType
	if o.config, err = l.blob(m.Config.Digest, "image configuration"); err != nil {
		return o, err
	}
	o.layers, err = layersOf(m, o.config, func(d v1.Descriptor) (io.ReadCloser, error) {
		r, _, err := l.open(blobName(d.Digest))
		return r, missing(err, d.Digest)
	})
	return o, err
}

// layersOf brings the layers of a manifest and the diffIDs of a configuration
// together.
func layersOf(m *v1.Manifest, config []byte, open func(v1.Descriptor) (io.ReadCloser, error)) ([]offeredLayer, error) {
	if t := m.Config.MediaType; t != types.OCIConfigJSON && t != types.DockerConfigJSON {
		return nil, fmt.Errorf("%w: %q is no container image", ErrUnsupported, t)
	}
	c, err := parseConfig(config)
	if err != nil {
		return nil, err
	}
	if len(m.Layers) != len(c.RootFS.DiffIDs) {
		return nil, fmt.Errorf("%w: manifest of %d layers, configuration of %d", ErrMalformed, len(m.Layers), len(c.RootFS.DiffIDs))
	}
	layers := make([]offeredLayer, 0, len(m.Layers))
	for i, d := range m.Layers {
		if d.Size < 0 {
			return nil, fmt.Errorf("%w: layer of %d bytes", ErrMalformed, d.Size)
		}
		layers = append(layers, offeredLayer{
			blob: d.Digest, size: d.Size, diffID: c.RootFS.DiffIDs[i],
			open: func(context.Context) (io.ReadCloser, error) { return open(d) },
		})
	}
	return layers, nil
}

func (l layoutReader) blob(h v1.Hash, what string) ([]byte, error) {
	r, _, err := l.open(blobName(h))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, missing(err, h))
	}
	defer r.Close()
	return readJSON(r, what+" "+h.String(), h)
}

func blobName(h v1.Hash) string { return path.Join("blobs", h.Algorithm, h.Hex) }

func missing(err error, h v1.Hash) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s is not in the archive", ErrMalformed, h)
	}
	return err
}

// namesOf reads what the various builders write: docker a full name in one
// note and a bare tag in the other, podman and skopeo a name in the latter.
func namesOf(desc v1.Descriptor) []string {
	name := desc.Annotations[noteNameDocker]
	if name == "" {
		name = desc.Annotations[noteName]
	}
	n, err := parseName(name)
	if err != nil || name == "latest" {
		return nil
	}
	return []string{tagged(n)}
}
