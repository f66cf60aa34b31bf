package pod_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/minipod/minipod/pod"
	"github.com/minipod/minipod/state"
)

// A minipod that is killed between claiming a name and writing the pod down
// leaves a run directory that holds none.
func TestDeleteOfANameWithoutAPod(t *testing.T) {
	l := newLab(t)
	claim, err := state.Claim(l.host.Dirs, "default", "nothing")
	if err != nil {
		t.Fatal(err)
	}
	if err := claim.Release(); err != nil {
		t.Fatal(err)
	}
	err = pod.Delete(context.Background(), l.host, "default", "nothing", state.Deletion{})
	if !errors.Is(err, state.ErrNotFound) {
		t.Errorf("error %v", err)
	}
	left, err := os.ReadDir(filepath.Join(l.host.Dirs.Run, "pods"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
