package image

import (
	"io"
	"os"
	"os/exec"
	"testing"
)

// startLoader starts a process that loads and removes in a loop, and waits
// for its first n turns, so that it is somewhere in the next.
func startLoader(t testing.TB, root, archive string, n int) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "MINIPOD_TEST_LOAD="+archive, "MINIPOD_TEST_STORE="+root)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	turns := make([]byte, 1+n%3)
	if _, err := io.ReadFull(out, turns); err != nil {
		t.Errorf("loader: %v", err)
	}
	for _, b := range turns {
		if b != '.' {
			rest, _ := io.ReadAll(out)
			t.Errorf("loader says %s%s", turns, rest)
			break
		}
	}
	return cmd
}

// wantWholeLayers demands that every record speaks of a whole layer.
func wantWholeLayers(t testing.TB, s *Store) {
	t.Helper()
	names, err := os.ReadDir(s.path(dirRecords))
	must(t, err)
	for _, n := range names {
		r, err := s.readRecord(n.Name())
		must(t, err)
		files, err := os.ReadDir(s.path(dirLayers, r.Dir))
		if err != nil || int64(len(files)) != r.Files {
			t.Errorf("layer %s: %d files of %d, %v", r.Dir, len(files), r.Files, err)
		}
	}
	if _, err := s.List(); err != nil {
		t.Error(err)
	}
}
