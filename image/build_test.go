package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/minipod/minipod/internal/ability"
)

// Builders of layers and archives, the broken ones included: a library would
// refuse to write those.

type entry struct {
	tar.Header
	body string
}

func file(name, body string) entry {
	return entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644}, body}
}

func dir(name string, mode int64) entry {
	return entry{tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode}, ""}
}

func symlink(name, to string) entry {
	return entry{tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to, Mode: 0o777}, ""}
}

func hardlink(name, to string) entry {
	return entry{tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: to}, ""}
}

var aTime = time.Date(2020, 2, 29, 12, 34, 56, 0, time.UTC)

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := e.Header
		h.Size = int64(len(e.body))
		h.Format = tar.FormatPAX
		if h.ModTime.IsZero() {
			h.ModTime = aTime
		}
		must(t, w.WriteHeader(&h))
		_, err := io.WriteString(w, e.body)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func zipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	must(t, err)
	must(t, w.Close())
	return out.Bytes()
}

func zstded(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	must(t, err)
	defer w.Close()
	return w.EncodeAll(b, nil)
}

// blobLayer is a layer in the form in which it stands in an archive.
type blobLayer struct {
	blob   []byte
	diffID v1.Hash
	claim  v1.Hash // instead of the blob's own digest, if set
}

func layer(t testing.TB, entries ...entry) blobLayer {
	t.Helper()
	plain := tarOf(t, entries...)
	return blobLayer{blob: zipped(t, plain), diffID: hashOf(t, plain)}
}

func hashOf(t testing.TB, b []byte) v1.Hash {
	t.Helper()
	h, _, err := v1.SHA256(bytes.NewReader(b))
	must(t, err)
	return h
}

func configOf(t testing.TB, cfg v1.Config, layers []blobLayer) []byte {
	t.Helper()
	c := v1.ConfigFile{OS: "linux", Architecture: runtime.GOARCH, Created: v1.Time{Time: aTime}, Config: cfg}
	c.RootFS.Type = "layers"
	for _, l := range layers {
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, l.diffID)
	}
	b, err := json.Marshal(c)
	must(t, err)
	return b
}

// ociArchive writes an OCI archive of one image.
func ociArchive(t testing.TB, name string, layers ...blobLayer) string {
	t.Helper()
	config := configOf(t, v1.Config{Cmd: []string{"/bin/x"}, User: "7:8", StopSignal: "SIGQUIT"}, layers)
	m := v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
		Config: v1.Descriptor{MediaType: types.OCIConfigJSON, Size: int64(len(config)), Digest: hashOf(t, config)},
	}
	entries := []entry{file("oci-layout", textLayout), file(blobName(m.Config.Digest), string(config))}
	for _, l := range layers {
		h := hashOf(t, l.blob)
		if l.claim != (v1.Hash{}) {
			h = l.claim
		}
		m.Layers = append(m.Layers, v1.Descriptor{MediaType: types.OCILayer, Size: int64(len(l.blob)), Digest: h})
		entries = append(entries, file(blobName(h), string(l.blob)))
	}
	raw, err := json.Marshal(m)
	must(t, err)
	ix := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{{
		MediaType: m.MediaType, Size: int64(len(raw)), Digest: hashOf(t, raw), Annotations: map[string]string{noteName: name},
	}}}
	index, err := json.Marshal(ix)
	must(t, err)
	entries = append(entries, file(blobName(hashOf(t, raw)), string(raw)), file("index.json", string(index)))
	return tempFile(t, tarOf(t, entries...))
}

func tempFile(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive")
	must(t, os.WriteFile(path, content, 0o600))
	return path
}

func newStore(t testing.TB) *Store {
	t.Helper()
	ability.Need(t, ability.Root)
	s, err := Open(filepath.Join(t.TempDir(), "images"))
	must(t, err)
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEmpty demands that a refused image left nothing in the store.
func wantEmpty(t testing.TB, s *Store) {
	t.Helper()
	for dir, want := range map[string]int{dirTmp: 0, dirRecords: 0, dirLayers: 1, dirBlobs: 0} {
		left, err := os.ReadDir(s.path(dir))
		must(t, err)
		if len(left) != want {
			t.Errorf("%s holds %v", dir, left)
		}
	}
	images, err := s.List()
	must(t, err)
	if len(images) != 0 {
		t.Errorf("images: %v", images)
	}
}
