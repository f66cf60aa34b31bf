package sandbox_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/sandbox"
)

// Undo goes on where another process was killed in the middle of it, whatever
// that had removed by then.
func TestGroundIsUndoneFromAnyHalf(t *testing.T) {
	ability.Need(t, ability.Root)
	for name, half := range map[string]func(run string) error{
		"pins gone, skeleton there": func(run string) error { return os.MkdirAll(filepath.Join(run, "skeleton/dev"), 0o755) },
		"skeleton half gone":        func(run string) error { return os.MkdirAll(filepath.Join(run, "skeleton.new/dev"), 0o755) },
		"pins half gone":            func(run string) error { return os.Mkdir(filepath.Join(run, "ns"), 0o700) },
		"nothing":                   func(string) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			run := t.TempDir()
			g := &sandbox.Ground{Dir: filepath.Join(run, "ns"), UID: "u"}
			for _, do := range []func() error{
				func() error { return g.Do(t.Context()) },
				func() error { return g.Undo(t.Context()) },
				func() error { return half(run) },
				func() error { return g.Undo(t.Context()) },
			} {
				if err := do(); err != nil {
					t.Fatal(err)
				}
			}
			left, err := os.ReadDir(run)
			if err != nil || len(left) > 0 {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
}
