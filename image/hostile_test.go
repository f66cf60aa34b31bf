package image

import (
	"archive/tar"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func node(name string, kind byte, major, minor int64) entry {
	return entry{tar.Header{Typeflag: kind, Name: name, Devmajor: major, Devminor: minor, Mode: 0o666}, ""}
}

func withXattr(e entry, name, value string) entry {
	e.PAXRecords = map[string]string{"SCHILY.xattr." + name: value}
	return e
}

var hostile = []struct {
	name    string
	entries []entry
	want    error
}{
	{"dotdot", []entry{file("../evil", "x")}, ErrEscape},
	{"dotdot inside", []entry{file("a/../../evil", "x")}, ErrEscape},
	{"dotdot that stays", []entry{file("a/../b", "x")}, ErrEscape},
	{"absolute", []entry{file("/evil", "x")}, ErrEscape},
	{"hard link to dotdot", []entry{hardlink("a", "../../canary")}, ErrEscape},
	{"hard link to the host", []entry{hardlink("a", "/etc/passwd")}, ErrEscape},
	{"hard link through a link", []entry{symlink("up", "/etc"), hardlink("a", "up/passwd")}, ErrEscape},
	{"hard link to a directory", []entry{dir("d", 0o755), hardlink("a", "d")}, ErrEscape},
	{"whiteout of dotdot", []entry{dir("d", 0o755), file("d/.wh...", "")}, ErrEscape},
	{"whiteout of dot", []entry{file(".wh..", "")}, ErrEscape},
	{"whiteout of nothing", []entry{file(".wh.", "")}, ErrEscape},
	{"disk", []entry{node("sda", tar.TypeBlock, 8, 0)}, ErrDevice},
	{"memory", []entry{node("dev/mem", tar.TypeChar, 1, 1)}, ErrDevice},
	{"block 0:0", []entry{node("zero", tar.TypeBlock, 0, 0)}, ErrDevice},
	{"root is a file", []entry{file(".", "x")}, ErrMalformed},
	{"root is a link", []entry{symlink(".", "/")}, ErrMalformed},
	{"parent is a file", []entry{file("a", "x"), file("a/b", "x")}, ErrMalformed},
	{"parent link leads nowhere", []entry{symlink("a", "b"), file("a/b", "x")}, ErrMalformed},
	{"link loop", []entry{symlink("a", "a"), file("a/b", "x")}, nil},
	{"overlay attribute", []entry{withXattr(dir("d", 0o755), "trusted.overlay.redirect", "/etc")}, ErrUnsupported},
	{"owner", []entry{{tar.Header{Typeflag: tar.TypeReg, Name: "a", Uid: 1 << 32}, ""}}, ErrMalformed},
	{"long name", []entry{file(strings.Repeat("a/", 3000)+"f", "x")}, ErrTooBig},
	{"type", []entry{{tar.Header{Typeflag: 'Z', Name: "a"}, ""}}, ErrUnsupported},
}

func TestHostileLayerIsRefusedAndLeavesNothing(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			s := newStore(t)
			outside := filepath.Dir(s.root)
			must(t, os.WriteFile(filepath.Join(outside, "canary"), []byte("sings"), 0o600))
			_, err := s.Load(t.Context(), ociArchive(t, "evil", layer(t, h.entries...)))
			var le *LayerError
			if !errors.As(err, &le) || h.want != nil && !errors.Is(err, h.want) {
				t.Fatalf("error is %v, want %v", err, h.want)
			}
			wantEmpty(t, s)
			left, err := os.ReadDir(outside)
			must(t, err)
			if len(left) != 2 {
				t.Errorf("beside the store lie %v", left)
			}
		})
	}
}

// A symbolic link may point anywhere, but no entry gets out through it.
func TestEntriesThroughLinksStayInside(t *testing.T) {
	for _, target := range []string{"/", "../../../../..", "/host"} {
		root := t.TempDir()
		inside := filepath.Join(root, "layer")
		must(t, os.Mkdir(inside, 0o755))
		_, err := unpack(t.Context(), strings.NewReader(string(tarOf(t,
			dir("host", 0o755), symlink("up", target), file("up/evil", "x"), dir("up/d", 0o700), file("up/.wh.gone", ""),
		))), inside, Limits{})
		must(t, err)
		left, err := os.ReadDir(root)
		must(t, err)
		if len(left) != 1 {
			t.Errorf("%s: beside the layer lie %v", target, left)
		}
		if _, err := os.Lstat("/evil"); err == nil {
			t.Fatal("/evil exists")
		}
	}
}

