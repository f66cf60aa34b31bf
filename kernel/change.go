package kernel

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// AwaitChange waits until holds says true, and asks it again whenever the
// kernel flags f (a file like cgroup.events) with POLLPRI. It occupies a
// thread meanwhile; the wait is one of milliseconds.
func AwaitChange(ctx context.Context, f *os.File, holds func() (bool, error)) error {
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return fail("eventfd", "", err)
	}
	stop := NewFD(wake, "eventfd")
	defer stop.Close()
	cancel := context.AfterFunc(ctx, func() { _, _ = unix.Write(wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) })
	defer cancel()
	for {
		if ok, err := holds(); ok || err != nil {
			return err
		}
		fds := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLPRI}, {Fd: int32(wake), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			return fail("poll", f.Name(), err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
