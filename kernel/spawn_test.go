package kernel

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
)

// run spawns /bin/sh in place and gives its exit and standard output.
func run(t *testing.T, c Cloning, script string, extra ...func(p *Program)) (Exit, string, error) {
	t.Helper()
	if c.NewPID {
		ability.Need(t, ability.Root)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	null, err := Open("/dev/null", unix.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var exit Exit
	err = OnThread(func(th *Thread) error {
		p := &Program{}
		p.Stdio(null, NewFD(int(w.Fd()), "pipe"), null)
		for _, f := range extra {
			f(p)
		}
		p.CloseAll()
		p.Exec("/bin/sh", []string{"sh", "-c", script}, []string{"PATH=/bin:/usr/bin"})
		proc, err := th.Spawn(p, c)
		if err != nil {
			return err
		}
		exit, err = Await(proc.PidFD)
		return err
	})
	w.Close()
	out, rerr := io.ReadAll(r)
	if rerr != nil {
		t.Fatal(rerr)
	}
	return exit, string(out), err
}

func TestSpawnRunsAProgramAsInit(t *testing.T) {
	exit, out, err := run(t, Cloning{NewPID: true}, "echo $$; ls /proc/self/fd | wc -l; exit 42")
	if err != nil {
		t.Fatal(err)
	}
	if exit != (Exit{Code: 42}) || !strings.HasPrefix(out, "1\n") {
		t.Errorf("exit %+v, output %q; want 42 and process 1", exit, out)
	}
}

func TestSpawnReportsTheSignal(t *testing.T) {
	exit, _, err := run(t, Cloning{}, "kill -9 $$")
	if err != nil || exit != (Exit{Code: 137, Signal: syscall.SIGKILL}) {
		t.Errorf("exit %+v, %v", exit, err)
	}
}

func TestSpawnNamesTheCallThatFailed(t *testing.T) {
	_, _, err := run(t, Cloning{}, "true", func(p *Program) { p.Chdir("/does/not/exist") })
	var call *CallError
	if !errors.As(err, &call) || call.Call != "working directory /does/not/exist" || !errors.Is(err, unix.ENOENT) {
		t.Errorf("error %v", err)
	}
}

func TestSpawnLeavesNoDescriptorAndIgnoresNoSignal(t *testing.T) {
	signal.Ignore(syscall.SIGQUIT, syscall.SIGUSR1)
	defer signal.Reset(syscall.SIGQUIT, syscall.SIGUSR1)
	leak, err := os.Open("/etc")
	if err != nil {
		t.Fatal(err)
	}
	defer leak.Close()
	_, out, err := run(t, Cloning{}, "ls /proc/$$/fd; true") // true: or the shell becomes ls
	if want := "0\n1\n2\n"; err != nil || out != want {
		t.Errorf("got %q, want %q, %v", out, want, err)
	}
	// Not by the shell: busybox's own ignores signals, too.
	_, out, err = run(t, Cloning{}, "", func(p *Program) {
		p.DefaultSignals()
		p.CloseAll()
		p.Exec("/bin/grep", []string{"grep", "SigIgn", "/proc/self/status"}, nil)
	})
	if want := "SigIgn:\t0000000000000000\n"; err != nil || out != want {
		t.Errorf("got %q, want %q, %v", out, want, err)
	}
}

func TestStdioKeepsWhatItIsTold(t *testing.T) {
	dir, err := Open("/etc", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	null, err := Open("/dev/null", unix.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	err = OnThread(func(th *Thread) error {
		p := &Program{}
		p.Stdio(null, null, null, dir)
		// The kept descriptor still works after the others are closed.
		p.add("kept descriptor", unix.SYS_FCHDIR, uintptr(dir.Int()))
		p.CloseAll()
		p.Exec("/bin/sh", []string{"sh", "-c", "test -e passwd && test ! -e /proc/self/fd/3"}, nil)
		proc, err := th.Spawn(p, Cloning{})
		if err != nil {
			return err
		}
		exit, err := Await(proc.PidFD)
		if exit.Code != 0 {
			t.Errorf("exit %+v", exit)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Many spawns while the collector runs: the child shares the heap.
func TestSpawnUnderGarbageCollection(t *testing.T) {
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	for range 200 {
		if exit, _, err := run(t, Cloning{NewPID: true}, "exit 7"); err != nil || exit.Code != 7 {
			t.Fatalf("exit %+v, %v", exit, err)
		}
	}
	close(stop)
	<-done
}

func BenchmarkSpawn(b *testing.B) {
	null, err := Open("/dev/null", unix.O_RDWR)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	for b.Loop() {
		err := OnThread(func(th *Thread) error {
			p := &Program{}
			p.Stdio(null, null, null)
			p.Exec("/bin/true", []string{"true"}, nil)
			proc, err := th.Spawn(p, Cloning{NewPID: true})
			if err != nil {
				return err
			}
			_, err = Reap(proc.PidFD)
			return errors.Join(err, proc.PidFD.Close())
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
