package kernel

import (
	"errors"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// A goroutine that locks itself to a thread may land on the process's main
// thread, which the runtime parks instead of destroying when the goroutine
// ends: the namespace it had entered would live as long as the process. So the
// main goroutine keeps the main thread for itself.
func init() { runtime.LockOSThread() }

// Thread is the operating system thread of the function that OnThread runs.
// Its methods change that thread's namespaces, and only its.
type Thread struct {
	unsharedFS bool
	way        *wayBack // nil: the thread never comes back
}

// OnThread runs f on a thread of its own and waits for it. The thread is
// destroyed afterwards, whatever f did to its namespaces; f must not hand
// work that depends on them to another goroutine.
func OnThread(f func(t *Thread) error) error {
	done := make(chan error, 1)
	GoThread(func(t *Thread) { done <- f(t) })
	return <-done
}

// GoThread is OnThread without the waiting.
func GoThread(f func(t *Thread)) {
	go func() {
		// Never unlocked: the runtime ends the thread with the goroutine.
		runtime.LockOSThread()
		f(&Thread{})
	}()
}

// Namespace is a kind of namespace, as a CLONE_NEW* flag.
type Namespace int

// The kinds that minipod uses.
const (
	Net    Namespace = unix.CLONE_NEWNET
	IPC    Namespace = unix.CLONE_NEWIPC
	UTS    Namespace = unix.CLONE_NEWUTS
	Mount  Namespace = unix.CLONE_NEWNS
	PID    Namespace = unix.CLONE_NEWPID
	Cgroup Namespace = unix.CLONE_NEWCGROUP
)

// String is the name of the namespace's file under /proc/PID/ns.
func (n Namespace) String() string {
	switch n {
	case Net:
		return "net"
	case IPC:
		return "ipc"
	case UTS:
		return "uts"
	case Mount:
		return "mnt"
	case PID:
		return "pid"
	case Cgroup:
		return "cgroup"
	}
	return "namespace " + strconv.Itoa(int(n))
}

// Unshare gives the thread a new namespace of that kind.
func (t *Thread) Unshare(n Namespace) error {
	if n&Mount != 0 {
		if err := t.leaving(); err != nil {
			return err
		}
		t.unsharedFS = true // CLONE_NEWNS implies CLONE_FS
	}
	return fail("unshare", n.String(), unix.Unshare(int(n)))
}

// UnshareFS gives the thread a root, working directory and umask of its own.
func (t *Thread) UnshareFS() error {
	if t.unsharedFS {
		return nil
	}
	t.unsharedFS = true
	return fail("unshare", "fs", unix.Unshare(unix.CLONE_FS))
}

// Enter moves the thread into the namespace pinned at path. For a PID
// namespace that counts for its children only.
func (t *Thread) Enter(n Namespace, path string) error {
	fd, err := Open(path, unix.O_RDONLY)
	if err != nil {
		return err
	}
	defer fd.Close()
	return t.EnterFD(n, fd)
}

// EnterFD is Enter by an open file: a namespace, or a pidfd whose process is
// in it. The caller keeps fd.
func (t *Thread) EnterFD(n Namespace, fd *FD) error {
	if n&Mount != 0 {
		// setns(CLONE_NEWNS) is EINVAL while the root and working
		// directory are shared with other threads; together with other
		// kinds it is worse, and moves those threads, too.
		if err := errors.Join(t.UnshareFS(), t.leaving()); err != nil {
			return err
		}
	}
	return fail("setns", n.String()+" "+fd.Name(), unix.Setns(fd.Int(), int(n)))
}

// Chdir changes the working directory of the thread alone.
func (t *Thread) Chdir(fd *FD) error {
	if err := t.UnshareFS(); err != nil {
		return err
	}
	return fail("fchdir", fd.Name(), unix.Fchdir(fd.Int()))
}

// NamespaceFile is the path under which the thread's own namespace can be
// pinned while the thread lives.
func (t *Thread) NamespaceFile(n Namespace) string {
	return "/proc/self/task/" + strconv.Itoa(unix.Gettid()) + "/ns/" + n.String()
}
