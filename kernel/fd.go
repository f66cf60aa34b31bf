package kernel

import (
	"errors"
	"strconv"

	"golang.org/x/sys/unix"
)

// FD is an open descriptor with the name it was opened by, for messages. It
// is not known to the runtime's poller and is closed by Close alone.
type FD struct {
	n    int
	name string
}

// NewFD takes over n.
func NewFD(n int, name string) *FD { return &FD{n, name} }

// Int is the descriptor's number, for as long as the FD is open.
func (f *FD) Int() int { return f.n }

// Name is what the descriptor was opened by.
func (f *FD) Name() string { return f.name }

// Path reaches the descriptor's object by a path, on the calling thread.
func (f *FD) Path() string { return "/proc/thread-self/fd/" + strconv.Itoa(f.n) }

// Close closes the descriptor. A second call does nothing.
func (f *FD) Close() error {
	if f == nil || f.n < 0 {
		return nil
	}
	n := f.n
	f.n = -1
	return fail("close", f.name, unix.Close(n))
}

// Dup gives a second descriptor of the same object, which is the caller's.
func (f *FD) Dup() (*FD, error) {
	n, err := unix.FcntlInt(uintptr(f.n), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fail("dup", f.name, err)
	}
	return &FD{n, f.name}, nil
}

// Open opens path, close-on-exec.
func Open(path string, flags int) (*FD, error) {
	return openRetry(path, func() (int, error) {
		return unix.Open(path, flags|unix.O_CLOEXEC, 0)
	})
}

// Create opens path with O_CREAT and mode, close-on-exec.
func Create(path string, flags int, mode uint32) (*FD, error) {
	return openRetry(path, func() (int, error) {
		return unix.Open(path, flags|unix.O_CREAT|unix.O_CLOEXEC, mode)
	})
}

func openRetry(name string, open func() (int, error)) (*FD, error) {
	for {
		n, err := open()
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, fail("open", name, err)
		}
		return &FD{n, name}, nil
	}
}
