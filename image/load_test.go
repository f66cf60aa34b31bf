package image

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
)

func TestLoadOCIArchive(t *testing.T) {
	s := newStore(t)
	archive := ociArchive(t, "app:1", layer(t, file("a", "lower")), layer(t, file("a", "upper"), file(".wh.b", "")))
	whole, err := os.ReadFile(archive)
	must(t, err)
	for form, path := range map[string]string{
		"plain": archive, "gzip": tempFile(t, zipped(t, whole)), "zstd": tempFile(t, zstded(t, whole)),
	} {
		images, err := s.Load(t.Context(), path)
		if err != nil || len(images) != 1 {
			t.Fatalf("%s: %v, %v", form, images, err)
		}
		img := images[0]
		if !slices.Equal(img.Names, []string{"docker.io/library/app:1"}) || !img.Local || img.Size != 10 ||
			!img.Created.Equal(aTime) || img.Config.User != "7:8" || img.Config.StopSignal != "SIGQUIT" {
			t.Errorf("%s: %+v", form, img)
		}
		for i, want := range []string{"lower", "upper"} {
			b, err := os.ReadFile(filepath.Join(s.LayerRoot(), img.LayerDirs[i], "a"))
			if err != nil || string(b) != want {
				t.Errorf("%s: layer %d holds %q, %v", form, i, b, err)
			}
		}
	}
	// Loaded three times, unpacked once.
	if left, _ := os.ReadDir(s.path(dirLayers)); len(left) != 3 {
		t.Errorf("layers: %v", left)
	}
	if left, _ := os.ReadDir(s.path(dirTmp)); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

// The shown tree is what overlay makes of the directories, by the short names
// from LayerRoot.
func TestOverlayShowsTheImage(t *testing.T) {
	ability.Need(t, ability.Root, ability.Overlay)
	s := newStore(t)
	images, err := s.Load(t.Context(), ociArchive(t, "app",
		layer(t, dir("d", 0o755), file("d/old", ""), file("gone", ""), dir("o", 0o755), file("o/old", ""), owned(dir("tmp", 0), 0, 0, 0o1777)),
		layer(t, file("d/new", ""), file(".wh.gone", ""), dir("o", 0o755), file("o/.wh..wh..opq", ""), file("o/new", ""), file("tmp/x", "")),
	))
	must(t, err)
	dirs := slices.Clone(images[0].LayerDirs)
	slices.Reverse(dirs)
	at := t.TempDir()
	cmd := exec.Command("sh", "-c", `mount --make-rprivate / && mount -t overlay overlay -o lowerdir="$1" "$2" && cd "$2" && find . -mindepth 1 | sort | xargs stat -c '%n %a'`,
		"sh", strings.Join(dirs, ":"), at)
	cmd.Dir = s.LayerRoot()
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	const want = "./d 755\n./d/new 644\n./d/old 644\n./o 755\n./o/new 644\n./tmp 1777\n./tmp/x 644\n"
	if err != nil || string(out) != want {
		t.Errorf("%v, shown is:\n%s", err, out)
	}
}

func TestLoadDockerSave(t *testing.T) {
	s := newStore(t)
	img, err := random.Image(3000, 3)
	must(t, err)
	tag, err := name.NewTag("example.com/team/app:v1")
	must(t, err)
	path := filepath.Join(t.TempDir(), "docker.tar")
	must(t, tarball.WriteToFile(path, tag, img))
	images, err := s.Load(t.Context(), path)
	must(t, err)
	id, err := img.ConfigName()
	must(t, err)
	if images[0].ID != id.String() || images[0].Names[0] != tag.String() || len(images[0].LayerDirs) != 3 {
		t.Errorf("%+v", images[0])
	}
	// Uncompressed and with links, as docker wrote it for years.
	old := layer(t, file("a", "x"))
	old.blob = tarOf(t, file("a", "x"))
	config := string(configOf(t, v1.Config{}, []blobLayer{old, old}))
	images, err = s.Load(t.Context(), tempFile(t, tarOf(t,
		file("c.json", config), file("1/layer.tar", string(old.blob)), symlink("2/layer.tar", "../1/layer.tar"),
		file("manifest.json", `[{"Config":"c.json","RepoTags":["old:1","old:2"],"Layers":["1/layer.tar","2/layer.tar"]}]`))))
	must(t, err)
	if want := []string{"docker.io/library/old:1", "docker.io/library/old:2"}; !slices.Equal(images[0].Names, want) {
		t.Errorf("names: %v", images[0].Names)
	}
}

func TestLoadLayoutDirectory(t *testing.T) {
	s := newStore(t)
	at, err := layout.Write(t.TempDir(), empty.Index)
	must(t, err)
	other, err := random.Image(100, 1)
	must(t, err)
	ours, err := random.Image(100, 1)
	must(t, err)
	ix := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: other, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "s390x"}}},
		mutate.IndexAddendum{Add: ours, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: runtime.GOARCH}}})
	must(t, at.AppendIndex(ix, layout.WithAnnotations(map[string]string{noteName: "multi"})))
	images, err := s.Load(t.Context(), string(at))
	must(t, err)
	want, err := ours.Digest()
	must(t, err)
	if len(images) != 1 || images[0].Digest != want.String() {
		t.Fatalf("%+v", images)
	}
	// The name with the digest of the index means this platform's image.
	h, err := ix.Digest()
	must(t, err)
	if got, err := s.Resolve("multi@" + h.String()); err != nil || got.ID != images[0].ID {
		t.Errorf("%v, %v", got, err)
	}
	must(t, at.ReplaceIndex(mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add: other, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "s390x"}},
	}), func(v1.Descriptor) bool { return true }))
	if _, err := s.Load(t.Context(), string(at)); !errors.Is(err, ErrPlatform) || !strings.Contains(err.Error(), "s390x") {
		t.Errorf("error is %v", err)
	}
}

