package kernel

import (
	"math"
	"slices"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Program is the list of system calls that a child makes between clone and
// execve. Its methods append to the list; all memory that the calls point to
// belongs to the Program. The zero value is an empty list.
type Program struct {
	calls []call
	what  []string
	bytes [][]byte
	ptrs  [][]*byte
	kept  []unsafe.Pointer
	err   error
}

func (p *Program) add(what string, nr uintptr, args ...uintptr) *call {
	c := call{nr: nr}
	copy(c.args[:], args)
	p.calls = append(p.calls, c)
	p.what = append(p.what, what)
	return &p.calls[len(p.calls)-1]
}

// str gives s a terminating zero and an address that the garbage collector
// neither moves nor frees while the Program lives.
func (p *Program) str(s string) uintptr { return uintptr(unsafe.Pointer(p.bytePtr(s))) }

func (p *Program) bytePtr(s string) *byte {
	b, err := syscall.ByteSliceFromString(s)
	if err != nil {
		p.err = fail("string", strconv.Quote(s), err)
		b = []byte{0}
	}
	p.bytes = append(p.bytes, b)
	return &b[0]
}

// Stdio makes in, out and errs the child's descriptors 0, 1 and 2 and closes
// all others but keep, so that what the owner holds (locks, sockets) is let go
// of first. Descriptors in keep stay until CloseAll.
func (p *Program) Stdio(in, out, errs *FD, keep ...*FD) {
	for to, f := range []*FD{in, out, errs} {
		what := "descriptor " + strconv.Itoa(to)
		if f.Int() == to { // dup3 refuses that; what is there need only survive exec
			p.add(what, unix.SYS_FCNTL, uintptr(to), unix.F_SETFD, 0)
			continue
		}
		p.add(what, unix.SYS_DUP3, uintptr(f.Int()), uintptr(to), 0)
	}
	kept := make([]int, 0, len(keep))
	for _, f := range keep {
		kept = append(kept, f.Int())
	}
	slices.Sort(kept)
	first := 3
	for _, k := range slices.Compact(kept) {
		if k > first {
			p.closeRange(uintptr(first), uintptr(k-1))
		}
		first = k + 1
	}
	p.closeRange(uintptr(first), math.MaxUint32)
}

// CloseAll closes every descriptor above 2. It must come before Chdir and
// Exec: through a descriptor that is only closed on exec, a path like
// /proc/self/fd/N would still reach the host (CVE-2024-21626).
func (p *Program) CloseAll() { p.closeRange(3, math.MaxUint32) }

func (p *Program) closeRange(first, last uintptr) {
	p.add("inherited descriptors", unix.SYS_CLOSE_RANGE, first, last, 0)
}

// lastSignal is the highest of the kernel, a real-time one.
const lastSignal = 64

// DefaultSignals undoes that the owner ignores or blocks signals, which execve
// would hand on: those that nohup or a shell ignored for it, and those that the
// Go runtime left alone. None costs as much as finding out which.
func (p *Program) DefaultSignals() {
	// struct sigaction of the kernel: handler SIG_DFL, no flags, no mask.
	zero := make([]byte, 64)
	p.bytes = append(p.bytes, zero)
	for s := 1; s <= lastSignal; s++ {
		if s == int(unix.SIGKILL) || s == int(unix.SIGSTOP) {
			continue
		}
		p.add("signal dispositions", unix.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(&zero[0])), 0, 8)
	}
	p.add("signal mask", unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&zero[0])), 0, 8)
}

// Setsid makes the child the leader of a session.
func (p *Program) Setsid() { p.add("setsid", unix.SYS_SETSID) }

// ControllingTerminal makes descriptor 0, a terminal, the session's.
func (p *Program) ControllingTerminal() {
	p.add("controlling terminal", unix.SYS_IOCTL, 0, unix.TIOCSCTTY, 0)
}

// Umask sets the mask of file modes.
func (p *Program) Umask(mask int) { p.add("umask", unix.SYS_UMASK, uintptr(mask)) }

// Mount is mount(2). Paths are resolved from the thread's working directory.
func (p *Program) Mount(source, target, fstype string, flags uintptr, data string, tolerate ...syscall.Errno) {
	what := "mount of " + fstype + " on " + target
	if fstype == "" {
		what = "mount of " + source + " on " + target
	}
	c := p.add(what, unix.SYS_MOUNT, p.str(source), p.str(target), p.str(fstype), flags, p.str(data))
	copy(c.tolerate[:], tolerate)
}

// PivotHere makes the working directory the root and lets go of the old root.
func (p *Program) PivotHere() {
	p.add("pivot_root", unix.SYS_PIVOT_ROOT, p.str("."), p.str("."))
	p.add("umount of the old root", unix.SYS_UMOUNT2, p.str("."), unix.MNT_DETACH)
	p.Chdir("/")
}

// Chdir changes the working directory.
func (p *Program) Chdir(dir string) {
	p.add("working directory "+dir, unix.SYS_CHDIR, p.str(dir))
}

// DropBounding takes a capability out of the bounding set.
func (p *Program) DropBounding(capability int, name string) {
	p.add("drop of capability "+name, unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, uintptr(capability))
}

// Identity sets supplementary groups, group and user, in that order. With a
// user other than 0 the kernel clears the capabilities.
func (p *Program) Identity(uid, gid uint32, groups []uint32) {
	var first uintptr
	if len(groups) > 0 {
		b := make([]byte, 4*len(groups))
		for i, g := range groups {
			*(*uint32)(unsafe.Pointer(&b[4*i])) = g
		}
		p.bytes = append(p.bytes, b)
		first = uintptr(unsafe.Pointer(&b[0]))
	}
	p.add("supplementary groups", unix.SYS_SETGROUPS, uintptr(len(groups)), first)
	g, u := uintptr(gid), uintptr(uid)
	p.add("group "+strconv.Itoa(int(gid)), unix.SYS_SETRESGID, g, g, g)
	p.add("user "+strconv.Itoa(int(uid)), unix.SYS_SETRESUID, u, u, u)
}

// NoNewPrivileges forbids that execve adds privileges.
func (p *Program) NoNewPrivileges() {
	p.add("no_new_privs", unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1)
}

// Exec is the last call: it runs path with the given arguments and environment.
func (p *Program) Exec(path string, argv, env []string) {
	p.add("exec of "+path, unix.SYS_EXECVE, p.str(path), p.strings(argv), p.strings(env))
}

func (p *Program) strings(list []string) uintptr {
	ptrs := make([]*byte, len(list)+1)
	for i, s := range list {
		ptrs[i] = p.bytePtr(s)
	}
	p.ptrs = append(p.ptrs, ptrs)
	return uintptr(unsafe.Pointer(&ptrs[0]))
}
