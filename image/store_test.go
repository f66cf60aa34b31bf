package image

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if archive := os.Getenv("MINIPOD_TEST_LOAD"); archive != "" {
		loadOver(os.Getenv("MINIPOD_TEST_STORE"), archive)
	}
	os.Exit(m.Run())
}

func TestNormalize(t *testing.T) {
	const digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for name, want := range map[string]string{
		"nginx":                       "docker.io/library/nginx:latest",
		"nginx:alpine":                "docker.io/library/nginx:alpine",
		"training/webapp":             "docker.io/training/webapp:latest",
		"docker.io/nginx":             "docker.io/library/nginx:latest",
		"index.docker.io/nginx":       "docker.io/library/nginx:latest",
		"localhost/x":                 "localhost/x:latest",
		"localhost:5000/x:1":          "localhost:5000/x:1",
		"ghcr.io/a/b/c:v1":            "ghcr.io/a/b/c:v1",
		"nginx@" + digest:             "docker.io/library/nginx@" + digest,
		"nginx:1@" + digest:           "docker.io/library/nginx:1@" + digest,
		"":                            "",
		"Nginx":                       "",
		"a b":                         "",
		"x:":                          "",
		"x@sha256:12":                 "",
		strings.Repeat("a", 300):      "",
		strings.Repeat("a", 64):       "",
		"http://example.com/x":        "",
		"x:" + strings.Repeat("t", 9): "docker.io/library/x:" + strings.Repeat("t", 9),
	} {
		got, err := Normalize(name)
		if got != want || (err != nil) != (want == "") || err != nil && !errors.Is(err, ErrBadName) {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
}

func TestResolve(t *testing.T) {
	s := newStore(t)
	img, err := s.LoadAs(t.Context(), ociArchive(t, "x", layer(t, file("a", ""))), "team/app:1")
	must(t, err)
	hex := strings.TrimPrefix(img.ID, "sha256:")
	for _, name := range []string{"team/app:1", "docker.io/team/app:1", img.ID, hex, hex[:12], img.RepoDigests[0], "team/app:9@" + img.Digest} {
		got, err := s.Resolve(name)
		if err != nil || got.ID != img.ID {
			t.Errorf("%s: %v, %v", name, got.ID, err)
		}
	}
	for name, want := range map[string]error{
		"team/app": ErrNotFound, "other@" + img.Digest: ErrNotFound, "feed": ErrNotFound, "UPPER": ErrBadName,
		"sha256:" + strings.Repeat("0", 64): ErrNotFound, strings.Repeat("0", 64): ErrNotFound, "sha256:12": ErrNotFound,
	} {
		if _, err := s.Resolve(name); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func nobody(string) bool { return false }

func TestRemove(t *testing.T) {
	s := newStore(t)
	base := layer(t, file("base", ""))
	both, err := s.LoadAs(t.Context(), ociArchive(t, "x", base, layer(t, file("a", ""))), "both:1")
	must(t, err)
	_, err = s.LoadAs(t.Context(), ociArchive(t, "x", base, layer(t, file("a", ""))), "both:2")
	must(t, err)
	_, err = s.LoadAs(t.Context(), ociArchive(t, "x", base), "base")
	must(t, err)

	gone, err := s.Remove(t.Context(), []string{"both:1"}, func(string) bool { return true })
	if err != nil || !slices.Equal(gone.Untagged, []string{"docker.io/library/both:1"}) || gone.Deleted != nil {
		t.Errorf("%+v, %v", gone, err)
	}
	_, err = s.Remove(t.Context(), []string{"base", "both:2"}, func(id string) bool { return id == both.ID })
	if !errors.Is(err, ErrInUse) {
		t.Errorf("error is %v", err)
	}
	if all, _ := s.List(); len(all) != 2 {
		t.Errorf("a refused removal removed something: %v", all)
	}
	gone, err = s.Remove(t.Context(), []string{both.ID}, nobody)
	if err != nil || !slices.Equal(gone.Deleted, []string{both.ID}) {
		t.Errorf("%+v, %v", gone, err)
	}
	if got, err := s.Resolve("base"); err != nil || len(got.LayerDirs) != 1 {
		t.Errorf("the layer that base shared is gone: %v", err)
	}
	if left, _ := os.ReadDir(s.path(dirLayers)); len(left) != 2 {
		t.Errorf("layers: %v", left)
	}
	_, err = s.Remove(t.Context(), []string{"base"}, nobody)
	must(t, err)
	for _, d := range []string{dirRecords, "blobs/sha256"} {
		if left, _ := os.ReadDir(s.path(d)); len(left) != 0 {
			t.Errorf("%s holds %v", d, left)
		}
	}
}

func TestPruneTakesWhatHasNoName(t *testing.T) {
	s := newStore(t)
	old, err := s.LoadAs(t.Context(), ociArchive(t, "x", layer(t, file("a", "old"))), "app")
	must(t, err)
	_, err = s.LoadAs(t.Context(), ociArchive(t, "x", layer(t, file("a", "new"))), "app")
	must(t, err)
	if got, err := s.Resolve(old.ID); err != nil || len(got.Names) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	gone, err := s.Prune(t.Context(), func(id string) bool { return id == old.ID })
	if err != nil || gone.Deleted != nil {
		t.Errorf("%+v, %v", gone, err)
	}
	gone, err = s.Prune(t.Context(), nobody)
	if err != nil || !slices.Equal(gone.Deleted, []string{old.ID}) {
		t.Errorf("%+v, %v", gone, err)
	}
	if _, err := s.Resolve("app"); err != nil {
		t.Error(err)
	}
}

func TestHoldKeepsRemoversOut(t *testing.T) {
	s := newStore(t)
	_, err := s.LoadAs(t.Context(), ociArchive(t, "x"), "app")
	must(t, err)
	release, err := s.Hold(t.Context())
	must(t, err)
	done := make(chan error, 1)
	asked := make(chan struct{})
	go func() {
		_, err := s.Remove(t.Context(), []string{"app"}, func(string) bool { close(asked); return false })
		done <- err
	}()
	if lock := s.lockIfIdle(unix.LOCK_EX); lock != nil {
		t.Error("a held store is idle")
	}
	select {
	case <-asked:
		t.Error("removal went on while the store was held")
	default:
	}
	release()
	must(t, <-done)
}

// loadOver is the subprocess of TestManyLoadersAreKilled.
func loadOver(root, archive string) {
	s, err := Open(root)
	for err == nil {
		if _, err = s.Load(context.Background(), archive); err == nil {
			_, err = s.Remove(context.Background(), []string{"app"}, nobody)
		}
		if errors.Is(err, ErrNotFound) {
			err = nil // the other process was faster
		}
		_, _ = os.Stdout.WriteString(".")
	}
	_, _ = os.Stdout.WriteString(err.Error())
	os.Exit(1)
}

// Several processes load and remove the same image, and are killed at any
// moment; the store never shows a layer that is not whole.
func TestManyLoadersAreKilled(t *testing.T) {
	s := newStore(t)
	var entries []entry
	for i := range 200 {
		entries = append(entries, file("f"+strings.Repeat("x", i), strings.Repeat("y", i)))
	}
	archive := ociArchive(t, "app", layer(t, entries...), layer(t, file("top", "")))
	for round := range 8 {
		var running []*exec.Cmd
		for range 3 {
			running = append(running, startLoader(t, s.root, archive, round))
		}
		for _, cmd := range running {
			must(t, cmd.Process.Kill())
			_ = cmd.Wait()
		}
		wantWholeLayers(t, s)
	}
	img, err := s.Load(t.Context(), archive)
	must(t, err)
	if left, _ := filepath.Glob(s.path(img[0].LayerDirs[0], "*")); len(left) != 200 {
		t.Errorf("the layer holds %d files", len(left))
	}
	_, err = s.Prune(t.Context(), nobody)
	must(t, err)
	for d, want := range map[string]int{dirTmp: 0, dirRecords: 2, dirLayers: 3, "blobs/sha256": 4} {
		if left, _ := os.ReadDir(s.path(d)); len(left) != want {
			t.Errorf("%s holds %v", d, left)
		}
	}
}
