package cgroup_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/minipod/minipod/cgroup"
	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/internal/leak"
)

// newGroup is a group of the test's that is made and undone.
func newGroup(t *testing.T) *cgroup.Group {
	t.Helper()
	ability.Need(t, ability.Root)
	parent, err := cgroup.Parent()
	if err != nil {
		t.Fatal(err)
	}
	name := "t" + strconv.Itoa(os.Getpid()) + "-" + filepath.Base(t.TempDir()) + t.Name()
	leak.Check(t, leak.Scope{Cgroup: name})
	g := &cgroup.Group{Dir: filepath.Join(parent+"-test-cgroup", name), Of: "test"}
	if err := g.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Undo(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return g
}

// sleeper starts a process in the group below dir, and another one below it.
func sleeper(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	group, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	cmd := exec.Command("sh", "-c", "setsid sleep 1000 & exec sleep 1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(group.Fd())}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestUndoKillsAllBelowAndRemoves(t *testing.T) {
	g := newGroup(t)
	inner := filepath.Join(g.Dir, "a", "b")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, cmd := range []*exec.Cmd{sleeper(t, g.Dir), sleeper(t, inner)} {
		defer func() {
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) {
				t.Errorf("the process ended with %v", err)
			}
		}()
	}
	if pids, err := cgroup.Processes(inner); err != nil || len(pids) == 0 {
		t.Fatalf("processes %v, %v", pids, err)
	}
	for range 2 { // the second finds nothing
		if err := g.Undo(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(g.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the group is still there: %v", err)
	}
}

func TestAwaitEmptyEndsWithItsContext(t *testing.T) {
	g := newGroup(t)
	cmd := sleeper(t, g.Dir)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := cgroup.AwaitEmpty(ctx, g.Dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if err := cgroup.Kill(t.Context(), g.Dir); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // killed
}

func TestWhatDoesNotExistIsEmpty(t *testing.T) {
	ability.Need(t, ability.Root)
	parent, err := cgroup.Parent()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(parent+"-test-none", "x")
	if err := cgroup.Kill(t.Context(), dir); err != nil {
		t.Error(err)
	}
	if pids, err := cgroup.Processes(dir); len(pids) > 0 || err != nil {
		t.Errorf("%v, %v", pids, err)
	}
}

// Groups of one parent are made while others take the parent away.
func TestGroupsComeAndGo(t *testing.T) {
	g := newGroup(t)
	done := make(chan error)
	for n := range 4 {
		go func() {
			var err error
			for range 500 {
				sub := &cgroup.Group{Dir: filepath.Join(g.Dir, "parent", strconv.Itoa(n))}
				err = errors.Join(err, sub.Do(t.Context()), sub.Undo(t.Context()))
			}
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// A name that the kernel uses for a file of its own is an error, not a wait
// without an end.
func TestGroupOfAKernelFilesName(t *testing.T) {
	g := newGroup(t)
	for _, name := range []string{"cgroup.procs", "cgroup.procs/below"} {
		sub := &cgroup.Group{Dir: filepath.Join(g.Dir, name)}
		if err := sub.Do(t.Context()); err == nil {
			t.Errorf("%s was made", name)
		}
	}
}
