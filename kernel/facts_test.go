package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/internal/leak"
)

// Facts about Linux and Go on which the code rests.

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// checkThreads fails the test if a thread in foreign namespaces outlives it.
func checkThreads(t *testing.T) {
	leak.Check(t, leak.Scope{})
	t.Cleanup(func() {
		for strays := true; strays; runtime.Gosched() {
			strays = false
			tasks, _ := filepath.Glob("/proc/self/task/[0-9]*/ns/uts") // the pattern is right
			mine, _ := os.Readlink("/proc/self/ns/uts")
			for _, task := range tasks {
				theirs, err := os.Readlink(task)
				strays = strays || err == nil && theirs != mine
			}
		}
	})
}

// A goroutine that locks its thread can land on the process's main thread,
// which the runtime parks instead of destroying (1 in 200).
func TestEveryThreadIsDestroyed(t *testing.T) {
	ability.Need(t, ability.Root)
	checkThreads(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 150 {
				err := OnThread(func(th *Thread) error {
					if unix.Gettid() == os.Getpid() {
						t.Error("on the main thread")
					}
					return th.Unshare(UTS)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// setns into a mount namespace fails on a Go thread (EINVAL) unless that thread
// did unshare(CLONE_FS) first.
func TestEnteringAMountNamespace(t *testing.T) {
	ability.Need(t, ability.Root)
	ns, err := Open("/proc/self/ns/mnt", unix.O_RDONLY)
	must(t, err)
	defer ns.Close()
	must(t, OnThread(func(th *Thread) error {
		if err := unix.Setns(ns.Int(), unix.CLONE_NEWNS); !errors.Is(err, unix.EINVAL) {
			t.Errorf("without unshare: %v", err)
		}
		return th.EnterFD(Mount, ns)
	}))
}

// clone with CLONE_VM|CLONE_VFORK by RawSyscall holds the scheduler's P: a
// child that took 500 ms stalled a garbage collection for 503 ms.
func TestASlowChildStallsNobody(t *testing.T) {
	const slow = 500 * time.Millisecond
	null, err := Open("/dev/null", unix.O_RDWR)
	must(t, err)
	defer null.Close()
	ended := make(chan error)
	begun := make(chan time.Time, 1)
	go func() {
		ended <- OnThread(func(th *Thread) error {
			wait := unix.NsecToTimespec(int64(slow))
			p := &Program{}
			p.kept = append(p.kept, unsafe.Pointer(&wait))
			p.Stdio(null, null, null)
			p.add("sleep", unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&wait)), 0)
			p.Exec("/bin/true", []string{"true"}, nil)
			begun <- time.Now()
			proc, err := th.Spawn(p, Cloning{})
			if err != nil {
				return err
			}
			_, err = Await(proc.PidFD)
			return err
		})
	}()
	start, worst := <-begun, time.Duration(0)
	for time.Since(start) < slow {
		before := time.Now()
		runtime.GC()
		worst = max(worst, time.Since(before))
	}
	must(t, <-ended)
	if worst > slow/2 {
		t.Errorf("a garbage collection took %v", worst)
	}
}

// close_range with CLOEXEC leaves descriptors open until exec: chdir to
// /proc/self/fd/N reached the host (CVE-2024-21626). So it closes, and comes
// before chdir.
func TestNoDescriptorIsLeftForChdir(t *testing.T) {
	dir, err := Open("/etc", unix.O_PATH|unix.O_DIRECTORY)
	must(t, err)
	defer dir.Close()
	there := "/proc/self/fd/" + strconv.Itoa(dir.Int())
	_, out, err := run(t, Cloning{}, "pwd", func(p *Program) {
		p.calls, p.what = p.calls[:3], p.what[:3] // the three descriptors, not yet closed
		p.add("flags of descriptors", unix.SYS_CLOSE_RANGE, 3, 1<<31-1, unix.CLOSE_RANGE_CLOEXEC)
		p.Chdir(there)
	})
	if err != nil || out != "/etc\n" {
		t.Errorf("the fact does not hold: %q, %v", out, err)
	}
	_, out, err = run(t, Cloning{}, "pwd", func(p *Program) { p.Chdir(there) })
	if !errors.Is(err, unix.ENOENT) {
		t.Errorf("it ran in %q, %v", out, err)
	}
}

func TestAwaitTakesTheDescriptorOver(t *testing.T) {
	null, err := Open("/dev/null", unix.O_RDWR)
	must(t, err)
	defer null.Close()
	must(t, OnThread(func(th *Thread) error {
		p := &Program{}
		p.Stdio(null, null, null)
		p.Exec("/bin/true", []string{"true"}, nil)
		proc, err := th.Spawn(p, Cloning{})
		if err != nil {
			return err
		}
		if _, err := Await(proc.PidFD); err != nil {
			return err
		}
		if proc.PidFD.Int() != -1 {
			t.Error("a second Close would close somebody else's descriptor")
		}
		return proc.PidFD.Close()
	}))
}

func TestHints(t *testing.T) {
	for _, tt := range []struct {
		op   string
		err  error
		want string
	}{
		{"move_mount", unix.ENOSPC, "move_mount x: the limit on mounts (sysctl fs.mount-max) is reached (no space left on device)"},
		{"mkdir", unix.ENOSPC, "mkdir x: no space left on device"},
		{"fsopen", unix.ENODEV, "fsopen x: this kernel does not have that file system (no such device)"},
		{"unshare", unix.EINVAL, "unshare x: this kernel does not have that kind of namespace (invalid argument)"},
		{"clone3", unix.EINVAL, "clone3 x: this kernel does not have that kind of namespace (invalid argument)"},
		{"move_mount", unix.EINVAL, "move_mount x: invalid argument"},
		{"openat2", unix.ENOSYS, "openat2 x: this kernel does not have that system call, or a filter forbids it (function not implemented)"},
	} {
		err := fail(tt.op, "x", tt.err)
		if err.Error() != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("got %q, want %q", err, tt.want)
		}
	}
	if fail("mount", "x", nil) != nil {
		t.Error("no error became one")
	}
}
