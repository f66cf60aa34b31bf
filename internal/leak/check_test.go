package leak_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/internal/leak"
)

// The runtime parks a process's first thread instead of destroying it, so no
// test's goroutine may get it.
func init() { runtime.LockOSThread() }

// Each leak is made, must be seen, is mended, and must be gone again.
func TestEveryKindOfLeakIsSeen(t *testing.T) {
	ability.Need(t, ability.Root)
	dir := t.TempDir()
	tests := map[string]struct {
		make func(t *testing.T) (mend func())
		want string
	}{
		"file": {func(t *testing.T) func() {
			path := filepath.Join(dir, "left")
			must(t, os.WriteFile(path, nil, 0o600))
			return func() { must(t, os.Remove(path)) }
		}, "file " + dir + "/left"},
		"mount": {func(t *testing.T) func() {
			must(t, unix.Mount("leak", dir, "tmpfs", 0, ""))
			return func() { must(t, unix.Unmount(dir, 0)) }
		}, "mount " + dir + " of type tmpfs"},
		"process":   {orphan, "process "},
		"namespace": {heldNamespace, "open file uts:["},
		"thread":    {strayThread, "foreign namespace uts:["},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := take(t, dir)
			mend := tt.make(t)
			got := before.Diff(take(t, dir))
			mend()
			if !strings.Contains(got, tt.want) {
				t.Errorf("the difference does not hold %q:\n%s", tt.want, got)
			}
			if rest := before.Diff(take(t, dir)); rest != "" {
				t.Errorf("still there after mending:\n%s", rest)
			}
		})
	}
}

// orphan leaves a grandchild whose parent has ended, as a killed owner does.
func orphan(t *testing.T) func() {
	must(t, leak.Adopt())
	out, err := exec.Command("sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!").Output()
	must(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
	must(t, err)
	return func() {
		must(t, unix.Kill(pid, unix.SIGKILL))
		_, err := unix.Wait4(pid, nil, 0, nil)
		must(t, err)
	}
}

func heldNamespace(t *testing.T) func() {
	f, err := os.Open("/proc/self/ns/uts")
	must(t, err)
	return func() { must(t, f.Close()) }
}

func strayThread(t *testing.T) func() {
	ready, stop, done := make(chan error), make(chan bool), make(chan int)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		ready <- unix.Unshare(unix.CLONE_NEWUTS)
		<-stop
		done <- unix.Gettid()
	}()
	must(t, <-ready)
	return func() {
		close(stop)
		task := "/proc/self/task/" + strconv.Itoa(<-done)
		for _, err := os.Stat(task); err == nil; _, err = os.Stat(task) {
			runtime.Gosched() // the goroutine has returned; its thread is on its way out
		}
	}
}

func take(t *testing.T, dir string) leak.Host {
	t.Helper()
	h, err := leak.Take(leak.Scope{Dirs: []string{dir}})
	must(t, err)
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
