package kernel

import (
	"errors"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Cloning says what Spawn's child gets besides a copy of the thread.
type Cloning struct {
	NewPID bool // a PID namespace of its own
	Cgroup *FD  // directory of a cgroup v2 to be born in; nil: the thread's
}

// Process is a child by its number and its pidfd. The number is for people;
// signals and waiting go by PidFD, which the holder closes.
type Process struct {
	PID   int
	PidFD *FD
}

// CallError says which call of a program failed in the child.
type CallError struct {
	Call string // what it was to do, as a noun phrase
	Err  error  // the errno
}

// Error implements error.
func (e *CallError) Error() string { return e.Call + ": " + e.Err.Error() }

// Unwrap gives the errno.
func (e *CallError) Unwrap() error { return e.Err }

// cloneArgs is struct clone_args of linux/sched.h, as of CLONE_INTO_CGROUP.
type cloneArgs struct {
	flags, pidFD, childTID, parentTID, exitSignal, stack, stackSize, tls, setTID, setTIDSize, cgroup uint64
}

// Spawn clones a child of this thread that makes the program's calls, of which
// the last must be Exec, and returns when the new program runs or a call has
// failed (a *CallError; the child is reaped then).
//
// The child shares the memory of this process until it execs and this thread
// waits for it meanwhile (CLONE_VM|CLONE_VFORK), so nothing is copied; hence
// the child never waits for anybody.
func (t *Thread) Spawn(p *Program, c Cloning) (Process, error) {
	if p.err != nil {
		return Process{}, p.err
	}
	// On the heap: the child writes into out, and the kernel into pidfd,
	// while this goroutine's stack is shared with the child.
	var (
		ca    = new(cloneArgs)
		out   = new(outcome)
		pidfd = new(int32)
	)
	ca.flags = unix.CLONE_VM | unix.CLONE_VFORK | unix.CLONE_PIDFD
	ca.exitSignal = uint64(unix.SIGCHLD)
	ca.pidFD = uint64(uintptr(unsafe.Pointer(pidfd)))
	if c.NewPID {
		ca.flags |= unix.CLONE_NEWPID
	}
	if c.Cgroup != nil {
		ca.flags |= unix.CLONE_INTO_CGROUP
		ca.cgroup = uint64(c.Cgroup.Int())
	}
	pid, errno := spawn(ca, p.calls, out)
	keep(p, pidfd, ca)
	if errno != 0 {
		return Process{}, fail("clone3", cloneObject(c), syscall.Errno(errno))
	}
	proc := Process{PID: int(pid), PidFD: NewFD(int(*pidfd), "process")}
	if out.errno == 0 {
		return proc, nil
	}
	_, err := Reap(proc.PidFD)
	return Process{}, errors.Join(&CallError{p.what[out.index], syscall.Errno(out.errno)}, err, proc.PidFD.Close())
}

func cloneObject(c Cloning) string {
	if c.Cgroup != nil {
		return "into " + c.Cgroup.Name()
	}
	return ""
}

// keep makes the program's memory reachable until here.
//
//go:noinline
func keep(*Program, *int32, *cloneArgs) {}
