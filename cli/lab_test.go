package cli_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/image"
	"github.com/minipod/minipod/internal/leak"
	"github.com/minipod/minipod/state"
)

// patience is how long one test waits for what must come.
const patience = 2 * time.Minute

// lab is a minipod with roots of its own on this host, and a check that what
// it did is gone in the end.
type lab struct {
	tb       testing.TB
	dirs     state.Dirs
	examples string
	pods     uids
}

// newLab makes the roots, loads the archives and looks at the host. The check
// comes when the test has ended.
func newLab(tb testing.TB, archives ...string) *lab {
	tb.Helper()
	dir := tb.TempDir()
	l := &lab{tb: tb, dirs: state.Dirs{Run: filepath.Join(dir, "run"), Root: filepath.Join(dir, "lib"), Log: filepath.Join(dir, "log")}}
	// The folders that hold pods stay when the last one goes.
	for _, d := range []string{filepath.Join(l.dirs.Run, "pods"), filepath.Join(l.dirs.Root, "pods"), l.dirs.Log} {
		must(tb, os.MkdirAll(d, 0o700))
	}
	var err error
	l.examples, err = filepath.Abs("../examples")
	must(tb, err)
	store, err := image.Open(filepath.Join(l.dirs.Root, "images"))
	must(tb, err)
	for _, a := range archives {
		_, err := store.Load(context.Background(), a)
		must(tb, err)
	}
	leak.Check(tb, l.scope())
	tb.Cleanup(l.checkGroups)
	l.pods.watch(tb, l.dirs)
	return l
}

func (l *lab) env() []string {
	return []string{"MINIPOD_ROOT=" + l.dirs.Root, "MINIPOD_RUN_ROOT=" + l.dirs.Run, "MINIPOD_LOG_ROOT=" + l.dirs.Log}
}

func (l *lab) scope() leak.Scope {
	return leak.Scope{Dirs: []string{l.dirs.Run, filepath.Join(l.dirs.Root, "pods"), l.dirs.Log}}
}

// look takes stock of the host in the middle of a test. It buries the zombies
// of killed owners first, so no command may be running.
func (l *lab) look() leak.Host {
	l.tb.Helper()
	for pid := 1; pid > 0; {
		pid, _ = unix.Wait4(-1, nil, unix.WNOHANG, nil)
	}
	h, err := leak.Take(l.scope())
	must(l.tb, err)
	return h
}

// minipod is the program as a command that nobody has started.
func (l *lab) minipod(args ...string) *exec.Cmd {
	c := exec.Command("minipod", args...)
	c.Env = append(os.Environ(), l.env()...)
	return c
}

// checkGroups demands that no cgroup is left of the pods that were seen. Other
// tests have pods beside ours, under other uids.
func (l *lab) checkGroups() {
	err := filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && d.IsDir() && l.pods.owns(path) {
			l.tb.Errorf("a cgroup is left: %s", path)
		}
		return err
	})
	must(l.tb, err)
}

// uids are those of all pods that were ever published under some roots.
type uids struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (u *uids) watch(tb testing.TB, d state.Dirs) {
	tb.Helper()
	w, err := state.NewWatcher(d, "", "")
	must(tb, err)
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		defer w.Close()
		for w.Next(ctx) == nil {
			u.look(d)
		}
	})
	tb.Cleanup(func() {
		cancel()
		done.Wait()
	})
}

func (u *uids) look(d state.Dirs) {
	all, _ := state.List(d, "") // what is half gone was seen before
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.seen == nil {
		u.seen = map[string]bool{}
	}
	for _, p := range all {
		u.seen[string(p.Pod.UID)] = true
	}
}

func (u *uids) owns(path string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, uid, ok := strings.Cut(filepath.Base(path), "pod")
	return ok && u.seen[uid]
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
