package kernel

import (
	"errors"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Exit is how a process ended: by exit code, or by a signal (then Code is
// 128 plus its number, as a shell and the kubelet say it).
type Exit struct {
	Code   int
	Signal syscall.Signal
}

// siginfo is what waitid fills in for SIGCHLD on 64-bit machines.
type siginfo struct {
	signo, errno, code, _ int32
	pid, uid, status      int32
	_                     [100]byte
}

// Reap waits, blocking the thread, for the child behind pidfd and takes its
// exit status.
func Reap(pidfd *FD) (Exit, error) {
	e, _, err := waitid(pidfd.Int(), 0)
	return e, err
}

// waitid reports ended=false if WNOHANG was given and the child lives.
func waitid(pidfd int, options int) (e Exit, ended bool, err error) {
	var info siginfo
	for {
		err = unix.Waitid(unix.P_PIDFD, pidfd, (*unix.Siginfo)(ptr(&info)), unix.WEXITED|options, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return Exit{}, false, fail("waitid", "", err)
	}
	if info.pid == 0 {
		return Exit{}, false, nil
	}
	if info.code == cldExited {
		return Exit{Code: int(info.status)}, true, nil
	}
	s := syscall.Signal(info.status)
	return Exit{Code: 128 + int(s), Signal: s}, true, nil
}

const cldExited = 1 // CLD_EXITED of asm-generic/siginfo.h

// Await waits for the child behind pidfd without holding a thread: the
// runtime's poller watches the descriptor. It takes over pidfd.
func Await(pidfd *FD) (Exit, error) {
	if err := unix.SetNonblock(pidfd.Int(), true); err != nil {
		return Exit{}, fail("fcntl", pidfd.Name(), err)
	}
	f := os.NewFile(uintptr(pidfd.Int()), "pidfd")
	pidfd.n = -1 // a second Close would hit whatever gets the number next
	defer f.Close()
	raw, err := f.SyscallConn()
	if err != nil {
		return Exit{}, err
	}
	var (
		exit Exit
		werr error
	)
	err = raw.Read(func(fd uintptr) bool {
		var ended bool
		exit, ended, werr = waitid(int(fd), unix.WNOHANG)
		return ended || werr != nil
	})
	return exit, errors.Join(err, werr)
}

// Signal sends a signal to the process behind pidfd. A process that has ended
// is no error.
func Signal(pidfd *FD, s syscall.Signal) error {
	err := unix.PidfdSendSignal(pidfd.Int(), s, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return fail("pidfd_send_signal", s.String(), err)
}

// HideMemory keeps other processes from reading this one's memory by ptrace or
// /proc/PID/mem: children that enter a container share it until they exec.
func HideMemory() error {
	return fail("prctl", "PR_SET_DUMPABLE", unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
}

func ptr(i *siginfo) unsafe.Pointer { return unsafe.Pointer(i) }
