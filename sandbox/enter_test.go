package sandbox_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/sandbox"
)

// idle starts a container that says "up" and waits.
func (p *pod) idle(changes ...change) *running {
	p.t.Helper()
	r, err := p.start(p.prepare(shell("echo up; exec sleep 1000"), changes...))
	must(p.t, err)
	want(p.t, "line", r.line(), "up")
	return r
}

func (r *running) entry(proc sandbox.Process) sandbox.Entry {
	if proc.Env == nil {
		proc.Env = r.Started().Env
	}
	return sandbox.Entry{Init: r.Started().PidFD, Cgroup: r.Cgroup, Process: proc, Identity: r.Started().Identity}
}

// enter runs a process in the container and gives its exit and output.
func (r *running) enter(e sandbox.Entry) (kernel.Exit, string, error) {
	r.t.Helper()
	read, write, err := os.Pipe()
	must(r.t, err)
	defer read.Close()
	out := kernel.NewFD(int(write.Fd()), "pipe")
	null, err := kernel.Open(os.DevNull, unix.O_RDWR)
	must(r.t, err)
	if e.Stdin == nil {
		e.Stdin = null
	}
	e.Stdout, e.Stderr = out, out
	in, err := sandbox.Enter(e)
	must(r.t, errors.Join(write.Close(), null.Close()))
	if err != nil {
		return kernel.Exit{}, "", err
	}
	b, err := io.ReadAll(read)
	must(r.t, err)
	exit, err := kernel.Await(in.PidFD)
	must(r.t, err)
	return exit, string(b), nil
}

func TestEnteredProcessIsLikeTheContainers(t *testing.T) {
	p := newLab(t).pod("u1")
	const look = `cd /proc/self/ns; for n in *; do echo $n $(readlink $n); done | grep -v for_children
		cat /proc/self/cgroup; umask; cd; pwd; echo $PATH $MARK; ls /dev /proc/self/fd; ` + who
	for _, u := range []sandbox.User{{}, {Image: "user"}} {
		r, err := p.start(p.prepare(shell(look+"; echo; echo end; exec sleep 1000"), as(u), func(c *sandbox.Container) {
			c.Process.Env, c.Process.Dir, c.Process.NoNewPrivileges = []string{"MARK=here"}, "/tmp", true
		}))
		must(t, err)
		var first strings.Builder
		for line := r.line(); line != "end"; line = r.line() {
			first.WriteString(line + "\n")
		}
		exit, out, err := r.enter(r.entry(sandbox.Process{Argv: []string{"sh", "-c", look + "; echo"}, Dir: "/tmp", NoNewPrivileges: true}))
		must(t, err)
		want(t, "exit", exitText(exit), "0")
		want(t, "what the entered process sees", out, first.String())
	}
}

func exitText(e kernel.Exit) string {
	if e.Signal != 0 {
		return e.Signal.String()
	}
	return strconv.Itoa(e.Code)
}

// setns into several namespaces at once commits the new root to all threads
// that share it: the process must not find itself in the container.
func TestEnteringLeavesTheProcessOutside(t *testing.T) {
	l := newLab(t)
	r := l.pod("u1").idle()
	_, _, err := r.enter(r.entry(sandbox.Process{Argv: []string{"true"}}))
	must(t, err)
	if _, err := os.Stat(l.dir); err != nil {
		t.Errorf("the host's files are out of reach: %v", err)
	}
	if dir, err := os.Getwd(); err != nil || filepath.Base(dir) != "sandbox" {
		t.Errorf("working directory %s, %v", dir, err)
	}
}

func TestEnteredExit(t *testing.T) {
	r := newLab(t).pod("u1").idle()
	for script, want := range map[string]kernel.Exit{
		"exit 42": {Code: 42}, "kill -9 $$": {Code: 137, Signal: syscall.SIGKILL},
	} {
		exit, _, err := r.enter(r.entry(shell(script)))
		if err != nil || exit != want {
			t.Errorf("%s: %+v, %v", script, exit, err)
		}
	}
	if _, _, err := r.enter(r.entry(sandbox.Process{Argv: []string{"nothing"}})); !errors.Is(err, sandbox.ErrProgramNotFound) {
		t.Errorf("got %v", err)
	}
	var call *kernel.CallError
	if _, _, err := r.enter(r.entry(sandbox.Process{Argv: []string{"/etc/passwd"}})); !errors.As(err, &call) || !errors.Is(err, unix.EACCES) {
		t.Errorf("got %v", err)
	}
	must(t, kernel.Signal(r.Started().PidFD, syscall.SIGKILL))
	e := r.entry(shell("true"))
	init, err := e.Init.Dup()
	must(t, err)
	e.Init = init
	r.wait()
	if _, _, err := r.enter(e); !errors.Is(err, unix.ESRCH) {
		t.Errorf("entering a container that has ended: %v", err)
	}
	must(t, init.Close())
}

