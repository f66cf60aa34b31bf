package pod

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/cgroup"
	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/sandbox"
	"github.com/minipod/minipod/state"
)

// entry is what Exec has to know of a running container.
type entry struct {
	Cgroup          string
	Identity        sandbox.Identity
	Env             []string
	Dir             string
	NoNewPrivileges bool
}

// writeRecord writes the entry of a new instance. It runs on the clerk.
func (o *Owner) writeRecord(name string, attempt int32, p *prepared) {
	raw, err := json.Marshal(p.in.entry)
	if err == nil {
		err = o.claim.WriteContainer(o.host.Dirs, name, state.Container{ID: p.in.id, Attempt: attempt, Entry: raw})
	}
	if err != nil {
		slog.Error("exec into the container will not work", "pod", o.pod.Name, "container", name, "error", err)
	}
}

// ExecOptions say what to run in which container.
type ExecOptions struct {
	Container string // empty: the pod's first, or the one of the annotation kubectl.kubernetes.io/default-container
	Argv      []string
	TTY       bool
	// Stdin, Stdout and Stderr become the process's. With TTY they are unused.
	Stdin, Stdout, Stderr *os.File
}

// Exec starts a process in a running container, as the container's user, with
// its environment and confinement. It needs no owner. The caller closes what
// it gets, and waits with kernel-free Wait.
func Exec(h *Host, namespace, name string, opt ExecOptions) (*Execution, error) {
	seen, err := state.Get(h.Dirs, namespace, name)
	if err != nil {
		return nil, err
	}
	container, err := ChooseContainer(seen.Pod, opt.Container)
	if err != nil {
		return nil, err
	}
	record, err := state.ReadContainer(h.Dirs, namespace, name, container)
	if err != nil {
		return nil, err
	}
	var e entry
	if err := json.Unmarshal(record.Entry, &e); err != nil {
		return nil, fmt.Errorf("record of container %s: %w", container, err)
	}
	init, err := initOf(e.Cgroup)
	if err != nil {
		return nil, fmt.Errorf("container %s of pod %s: %w", container, name, err)
	}
	defer init.Close()
	return e.run(init, opt)
}

func (e *entry) run(init *kernel.FD, opt ExecOptions) (*Execution, error) {
	env := e.Env
	if opt.TTY {
		env = append(slices.Clone(env), "TERM=xterm")
	}
	in, err := sandbox.Enter(sandbox.Entry{
		Init: init, Cgroup: e.Cgroup, Identity: e.Identity, TTY: opt.TTY,
		Process: sandbox.Process{Argv: opt.Argv, Env: env, Dir: e.Dir, NoNewPrivileges: e.NoNewPrivileges},
		Stdin:   descriptor(opt.Stdin), Stdout: descriptor(opt.Stdout), Stderr: descriptor(opt.Stderr),
	})
	if err != nil {
		return nil, err
	}
	x := &Execution{process: in.Process}
	if in.Terminal != nil {
		x.Terminal = os.NewFile(uintptr(in.Terminal.Int()), "terminal")
	}
	return x, nil
}

func descriptor(f *os.File) *kernel.FD {
	if f == nil {
		return nil
	}
	return kernel.NewFD(int(f.Fd()), f.Name())
}

// Execution is a process that Exec started.
type Execution struct {
	Terminal *os.File // master side, with TTY; the caller closes it
	process  kernel.Process
}

// Wait gives the exit code of the process, 128 plus the number of the signal
// that ended it.
func (x *Execution) Wait() (int, error) {
	exit, err := kernel.Await(x.process.PidFD)
	return exit.Code, err
}

// ErrNotRunning says that a container has no process now.
var ErrNotRunning = errors.New("is not running")

// initOf opens the first process of the container whose group is dir. The
// group is read again once the pidfd is held: a number could have been reused.
func initOf(dir string) (*kernel.FD, error) {
	pids, err := cgroup.Processes(dir)
	if err != nil {
		return nil, err
	}
	for _, pid := range pids {
		if !isInit(pid) {
			continue
		}
		n, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		fd := kernel.NewFD(n, "process "+strconv.Itoa(pid))
		now, err := cgroup.Processes(dir)
		if err == nil && slices.Contains(now, pid) && isInit(pid) {
			return fd, nil
		}
		if err := errors.Join(err, fd.Close()); err != nil {
			return nil, err
		}
	}
	return nil, ErrNotRunning
}

// isInit tells whether the process is number 1 of a PID namespace right below
// minipod's own: a container can make namespaces below its own, too.
func isInit(pid int) bool {
	numbers := pidsOf(strconv.Itoa(pid))
	return len(numbers) == len(pidsOf("self"))+1 && numbers[len(numbers)-1] == "1"
}

// pidsOf are the numbers of a process in its PID namespaces, from minipod's
// down to its own.
func pidsOf(process string) []string {
	b, err := os.ReadFile("/proc/" + process + "/status")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(b)) {
		if ids, ok := strings.CutPrefix(line, "NSpid:"); ok {
			return strings.Fields(ids)
		}
	}
	return nil
}

// defaultContainer is the annotation that kubectl obeys, too
// (k8s.io/kubectl/pkg/cmd/util/podcmd).
const defaultContainer = "kubectl.kubernetes.io/default-container"

// ChooseContainer finds the container that a command means. Without a name it
// is that of the annotation, or the first.
func ChooseContainer(p *v1.Pod, name string) (string, error) {
	if name == "" {
		name = p.Annotations[defaultContainer]
	}
	if name == "" {
		return p.Spec.Containers[0].Name, nil
	}
	if find(p, name) == nil {
		names := make([]string, len(p.Spec.Containers))
		for i, c := range p.Spec.Containers {
			names[i] = c.Name
		}
		return "", fmt.Errorf("container %s is not valid for pod %s, which has: %s", name, p.Name, strings.Join(names, ", "))
	}
	return name, nil
}

// Resize tells a terminal its size in characters.
func Resize(terminal *os.File, width, height int) error {
	return unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(height), Col: uint16(width)})
}
