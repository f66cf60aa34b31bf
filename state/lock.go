package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// The lock of a pod is a FIFO that its owner holds open for reading and writing
// and on which it holds an open-file-description lock. The two together answer
// every question without touching the lock itself:
//
//   - F_OFD_GETLK looks whether somebody owns the pod. (A probing flock would
//     make a Claim at the same instant fail.)
//   - a reader of the FIFO gets end-of-file when the last holder is gone, by
//     release or by death, and the runtime's poller can wait for that, with a
//     context and without a thread. The kernel drops a file's locks before it
//     tells the FIFO's readers (__fput), so who is woken finds it unlocked.
//
// As with flock, a child between clone and execve shares both: the lock is free
// when the child, too, has closed its descriptors.

// openLock opens the lock as an owner would. ENOENT means that the directory
// was removed or renamed meanwhile.
func openLock(path string) (*os.File, error) {
	err := unix.Mkfifo(path, 0o600)
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, &os.PathError{Op: "mkfifo", Path: path, Err: err}
	}
	return os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
}

// The lock has two bytes. An owner holds both; Sweep holds the second for a
// moment, and a Claim waits for that one, so that sweeping never makes a Claim
// fail.
const (
	ownerByte = 0
	sweepByte = 1
)

// takeLock reports whether f now holds the lock as the owner.
func takeLock(f *os.File) (bool, error) {
	if got, err := tryByte(f, ownerByte); err != nil || !got {
		return false, err
	}
	err := lockCall(f, unix.F_OFD_SETLKW, oneByte(unix.F_WRLCK, sweepByte))
	return err == nil, err
}

// takeUnowned reports whether f now holds off the next owner of a pod that has
// none.
func takeUnowned(f *os.File) (bool, error) {
	if got, err := tryByte(f, sweepByte); err != nil || !got {
		return false, err
	}
	owned, err := held(f)
	return !owned && err == nil, err
}

func tryByte(f *os.File, at int64) (bool, error) {
	err := lockCall(f, unix.F_OFD_SETLK, oneByte(unix.F_WRLCK, at))
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return false, nil
	}
	return err == nil, err
}

func oneByte(kind int16, at int64) *unix.Flock_t {
	return &unix.Flock_t{Type: kind, Start: at, Len: 1}
}

// held reports whether anybody but f owns the pod. It only looks.
func held(f *os.File) (bool, error) {
	lk := oneByte(unix.F_RDLCK, ownerByte)
	if err := lockCall(f, unix.F_OFD_GETLK, lk); err != nil {
		return false, err
	}
	return lk.Type != unix.F_UNLCK, nil
}

func lockCall(f *os.File, cmd int, lk *unix.Flock_t) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	var lockErr error
	err = raw.Control(func(fd uintptr) { lockErr = unix.FcntlFlock(fd, cmd, lk) })
	if err = errors.Join(err, lockErr); err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return nil
}

// locks reports whether f still is the lock of the directory at path.
func locks(f *os.File, path string) (bool, error) {
	mine, err := f.Stat()
	if err != nil {
		return false, err
	}
	now, err := os.Lstat(path + "/" + lockFile)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(mine, now), err
}

// lookLock opens the lock as one who only looks and waits.
func lookLock(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
}

// hangup returns nil when nobody holds the lock's FIFO open for writing any
// more, and os.ErrClosed or os.ErrDeadlineExceeded when f was told so.
func hangup(f *os.File) error {
	var b [64]byte
	for {
		// Nobody writes to this FIFO; should somebody, the bytes mean nothing.
		if _, err := f.Read(b[:]); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
