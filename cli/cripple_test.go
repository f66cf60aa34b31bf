package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// crippled runs a program on a kernel that lacks something: crippled NAME
// PROGRAM ARG…. A seccomp filter answers in place of the missing part.
func crippled() {
	runtime.LockOSThread() // the filter is this thread's, and execve keeps it
	missing, ok := disabilities[os.Args[1]]
	if !ok {
		fmt.Fprintln(os.Stderr, "no disability is called", os.Args[1])
		os.Exit(1)
	}
	err := missing.install()
	if err == nil {
		var path string
		if path, err = exec.LookPath(os.Args[2]); err == nil {
			err = unix.Exec(path, os.Args[2:], os.Environ())
		}
	}
	fmt.Fprintln(os.Stderr, "crippled:", err)
	os.Exit(1)
}

// disability is a system call that ends with errno; flag, if not 0, must be
// set in its first argument.
type disability struct {
	call, flag uint32
	errno      unix.Errno
}

// disabilities are named for what the kernel seems to have been built without.
var disabilities = map[string]disability{
	"net":    {unix.SYS_UNSHARE, unix.CLONE_NEWNET, unix.EINVAL},
	"ipc":    {unix.SYS_UNSHARE, unix.CLONE_NEWIPC, unix.EINVAL},
	"uts":    {unix.SYS_UNSHARE, unix.CLONE_NEWUTS, unix.EINVAL},
	"fsopen": {unix.SYS_FSOPEN, 0, unix.ENOSYS},
	"clone3": {unix.SYS_CLONE3, 0, unix.ENOSYS},
}

func (d disability) install() error {
	const number, argument = 0, 16 // offsets in struct seccomp_data; the lower half of the first argument
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: number},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: d.call, Jf: 3},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: argument},
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: d.flag},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: d.flag, Jt: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(d.errno)},
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&filter)))
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	return nil
}
