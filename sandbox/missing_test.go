package sandbox_test

import (
	"errors"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/internal/leak"
	"github.com/minipod/minipod/ipc"
	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/netns"
	"github.com/minipod/minipod/plan"
	"github.com/minipod/minipod/sandbox"
)

// argument is one of a system call's, by its place from 0, and its value.
type argument struct{ place, value uint32 }

// forbid makes a system call fail with errno for this process from now on,
// where it has that argument.
func forbid(t *testing.T, nr uint32, arg argument, errno syscall.Errno) {
	t.Helper()
	ability.Need(t, ability.Seccomp)
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // seccomp_data.nr
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 3, K: nr},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 16 + 8*arg.place}, // its low half
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: arg.value},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(filter)
	if e != 0 {
		t.Fatal("seccomp: ", e)
	}
}

// ourClone3 tells minipod's clone3 from the C library's (in a test binary that
// has one), whose third argument is a function.
var ourClone3 = argument{2, 0}

// A kernel without a kind of namespace, a file system or a system call: one
// sentence says which, and what was done before is undone.
func TestKernelWithout(t *testing.T) {
	for name, tt := range map[string]struct {
		nr    uint32
		arg   argument
		errno syscall.Errno
		step  func(p *pod) plan.Step
		want  string
	}{
		"network": {unix.SYS_UNSHARE, argument{0, unix.CLONE_NEWNET}, unix.EINVAL, network, "unshare net: this kernel does not have that kind of namespace (invalid argument)"},
		"ipc":     {unix.SYS_UNSHARE, argument{0, unix.CLONE_NEWIPC}, unix.EINVAL, ipcOf, "unshare ipc: this kernel does not have that kind of namespace (invalid argument)"},
		"uts":     {unix.SYS_UNSHARE, argument{0, unix.CLONE_NEWUTS}, unix.EINVAL, uts, "unshare uts: this kernel does not have that kind of namespace (invalid argument)"},
		"limit":   {unix.SYS_UNSHARE, argument{0, unix.CLONE_NEWUTS}, unix.ENOSPC, uts, "unshare uts: a limit on namespaces (sysctl user.max_*_namespaces) is reached (no space left on device)"},
		"pid":     {unix.SYS_CLONE3, ourClone3, unix.EINVAL, container, ": this kernel does not have that kind of namespace (invalid argument)"},
		"process": {unix.SYS_CLONE3, ourClone3, unix.EAGAIN, container, ": a limit on processes (ulimit -u, pids.max, kernel.pid_max) is reached (resource temporarily unavailable)"},
		"clone3":  {unix.SYS_CLONE3, ourClone3, unix.ENOSYS, container, ": this kernel does not have that system call, or a filter forbids it (function not implemented)"},
		"overlay": {unix.SYS_FSOPEN, argument{1, unix.FSOPEN_CLOEXEC}, unix.ENODEV, container, "root filesystem: fsopen overlay: this kernel does not have that file system (no such device)"},
		"mounts":  {unix.SYS_MOVE_MOUNT, argument{4, unix.MOVE_MOUNT_F_EMPTY_PATH | unix.MOVE_MOUNT_T_EMPTY_PATH}, unix.ENOSPC, container, "root filesystem: move_mount overlay on /root: the limit on mounts (sysctl fs.mount-max) is reached (no space left on device)"},
		"openat2": {unix.SYS_OPENAT2, argument{3, unix.SizeofOpenHow}, unix.ENOSYS, container, "/dev: open /dev: this kernel does not have that system call, or a filter forbids it (function not implemented)"},
		"umount":  {unix.SYS_UMOUNT2, argument{1, unix.MNT_DETACH}, unix.EPERM, container, "process: umount of the old root: operation not permitted"},
	} {
		t.Run(name, func(t *testing.T) {
			ability.Need(t, ability.Root, ability.Overlay, ability.Busybox)
			if again(t, nil) {
				return
			}
			p := newLab(t).pod("u1")
			p.sh("true") // with all it needs, it runs
			step := tt.step(p)
			forbid(t, tt.nr, tt.arg, tt.errno)
			err := p.run.Do(t.Context(), "", step)
			if err == nil {
				t.Fatal("it worked")
			}
			wantIn(t, err.Error(), tt.want)
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one sentence: %v", err)
			}
			if !errors.Is(err, tt.errno) {
				t.Errorf("it is not %v", tt.errno)
			}
		})
	}
}

func network(p *pod) plan.Step   { return &netns.Namespace{Pin: p.ground.Pins().Net + "2"} }
func ipcOf(p *pod) plan.Step     { return &ipc.Namespace{Pin: p.ground.Pins().IPC + "2"} }
func uts(p *pod) plan.Step       { return &sandbox.UTS{Pin: p.ground.Pins().UTS + "2", Hostname: "h"} }
func container(p *pod) plan.Step { return p.prepare(shell("true")) }

// IPv6 is not asked for: a pod on a host without it has its loopback device.
func TestWithoutIPv6(t *testing.T) {
	ability.Need(t, ability.Root, ability.Overlay, ability.Busybox)
	if again(t, nil) {
		return
	}
	forbid(t, unix.SYS_SOCKET, argument{0, unix.AF_INET6}, unix.EAFNOSUPPORT)
	wantIn(t, newLab(t).pod("u1").sh("ip link show lo"), "LOOPBACK,UP")
}

// The kernel's real answer to one mount too many.
func TestLimitOnMounts(t *testing.T) {
	ability.Need(t, ability.Root)
	leak.Check(t, leak.Scope{})
	t.Cleanup(settle)
	dir := t.TempDir()
	err := kernel.OnThread(func(th *kernel.Thread) error {
		if err := th.Unshare(kernel.Mount); err != nil {
			return err
		}
		if err := kernel.MakePrivate("/"); err != nil {
			return err
		}
		m, err := kernel.NewMount("tmpfs", 0)
		if err != nil {
			return err
		}
		defer m.Close()
		at, err := kernel.Open(dir, unix.O_PATH)
		if err != nil {
			return err
		}
		defer at.Close()
		if err := kernel.MoveMount(m, at); err != nil {
			return err
		}
		for range 40 { // each time twice as many
			if err := double(dir); err != nil {
				return err
			}
		}
		return nil
	})
	if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "fs.mount-max") {
		t.Errorf("got %v", err)
	}
}

// double mounts a copy of the tree at dir in itself.
func double(dir string) error {
	if err := unix.Mkdir(dir+"/x", 0o755); err != nil && !errors.Is(err, unix.EEXIST) {
		return err
	}
	top, err := kernel.Open(dir, unix.O_PATH)
	if err != nil {
		return err
	}
	defer top.Close()
	tree, err := kernel.CloneTree(top, true)
	if err != nil {
		return err
	}
	defer tree.Close()
	target, err := kernel.Open(dir+"/x", unix.O_PATH)
	if err != nil {
		return err
	}
	defer target.Close()
	return kernel.MoveMount(tree, target)
}
