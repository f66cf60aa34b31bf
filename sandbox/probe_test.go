package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// probes are the programs of the test binary inside a container.
var probes = map[string]func(args []string) error{
	"open":     probeOpen,
	"terminal": probeTerminal,
	"ipc-make": probeMakeIPC,
	"ipc-look": probeLookIPC,
	"spy":      probeSpy,
}

// probeOpen prints for each path how opening it for reading ends.
func probeOpen(paths []string) error {
	for _, path := range paths {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Close(fd)
		}
		fmt.Println(path, err)
	}
	return nil
}

// probeTerminal makes a pair of pseudo terminals and says something through it.
func probeTerminal([]string) error {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		return fmt.Errorf("TIOCGPTN: %w", err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		return fmt.Errorf("TIOCSPTLCK: %w", err)
	}
	slave, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	if _, err := slave.WriteString("through\n"); err != nil {
		return err
	}
	b := make([]byte, 64)
	got, err := master.Read(b)
	fmt.Printf("%q\n", b[:got])
	return err
}

// The names and the key of the IPC objects that the probes make.
const (
	queueName = "minipod-test"
	ipcKey    = 0x6d706f64
	shmFile   = "/dev/shm/minipod-test"
)

// queueAttr is struct mq_attr: flags, maxmsg, msgsize, curmsgs, four spare.
type queueAttr [8]int64

// message is struct msgbuf of msgop(2).
type message struct {
	kind int64
	text [8]byte
}

// probeMakeIPC makes one object of every kind, with args[0] in it.
func probeMakeIPC(args []string) error {
	mark := args[0]
	attr := queueAttr{1: 4, 2: 16}
	q, err := sysctl(unix.SYS_MQ_OPEN, str(queueName), unix.O_CREAT|unix.O_RDWR, 0o600, ptr(&attr))
	if err != nil {
		return fmt.Errorf("mq_open: %w", err)
	}
	if _, err := sysctl(unix.SYS_MQ_TIMEDSEND, q, str(mark), uintptr(len(mark)), 0, 0); err != nil {
		return fmt.Errorf("mq_send: %w", err)
	}
	m, err := sysctl(unix.SYS_MSGGET, ipcKey, unix.IPC_CREAT|0o600)
	if err != nil {
		return fmt.Errorf("msgget: %w", err)
	}
	msg := message{kind: 1}
	copy(msg.text[:], mark)
	if _, err := sysctl(unix.SYS_MSGSND, m, ptr(&msg), 8, 0); err != nil {
		return fmt.Errorf("msgsnd: %w", err)
	}
	s, err := sysctl(unix.SYS_SEMGET, ipcKey, 1, unix.IPC_CREAT|0o600)
	if err != nil {
		return fmt.Errorf("semget: %w", err)
	}
	if _, err := sysctl(unix.SYS_SEMCTL, s, 0, setval, uintptr(mark[0])); err != nil {
		return fmt.Errorf("semctl: %w", err)
	}
	id, err := unix.SysvShmGet(ipcKey, 4096, unix.IPC_CREAT|0o600)
	if err != nil {
		return fmt.Errorf("shmget: %w", err)
	}
	mem, err := unix.SysvShmAttach(id, 0, 0)
	if err != nil {
		return fmt.Errorf("shmat: %w", err)
	}
	copy(mem, mark)
	return os.WriteFile(shmFile, []byte(mark), 0o600)
}

const (
	setval = 16 // SETVAL and GETVAL of linux/sem.h
	getval = 12
)

// probeLookIPC prints what it finds of each kind.
func probeLookIPC([]string) error {
	fmt.Println(strings.Join(lookIPC(), " "))
	return nil
}

func lookIPC() []string {
	found := []string{"mq:-", "msg:-", "sem:-", "shm:-", "file:-"}
	b := make([]byte, 16)
	if q, err := sysctl(unix.SYS_MQ_OPEN, str(queueName), unix.O_RDWR|unix.O_NONBLOCK, 0, 0); err == nil {
		n, err := sysctl(unix.SYS_MQ_TIMEDRECEIVE, q, ptr(&b[0]), 16, 0, 0)
		found[0] = fmt.Sprint("mq:", string(b[:max(int(n), 0)]), errno(err))
	}
	if m, err := sysctl(unix.SYS_MSGGET, ipcKey, 0); err == nil {
		var msg message
		_, err := sysctl(unix.SYS_MSGRCV, m, ptr(&msg), 8, 0, unix.IPC_NOWAIT)
		found[1] = fmt.Sprint("msg:", strings.TrimRight(string(msg.text[:]), "\x00"), errno(err))
	}
	if s, err := sysctl(unix.SYS_SEMGET, ipcKey, 0, 0); err == nil {
		v, err := sysctl(unix.SYS_SEMCTL, s, 0, getval, 0)
		found[2] = fmt.Sprint("sem:", string(rune(v)), errno(err))
	}
	if id, err := unix.SysvShmGet(ipcKey, 0, 0); err == nil {
		mem, err := unix.SysvShmAttach(id, 0, 0)
		if err == nil {
			found[3] = "shm:" + unix.ByteSliceToString(mem)
		}
	}
	if b, err := os.ReadFile(shmFile); err == nil {
		found[4] = "file:" + string(b)
	}
	return found
}

func errno(err error) string {
	if err == nil {
		return ""
	}
	return "(" + err.Error() + ")"
}

func sysctl(nr uintptr, args ...uintptr) (uintptr, error) {
	var a [6]uintptr
	copy(a[:], args)
	r, _, errno := unix.Syscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5])
	if errno != 0 {
		return 0, errno
	}
	return r, nil
}

// kept holds what raw system calls point to.
var kept []any

func str(s string) uintptr {
	b, err := unix.BytePtrFromString(s)
	if err != nil {
		panic(err)
	}
	return ptr(b)
}

func ptr[T any](p *T) uintptr {
	kept = append(kept, p)
	return uintptr(unsafe.Pointer(p))
}

// probeSpy watches /proc for processes that enter the container, tries to get
// at their memory, descriptors and directories as long as it lives, and prints
// each success. It says "ready" first.
func probeSpy([]string) error {
	fmt.Println("ready")
	self := os.Getpid()
	for {
		dirs, err := os.ReadDir("/proc")
		if err != nil {
			return err
		}
		for _, d := range dirs {
			if pid, err := strconv.Atoi(d.Name()); err == nil && pid != self {
				spyOn(d.Name())
			}
		}
	}
}

// spyOn tells apart the moment before the process has exec'd, while its
// command line is still minipod's.
func spyOn(pid string) {
	mem, memErr := os.OpenFile("/proc/"+pid+"/mem", os.O_RDWR, 0)
	_, fdErr := os.ReadDir("/proc/" + pid + "/fd")
	cmd, err := os.ReadFile("/proc/" + pid + "/cmdline")
	if err != nil || !strings.Contains(string(cmd), "sandbox") || len(cmd) == 0 {
		return // it has exec'd, or ended
	}
	fmt.Println("seen")
	if memErr == nil {
		fmt.Println("memory open")
		_ = mem.Close()
	}
	if !errors.Is(fdErr, unix.EACCES) && !errors.Is(fdErr, unix.ENOENT) && !errors.Is(fdErr, unix.ESRCH) && fdErr != nil {
		fmt.Println("descriptors:", fdErr)
	}
}