func TestLoadAs(t *testing.T) {
	s := newStore(t)
	archive := ociArchive(t, "app", layer(t, file("a", "")))
	img, err := s.LoadAs(t.Context(), archive, "")
	if err != nil || len(img.Names) != 0 {
		t.Fatalf("%v, %v", img.Names, err)
	}
	img, err = s.LoadAs(t.Context(), archive, "mine:2")
	if err != nil || !slices.Equal(img.Names, []string{"docker.io/library/mine:2"}) {
		t.Errorf("%v, %v", img.Names, err)
	}
	if all, _ := s.List(); len(all) != 1 {
		t.Errorf("%d images", len(all))
	}
}

func TestSavedImageIsTheSame(t *testing.T) {
	s, other := newStore(t), newStore(t)
	loaded, err := s.Load(t.Context(), ociArchive(t, "app", layer(t, file("a", "1")), layer(t, file("b", "2"))))
	must(t, err)
	_, err = s.LoadAs(t.Context(), ociArchive(t, "x", layer(t, file("a", "1"))), "base")
	must(t, err)
	var first, second bytes.Buffer
	must(t, s.Save(t.Context(), []string{"app", "base"}, &first))
	must(t, s.Save(t.Context(), []string{"app", "base"}, &second))
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("saved twice, the archives differ")
	}
	path := tempFile(t, first.Bytes())
	again, err := other.Load(t.Context(), path)
	must(t, err)
	if len(again) != 2 || again[0].Digest != loaded[0].Digest || again[0].ID != loaded[0].ID || again[0].Names[0] != loaded[0].Names[0] {
		t.Errorf("%+v\nis not\n%+v", again, loaded)
	}
	// docker's half of the archive, by another reader.
	tag, err := name.NewTag("docker.io/library/app:latest")
	must(t, err)
	img, err := tarball.ImageFromPath(path, &tag)
	must(t, err)
	if h, err := img.ConfigName(); err != nil || h.String() != loaded[0].ID {
		t.Errorf("docker would see %v, %v", h, err)
	}
}