// Descriptor 0 of minipod itself becomes that of the process.
func TestEnteredStandardInput(t *testing.T) {
	r := newLab(t).pod("u1").idle()
	read, write, err := os.Pipe()
	must(t, err)
	_, err = write.WriteString("given\n")
	must(t, errors.Join(err, write.Close()))
	old, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 3)
	must(t, err)
	must(t, unix.Dup2(int(read.Fd()), 0))
	e := r.entry(sandbox.Process{Argv: []string{"cat"}})
	e.Stdin = kernel.NewFD(0, "stdin")
	_, out, err := r.enter(e)
	must(t, errors.Join(err, unix.Dup2(old, 0), unix.Close(old), read.Close()))
	want(t, "output", out, "given\n")
}

func TestEnteredTerminal(t *testing.T) {
	p := newLab(t).pod("u1")
	for _, u := range []sandbox.User{{}, {Image: "user"}} {
		r := p.idle(as(u))
		e := r.entry(shell("read line; tty; stty size; echo again >$(tty) && echo $line; exit 5"))
		e.TTY = true
		in, err := sandbox.Enter(e)
		must(t, err)
		terminal := os.NewFile(uintptr(in.Terminal.Int()), "terminal")
		must(t, unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}))
		_, err = terminal.WriteString("typed\n")
		must(t, err)
		var lines []string
		for s := bufio.NewScanner(terminal); s.Scan(); {
			lines = append(lines, s.Text())
		}
		exit, err := kernel.Await(in.PidFD)
		must(t, errors.Join(err, terminal.Close()))
		want(t, "terminal", strings.Join(lines, " "), "typed /dev/pts/0 24 80 again typed")
		want(t, "exit", exitText(exit), "5")
	}
}

// A child that enters shares minipod's memory until it execs, and the
// container's processes can see it in /proc. None may open its memory.
func TestContainerCannotSpyOnWhoEnters(t *testing.T) {
	p := newLab(t).pod("u1")
	for _, u := range []sandbox.User{{}, {Image: "user"}} {
		r, err := p.start(p.prepare(probe("spy"), withProbe(t), as(u)))
		must(t, err)
		want(t, "line", r.line(), "ready")
		for range 100 {
			_, _, err := r.enter(r.entry(sandbox.Process{Argv: []string{"true"}}))
			must(t, err)
		}
		must(t, kernel.Signal(r.Started().PidFD, syscall.SIGKILL))
		_, out := r.wait()
		seen := strings.Count(out, "seen\n")
		t.Logf("a child was seen before its exec %d times", seen)
		if left := strings.ReplaceAll(out, "seen\n", ""); left != "" {
			t.Errorf("the container got at minipod: %s", left)
		}
	}
	if n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); n != 0 || err != nil {
		t.Errorf("dumpable is %d, %v", n, err)
	}
}

// CVE-2019-5736: a container must not get minipod's own program to run in it,
// by its name under /proc, by a link or by a script's first line.
func TestMinipodIsNotRunInTheContainer(t *testing.T) {
	p := newLab(t).pod("u1")
	must(t, os.Symlink("/proc/self/exe", filepath.Join(p.image, "bin/toproc")))
	must(t, os.WriteFile(filepath.Join(p.image, "bin/script"), []byte("#!/proc/self/exe\n"), 0o755))
	must(t, os.WriteFile(filepath.Join(p.image, "bin/nested"), []byte("#!script\n"), 0o755))
	r := p.idle()
	for _, name := range []string{"/proc/self/exe", "toproc", "/bin/toproc", "script", "/bin/nested", "./script"} {
		proc := sandbox.Process{Argv: []string{name, "version"}, Dir: "/bin"}
		if err := p.refused(proc); err == nil {
			t.Errorf("a container ran %s", name)
		}
		if _, out, err := r.enter(r.entry(proc)); err == nil {
			t.Errorf("exec ran %s: %s", name, out)
		}
	}
}
