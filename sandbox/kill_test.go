package sandbox_test

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/cgroup"
	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/sandbox"
)

// descendants starts grandchildren of every kind: in a session of their own,
// orphaned, and deaf to signals.
const descendants = `trap '' TERM HUP INT
	setsid sleep 1000 & (sleep 1000 & sleep 1000 &) & sh -c 'trap "" TERM; sleep 1000; sleep 1000' &
	echo up; while :; do sleep 1000; done`

// Killing a PID namespace's init leaves no grandchild; nor does cgroup.kill.
func TestNoGrandchildIsLeft(t *testing.T) {
	p := newLab(t).pod("u1")
	for name, kill := range map[string]func(r *running) error{
		"init":  func(r *running) error { return kernel.Signal(r.Started().PidFD, syscall.SIGKILL) },
		"group": func(r *running) error { return cgroup.Signal(r.Cgroup) },
	} {
		r, err := p.start(p.prepare(shell(descendants)))
		must(t, err)
		want(t, "line", r.line(), "up")
		// What was entered dies with it.
		e := r.entry(shell("setsid sleep 1000 & echo in; exec sleep 1000"))
		null, err := kernel.Open(os.DevNull, unix.O_RDWR)
		must(t, err)
		read, write, err := os.Pipe()
		must(t, err)
		e.Stdin, e.Stdout, e.Stderr = null, kernel.NewFD(int(write.Fd()), "pipe"), null
		in, err := sandbox.Enter(e)
		must(t, err)
		must(t, write.Close())
		_, err = read.Read(make([]byte, 8))
		must(t, err)
		must(t, kill(r))
		exit, err := kernel.Await(in.PidFD)
		must(t, err)
		want(t, name+": end of what was entered", exitText(exit), "killed")
		exit, _ = r.wait()
		want(t, name+": end of the container", exitText(exit), "killed")
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		if err := cgroup.AwaitEmpty(ctx, r.Cgroup); err != nil {
			pids, _ := cgroup.Processes(r.Cgroup)
			t.Errorf("%s: processes %v are left: %v", name, pids, err)
		}
		cancel()
		null.Close()
		read.Close()
	}
}

// The container's init reaps nothing: zombies of its namespace must go with it
// (the leak check looks for them), and none is a child of this process.
func TestNoZombieIsLeft(t *testing.T) {
	p := newLab(t).pod("u1")
	out := p.sh("for i in 1 2 3 4 5; do (true &) ; done; exec sh -c 'echo ok'")
	want(t, "output", strings.TrimSpace(out), "ok")
	must(t, cgroup.Kill(t.Context(), p.cgroup))
}

// A container whose signals were ignored or blocked by whoever started minipod
// (nohup) gets its own dispositions back.
func TestSignalsOfTheOwner(t *testing.T) {
	ability.Need(t, ability.Root)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	mask, old := unix.Sigset_t{}, unix.Sigset_t{}
	mask.Val[0] = 1 << (unix.SIGUSR1 - 1)
	must(t, unix.PthreadSigmask(unix.SIG_BLOCK, &mask, &old))
	signal.Ignore(syscall.SIGHUP)
	defer func() {
		signal.Reset(syscall.SIGHUP)
		must(t, unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil))
	}()
	if again(t, nil) {
		return
	}
	p := newLab(t).pod("u1")
	out := p.output(sandbox.Process{Argv: []string{"awk", "/^Sig(Ign|Blk)/{print $2}", "/proc/self/status"}})
	want(t, "signals", out, none+"\n"+none+"\n")
}