func TestImport(t *testing.T) {
	s := newStore(t)
	plain := tarOf(t, file("bin/x", "x"))
	cfg := v1.Config{Entrypoint: []string{"/bin/x"}, Env: []string{"A=b"}}
	var ids []string
	for _, form := range [][]byte{plain, zipped(t, plain), zstded(t, plain)} {
		path := tempFile(t, form)
		must(t, os.Chtimes(path, aTime, aTime))
		img, err := s.Import(t.Context(), "rootfs:1", path, cfg)
		must(t, err)
		if !slices.Equal(img.Config.Entrypoint, cfg.Entrypoint) || len(img.LayerDirs) != 1 || !img.Created.Equal(aTime) {
			t.Errorf("%+v", img)
		}
		ids = append(ids, img.ID)
	}
	if ids[0] != ids[1] || ids[1] != ids[2] {
		t.Errorf("the same content gives several images: %v", ids)
	}
	if _, err := s.Import(t.Context(), "Bad Name", tempFile(t, plain), cfg); !errors.Is(err, ErrBadName) {
		t.Errorf("error is %v", err)
	}
}

func TestFullDisk(t *testing.T) {
	ability.Need(t, ability.Root)
	at := t.TempDir()
	must(t, unix.Mount("tmpfs", at, "tmpfs", 0, "size=1m"))
	t.Cleanup(func() { must(t, unix.Unmount(at, unix.MNT_DETACH)) })
	s, err := Open(at)
	must(t, err)
	_, err = s.Load(t.Context(), ociArchive(t, "big", layer(t, file("a", strings.Repeat("x", 4<<20)))))
	if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "no space left on device") {
		t.Fatalf("error is %v", err)
	}
	wantEmpty(t, s)
}

func TestImageWithoutLayers(t *testing.T) {
	s := newStore(t)
	images, err := s.Load(t.Context(), ociArchive(t, "empty"))
	must(t, err)
	if len(images[0].LayerDirs) != 1 {
		t.Fatalf("%+v", images[0])
	}
	if left, err := os.ReadDir(s.path(images[0].LayerDirs[0])); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestOpaqueRootHidesAllBelow(t *testing.T) {
	s := newStore(t)
	images, err := s.Load(t.Context(), ociArchive(t, "x", layer(t, file("a", "")), layer(t, file(".wh..wh..opq", ""), file("b", ""))))
	must(t, err)
	if len(images[0].LayerDirs) != 1 {
		t.Errorf("layers: %v", images[0].LayerDirs)
	}
}

// A layer that brings no entry for a directory takes its attributes from the
// layers below, and so is another one above another base.
func TestImpliedDirectoriesInherit(t *testing.T) {
	s := newStore(t)
	top := layer(t, file("a/b/f", ""))
	for _, base := range []struct {
		entries []entry
		mode    uint32
		uid     uint32
	}{
		{[]entry{owned(dir("a", 0), 5, 0, 0o700), owned(dir("a/b", 0), 6, 6, 0o1777)}, 0o1777, 6},
		{[]entry{owned(dir("a", 0), 5, 0, 0o700), owned(dir("a/b", 0), 7, 6, 0o711)}, 0o711, 7},
		{[]entry{file("x", "")}, 0o755, 0},
		{[]entry{symlink("a", "/etc")}, 0o755, 0},
	} {
		images, err := s.LoadAs(t.Context(), ociArchive(t, "x", layer(t, base.entries...), top), "")
		must(t, err)
		st := stat(t, s.LayerRoot(), images.LayerDirs[1], "a/b")
		if st.Mode&0o7777 != base.mode || st.Uid != base.uid {
			t.Errorf("%o %d, want %+v", st.Mode, st.Uid, base)
		}
	}
	hidden, err := s.LoadAs(t.Context(), ociArchive(t, "x",
		layer(t, owned(dir("a", 0), 0, 0, 0o700), owned(dir("a/b", 0), 6, 6, 0o1777)), layer(t, file(".wh.a", "")), top), "")
	must(t, err)
	if st := stat(t, s.LayerRoot(), hidden.LayerDirs[2], "a/b"); st.Mode&0o7777 != 0o755 {
		t.Errorf("inherits %o through a whiteout", st.Mode)
	}
}