func TestBombs(t *testing.T) {
	big := strings.Repeat("\x00", 1<<20)
	var many []entry
	for i := range 100 {
		many = append(many, file("f"+strings.Repeat("x", i), ""))
	}
	for name, c := range map[string]struct {
		limits  Limits
		entries []entry
	}{
		"one file":      {Limits{Bytes: 1 << 19}, []entry{file("a", big)}},
		"sum of files":  {Limits{Bytes: 3 << 19}, []entry{file("a", big), file("b", big)}},
		"many files":    {Limits{Files: 50}, many},
		"deep parents":  {Limits{Files: 50}, []entry{file(strings.Repeat("d/", 60)+"f", "")}},
		"bytes in name": {Limits{Bytes: 1, Files: 1}, []entry{withXattr(file("a", ""), "user.x", big[:900_000])}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			s.Limits = c.limits
			_, err := s.Load(t.Context(), ociArchive(t, "bomb", layer(t, c.entries...)))
			if !errors.Is(err, ErrTooBig) {
				t.Fatalf("error is %v", err)
			}
			wantEmpty(t, s)
		})
	}
}

func TestWhatIsNotWhatItClaims(t *testing.T) {
	good := layer(t, file("a", strings.Repeat("some text ", 10_000)))
	other := layer(t, file("b", "other"))
	cut := good
	cut.blob, cut.claim = good.blob[:len(good.blob)/2], hashOf(t, good.blob)
	short := good
	short.blob = good.blob[:len(good.blob)/2]
	lies := good
	lies.claim = other.diffID
	foreign := good
	foreign.diffID = other.diffID
	flipped := good
	flipped.blob = slices.Clone(good.blob)
	flipped.blob[len(flipped.blob)-6] ^= 1
	xz := good
	xz.blob = []byte("\xfd7zXZ\x00 and so on")
	for name, c := range map[string]struct {
		layer blobLayer
		want  error
	}{
		"blob of half the size":  {cut, ErrDigest},
		"stream cut short":       {short, ErrTruncated},
		"blob digest":            {lies, ErrDigest},
		"content digest":         {foreign, ErrDigest},
		"checksum inside":        {flipped, ErrMalformed},
		"other compression":      {xz, ErrUnsupported},
		"no archive":             {blobLayer{blob: []byte(strings.Repeat("hello", 1000))}, ErrMalformed},
		"no archive, compressed": {blobLayer{blob: zipped(t, []byte(strings.Repeat("hello", 1000)))}, ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			if c.layer.diffID.Hex == "" {
				c.layer.diffID = good.diffID
			}
			_, err := s.Load(t.Context(), ociArchive(t, "liar", layer(t, file("fine", "")), c.layer))
			if !errors.Is(err, c.want) {
				t.Fatalf("error is %v, want %v", err, c.want)
			}
			wantEmpty(t, s)
		})
	}
}

func TestTruncatedArchives(t *testing.T) {
	whole, err := os.ReadFile(ociArchive(t, "cut", layer(t, file("a", strings.Repeat("x", 5000)))))
	must(t, err)
	for n := 0; n < len(whole)-1024; n += 512 {
		s := newStore(t)
		_, err := s.Load(t.Context(), tempFile(t, whole[:n]))
		if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrTruncated) {
			t.Fatalf("%d bytes: error is %v", n, err)
		}
		wantEmpty(t, s)
	}
}

func FuzzUnpack(f *testing.F) {
	for _, h := range hostile {
		f.Add(tarOf(f, h.entries...))
	}
	f.Add(tarOf(f, dir("d", 0o755), file("d/.wh..wh..opq", ""), file(".wh.x", ""), symlink("s", "d"), file("s/f", "x")))
	f.Fuzz(func(t *testing.T, b []byte) {
		root := t.TempDir()
		inside := filepath.Join(root, "layer")
		must(t, os.Mkdir(inside, 0o755))
		_, _ = unpack(t.Context(), strings.NewReader(string(b)), inside, Limits{Bytes: 1 << 20, Files: 40})
		left, err := os.ReadDir(root)
		must(t, err)
		if len(left) != 1 {
			t.Errorf("beside the layer lie %v", left)
		}
	})
}
