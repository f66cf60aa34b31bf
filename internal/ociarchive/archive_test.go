package ociarchive_test

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/internal/ociarchive"
)

func TestArchiveIsAValidImage(t *testing.T) {
	dir := t.TempDir()
	tree := filepath.Join(dir, "tree")
	mustWrite(t, filepath.Join(tree, "etc/motd"), "hello\n")
	layer, err := ociarchive.Layer(tree, filepath.Join(dir, "layer"))
	if err != nil {
		t.Fatal(err)
	}
	img, err := ociarchive.Image(nil, v1.ConfigFile{OS: "linux", Architecture: "amd64"}, layer)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "a.tar")
	names := []string{"docker.io/library/a:latest", "docker.io/library/a:b"}
	if err := ociarchive.Write(out, ociarchive.Named{Names: names, Image: img}); err != nil {
		t.Fatal(err)
	}
	got := unpack(t, out)
	index, err := got.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(index.Manifests) != 2 {
		t.Fatalf("index holds %d manifests, want one per name", len(index.Manifests))
	}
	back, err := got.Image(index.Manifests[1].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(back); err != nil {
		t.Error(err)
	}
}

func TestLayerOfAnOverlay(t *testing.T) {
	ability.Need(t, ability.Root)
	dir := t.TempDir()
	up := filepath.Join(dir, "up")
	mustWrite(t, filepath.Join(up, "opaque/new"), "x")
	mustWrite(t, filepath.Join(up, "one"), "x")
	must(t, os.Link(filepath.Join(up, "one"), filepath.Join(up, "two")))
	must(t, unix.Mknod(filepath.Join(up, "gone"), unix.S_IFCHR, 0))
	must(t, unix.Mknod(filepath.Join(up, "null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	must(t, unix.Setxattr(filepath.Join(up, "opaque"), "trusted.overlay.opaque", []byte("y"), 0))
	must(t, unix.Setxattr(filepath.Join(up, "one"), "user.note", []byte("kept"), 0))
	layer, err := ociarchive.Layer(up, filepath.Join(dir, "layer"))
	if err != nil {
		t.Fatal(err)
	}
	got := list(t, layer)
	want := []string{".wh.gone", "./", "one", "one user.note=kept", "opaque/", "opaque/.wh..wh..opq", "opaque/new", "two -> one"}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("layer holds\n%q, want\n%q", got, want)
	}
}

func list(t *testing.T, l v1.Layer) (names []string) {
	t.Helper()
	r, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		if v, ok := h.PAXRecords["SCHILY.xattr.user.note"]; ok {
			names = append(names, h.Name+" user.note="+v)
		}
		if h.Typeflag == tar.TypeLink {
			h.Name += " -> " + h.Linkname
		}
		names = append(names, h.Name)
	}
}

// unpack uses another reader than ours on purpose.
func unpack(t *testing.T, archive string) v1.ImageIndex {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("tar", "-xf", archive, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func mustWrite(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
