package ociarchive

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Named is an image with all its names, spelled in full:
// docker.io/library/nginx:latest.
type Named struct {
	Names []string
	Image v1.Image
}

// Image makes an image of the layers, lowest first, on top of base.
// A nil base means from nothing.
func Image(base v1.Image, file v1.ConfigFile, layers ...v1.Layer) (v1.Image, error) {
	if base == nil {
		base = mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1)
	}
	img, err := mutate.AppendLayers(base, layers...)
	if err != nil {
		return nil, fmt.Errorf("image layers: %w", err)
	}
	old, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("image config: %w", err)
	}
	file.RootFS, file.History = old.RootFS, nil
	return mutate.ConfigFile(img, &file)
}

// Write puts the images into one archive. The file appears under its name
// when it is whole.
func Write(path string, images ...Named) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	defer os.Remove(f.Name())
	err = write(f, images)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("archive %s: %w", path, err)
	}
	return nil
}

func write(w io.Writer, images []Named) error {
	a := &archive{out: tar.NewWriter(w), have: map[string]bool{}}
	index, err := indexOf(images)
	if err != nil {
		return err
	}
	if err := a.file("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)); err != nil {
		return err
	}
	if err := a.file("index.json", index); err != nil {
		return err
	}
	for _, n := range images {
		if err := a.image(n.Image); err != nil {
			return err
		}
	}
	return a.out.Close()
}

// indexOf lists every image once for each of its names.
func indexOf(images []Named) ([]byte, error) {
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	for _, n := range images {
		raw, err := n.Image.RawManifest()
		if err != nil {
			return nil, err
		}
		h, size, err := v1.SHA256(bytes.NewReader(raw))
		if err != nil {
			return nil, err
		}
		for _, name := range n.Names {
			// Readers differ in which of the two holds the full name.
			index.Manifests = append(index.Manifests, v1.Descriptor{
				MediaType: types.OCIManifestSchema1, Size: size, Digest: h,
				Annotations: map[string]string{
					"io.containerd.image.name":          name,
					"org.opencontainers.image.ref.name": name,
				},
			})
		}
	}
	return json.Marshal(index)
}

type archive struct {
	out  *tar.Writer
	have map[string]bool
}

func (a *archive) image(img v1.Image) error {
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	for _, l := range layers {
		if err := a.layer(l); err != nil {
			return err
		}
	}
	for _, raw := range []func() ([]byte, error){img.RawConfigFile, img.RawManifest} {
		b, err := raw()
		if err != nil {
			return err
		}
		h, _, err := v1.SHA256(bytes.NewReader(b))
		if err != nil {
			return err
		}
		if err := a.file(blob(h), b); err != nil {
			return err
		}
	}
	return nil
}

func blob(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

func (a *archive) layer(l v1.Layer) error {
	h, err := l.Digest()
	if err != nil {
		return err
	}
	size, err := l.Size()
	if err != nil {
		return err
	}
	r, err := l.Compressed()
	if err != nil {
		return err
	}
	defer r.Close()
	return a.stream(blob(h), size, r)
}

func (a *archive) file(name string, b []byte) error {
	return a.stream(name, int64(len(b)), bytes.NewReader(b))
}

func (a *archive) stream(name string, size int64, r io.Reader) error {
	if a.have[name] {
		return nil
	}
	a.have[name] = true
	if err := a.out.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o644}); err != nil {
		return err
	}
	_, err := io.Copy(a.out, r)
	return err
}
