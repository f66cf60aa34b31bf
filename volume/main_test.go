package volume

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/plan"
)

// The tests run in a process with a mount namespace of its own, so that not
// even a killed run leaves a mount on the host, and under a umask that would
// spoil every mode left to it.
func TestMain(m *testing.M) {
	switch os.Getenv("VOLUME_TEST") {
	case "undo":
		os.Exit(undoFromStdin())
	case "private":
		unix.Umask(0o077)
		os.Exit(m.Run())
	}
	if os.Getuid() != 0 {
		os.Exit(m.Run())
	}
	cmd := again("private", os.Args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// The standard library makes "/" private in it, too.
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		panic(err)
	}
	os.Exit(0)
}

func again(role string, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), "VOLUME_TEST="+role)
	return cmd
}

// journal keeps records in memory.
type journal struct{ Records [][]byte }

func (j *journal) Append(record []byte) error {
	j.Records = append(j.Records, record)
	return nil
}

// undoFromStdin is the other process: it has nothing but the journal.
func undoFromStdin() int {
	var j journal
	err := json.NewDecoder(os.Stdin).Decode(&j)
	if err == nil {
		var run *plan.Run
		if run, err = plan.Recover(plan.NewKinds(Steps()...), j.Records); err == nil {
			run.Journal = &j
			err = run.UndoAll(context.Background())
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// undoElsewhere undoes what is in the journal in another process, which shares
// this one's mount namespace.
func undoElsewhere(t *testing.T, j *journal) {
	t.Helper()
	raw, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	cmd := again("undo")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write(raw); err != nil {
		t.Error(err)
	}
	in.Close()
	said, _ := io.ReadAll(out)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("undo in another process: %v: %s", err, said)
	}
}

// newPod makes a mount namespace as package sandbox does, with an empty root
// and a private tmpfs on Root, and gives the path of its file.
//
// A thread that stays in it keeps it, not a pin: outside the host's initial
// mount namespace Linux 6.18 refuses (EINVAL) to pin one that has the lower
// number, and numbers are handed out per CPU.
func newPod(t testing.TB) (pin string) {
	t.Helper()
	dir := mountTmpfs(t)
	end, ended := make(chan struct{}), make(chan error, 1)
	made := make(chan string, 1)
	go func() {
		defer close(made)
		ended <- kernel.OnThread(func(th *kernel.Thread) error {
			if err := emptyNamespace(th, dir); err != nil {
				return err
			}
			// Another process is to find it, too.
			made <- strings.Replace(th.NamespaceFile(kernel.Mount), "self", strconv.Itoa(os.Getpid()), 1)
			<-end
			return nil
		})
	}()
	pin, ok := <-made
	if !ok {
		t.Fatal(<-ended)
	}
	t.Cleanup(func() {
		close(end)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return pin
}

func emptyNamespace(th *kernel.Thread, dir string) error {
	if err := th.Unshare(kernel.Mount); err != nil {
		return err
	}
	root, err := kernel.NewMount("tmpfs", unix.MOUNT_ATTR_NODEV, kernel.Option{Key: "mode", Value: "0700"})
	if err != nil {
		return err
	}
	defer root.Close()
	if err := mountAt(root, dir); err != nil {
		return err
	}
	if err := th.PivotRoot(root); err != nil {
		return err
	}
	if err := os.Mkdir(Root, 0o755); err != nil {
		return err
	}
	return mountOn(Root)
}

// mountTmpfs gives a temporary directory that is a private mount.
func mountTmpfs(t testing.TB) string {
	t.Helper()
	ability.Need(t, ability.Root)
	dir := t.TempDir()
	if err := mountOn(dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kernel.Unmount(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func mountOn(dir string) error {
	m, err := kernel.NewMount("tmpfs", 0, kernel.Option{Key: "mode", Value: "0755"})
	if err != nil {
		return err
	}
	defer m.Close()
	return mountAt(m, dir)
}

func mountAt(m *kernel.FD, dir string) error {
	target, err := kernel.Open(dir, unix.O_PATH)
	if err != nil {
		return err
	}
	defer target.Close()
	return kernel.MoveMount(m, target)
}

// inPod runs f in the pod's mount namespace.
func inPod(t testing.TB, pin string, f func() error) {
	t.Helper()
	err := kernel.OnThread(func(th *kernel.Thread) error {
		if err := th.Enter(kernel.Mount, pin); err != nil {
			return err
		}
		return f()
	})
	if err != nil {
		t.Error(err)
	}
}

// do does the steps and gives their journal.
func do(t testing.TB, steps ...plan.Step) *journal {
	t.Helper()
	j := &journal{}
	run := &plan.Run{Journal: j}
	if err := run.Do(context.Background(), "", steps...); err != nil {
		t.Fatal(err)
	}
	return j
}

// open opens a mount where its volume is, and gives a path to look into it.
func open(t testing.TB, pin string, m Mount) (string, error) {
	t.Helper()
	var fd *kernel.FD
	err := kernel.OnThread(func(th *kernel.Thread) (err error) {
		if m.Tree != "" {
			if err := th.Enter(kernel.Mount, pin); err != nil {
				return err
			}
		}
		fd, err = m.Open()
		return err
	})
	if err != nil {
		return "", err
	}
	t.Cleanup(func() { fd.Close() })
	return fd.Path(), nil
}

func mustOpen(t testing.TB, pin string, m Mount) string {
	t.Helper()
	path, err := open(t, pin, m)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func mode(t testing.TB, path string) uint32 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatalf("stat %s: %v", path, err)
	}
	return st.Mode & 0o7777
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
