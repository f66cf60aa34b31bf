package kernel

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The functions of this file run on a stack that parent and child share. They
// may not grow it (nosplit), not be instrumented (norace, nocheckptr), and
// not allocate. The runtime's hooks are the ones that package syscall uses for
// its own fork; they are open to linkname for such uses.

//go:linkname beforeFork syscall.runtime_BeforeFork
func beforeFork()

//go:linkname afterFork syscall.runtime_AfterFork
func afterFork()

//go:linkname afterForkInChild syscall.runtime_AfterForkInChild
func afterForkInChild()

//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// call is one raw system call. An errno equal to one of tolerate is success.
type call struct {
	nr       uintptr
	args     [6]uintptr
	tolerate [2]syscall.Errno
}

// outcome is written by the child alone: the index of the call that failed.
type outcome struct{ index, errno uintptr }

// rawVfork makes the system call and keeps the return address in a register:
// the child, on the same stack, overwrites what the parent left there.
func rawVfork(trap, a1, a2, a3 uintptr) (r1, err uintptr)

// spawn tells the scheduler of the wait first. A raw vfork would keep the P: a
// child of 500 ms was seen to stall a garbage collection for as long.
//
//go:noinline
//go:nosplit
//go:norace
func spawn(ca *cloneArgs, calls []call, out *outcome) (pid, errno uintptr) {
	entersyscall()
	pid, errno = forkAndRun(ca, calls, out)
	afterFork()
	exitsyscall()
	return
}

//go:noinline
//go:nosplit
//go:norace
//go:nocheckptr
func forkAndRun(ca *cloneArgs, calls []call, out *outcome) (pid, errno uintptr) {
	// Declared before the clone: the child may not use stack slots that
	// the parent's code after it also uses.
	var (
		i int
		e syscall.Errno
	)
	beforeFork()
	pid, errno = rawVfork(unix.SYS_CLONE3, uintptr(unsafe.Pointer(ca)), unsafe.Sizeof(*ca), 0)
	if errno != 0 || pid != 0 {
		return
	}
	afterForkInChild()
	for i = 0; i < len(calls); i++ {
		_, _, e = syscall.RawSyscall6(calls[i].nr, calls[i].args[0], calls[i].args[1], calls[i].args[2],
			calls[i].args[3], calls[i].args[4], calls[i].args[5])
		if e != 0 && e != calls[i].tolerate[0] && e != calls[i].tolerate[1] {
			out.index, out.errno = uintptr(i), uintptr(e)
			syscall.RawSyscall(unix.SYS_EXIT_GROUP, 127, 0, 0)
		}
	}
	for {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 126, 0, 0)
	}
}
