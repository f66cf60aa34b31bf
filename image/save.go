package image

import (
	"archive/tar"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Save writes the images that names mean as one OCI archive, which docker
// load reads too. Manifests, configurations and layers are bit for bit those
// that came in, so that all digests stay. An image asked for by ID has no name
// in the archive. The same images give the same bytes. W stays open.
func (s *Store) Save(ctx context.Context, names []string, w io.Writer) error {
	release, err := s.Hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	sv := saving{ctx: ctx, s: s, tw: tar.NewWriter(w), done: map[v1.Hash]bool{}}
	ix := &v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{}}
	var docker []dockerImage
	for _, name := range names {
		d, err := s.Inspect(name)
		if err != nil {
			return err
		}
		desc, dock, err := sv.describe(d, name)
		if err != nil {
			return err
		}
		ix.Manifests, docker = append(ix.Manifests, desc), append(docker, dock)
	}
	if err := sv.write([]byte(textLayout), fileLayout); err != nil {
		return err
	}
	if err := sv.writeJSON(ix, "index.json"); err != nil {
		return err
	}
	if err := sv.writeJSON(docker, "manifest.json"); err != nil {
		return err
	}
	for _, desc := range ix.Manifests {
		if err := sv.image(desc); err != nil {
			return fmt.Errorf("image %s: %w", desc.Digest, err)
		}
	}
	if err := sv.tw.Close(); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}

type saving struct {
	ctx  context.Context
	s    *Store
	tw   *tar.Writer
	done map[v1.Hash]bool // blobs that several images share
}

// describe says how the two formats in the archive list an image.
func (sv *saving) describe(d Details, asked string) (v1.Descriptor, dockerImage, error) {
	h, err := v1.NewHash(d.Digest)
	if err != nil {
		return v1.Descriptor{}, dockerImage{}, fmt.Errorf("digest: %w", err)
	}
	st, err := os.Stat(sv.s.blobPath(h))
	if err != nil {
		return v1.Descriptor{}, dockerImage{}, fmt.Errorf("image store: %w", err)
	}
	desc := v1.Descriptor{MediaType: d.Manifest.MediaType, Size: st.Size(), Digest: h}
	if desc.MediaType == "" {
		desc.MediaType = types.OCIManifestSchema1
	}
	dock := dockerImage{Config: blobName(d.Manifest.Config.Digest), RepoTags: []string{}, Layers: []string{}}
	for _, l := range d.Manifest.Layers {
		dock.Layers = append(dock.Layers, blobName(l.Digest))
	}
	if name := nameAsked(d, asked); name != "" {
		desc.Annotations = map[string]string{noteName: name, noteNameDocker: name}
		if !strings.Contains(name, "@") {
			dock.RepoTags = append(dock.RepoTags, name)
		}
	}
	return desc, dock, nil
}

// nameAsked is the full name behind asked; "" if that was an ID.
func nameAsked(d Details, asked string) string {
	n, err := parseName(asked)
	if err != nil || strings.HasPrefix(asked, "sha256:") || !slices.Contains(d.Names, tagged(n)) {
		return ""
	}
	return tagged(n)
}

func (sv *saving) image(desc v1.Descriptor) error {
	m, _, err := sv.s.readImage(desc)
	if err != nil {
		return err
	}
	blobs := []v1.Hash{desc.Digest, m.Config.Digest}
	for _, l := range m.Layers {
		blobs = append(blobs, l.Digest)
	}
	for _, h := range blobs {
		if err := sv.blob(h); err != nil {
			return err
		}
	}
	return nil
}

func (sv *saving) blob(h v1.Hash) error {
	if sv.done[h] {
		return nil
	}
	sv.done[h] = true
	f, err := os.Open(sv.s.blobPath(h))
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if err := sv.header(blobName(h), st.Size()); err != nil {
		return err
	}
	_, err = io.Copy(sv.tw, &cancelable{sv.ctx, f})
	return err
}

func (sv *saving) writeJSON(v any, name string) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return sv.write(b, name)
}

func (sv *saving) write(content []byte, name string) error {
	if err := sv.header(name, int64(len(content))); err != nil {
		return err
	}
	if _, err := sv.tw.Write(content); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}

// header leaves out time and owner, which would differ each time.
func (sv *saving) header(name string, size int64) error {
	err := sv.tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, Format: tar.FormatPAX})
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}
