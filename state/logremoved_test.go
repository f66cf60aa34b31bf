package state_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/minipod/minipod/state"
)

// A pod's logs go with it, perhaps before who follows them has read the end.
func TestFollowedLogIsRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "c")
	w, err := state.OpenLog(state.LogPath(dir, 0), state.LogLimits{})
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		if _, err := w.Write(state.Stdout, []byte(text), time.Now(), true); err != nil {
			t.Error(err)
		}
	}
	write("first\n")
	done := make(chan struct{})
	var got []string
	err = state.ReadLogs(t.Context(), dir, state.LogOptions{Follow: true, Done: done}, func(l state.Line) error {
		if got = append(got, string(l.Text)); len(got) == 1 {
			write("last\n")
			if err := os.RemoveAll(dir); err != nil {
				t.Error(err)
			}
			close(done)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if len(got) != 2 || got[1] != "last" {
		t.Errorf("lines %q", got)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
