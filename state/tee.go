package state

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// teeSize is what one batch takes at most, in bytes, and the size of a pipe
// that nobody has resized.
const teeSize = 64 << 10

// tee is what it takes to read a FIFO without consuming: a pipe for the copy,
// a buffer, and somewhere to consume to. A batch borrows one, so that an idle
// container costs none: pipes count against a limit of the user.
type tee struct {
	in, out int // the pipe: in is read from, out written to
	null    int
	buf     []byte
}

// idle keeps a few for the next batch.
var idle = make(chan *tee, 2)

func takeTee() (*tee, error) {
	select {
	case t := <-idle:
		return t, nil
	default:
	}
	null, err := unix.Open(os.DevNull, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: os.DevNull, Err: err}
	}
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, errors.Join(fmt.Errorf("pipe: %w", err), unix.Close(null))
	}
	return &tee{in: p[0], out: p[1], null: null, buf: make([]byte, teeSize)}, nil
}

// giveBack ends the loan. The pipe is empty then: copyOf drains what it fills.
func (t *tee) giveBack() {
	select {
	case idle <- t:
	default:
		t.close()
	}
}

func (t *tee) close() {
	for _, fd := range []int{t.in, t.out, t.null} {
		_ = unix.Close(fd)
	}
}

// copyOf returns what the FIFO holds, up to a pipeful, and leaves it there.
// The bytes are valid until the next call. The error is io.EOF when the FIFO is
// empty and nobody holds the other end.
func (t *tee) copyOf(fifo *os.File) ([]byte, error) {
	n, err := t.onFd(fifo, func(fd int) (int64, error) {
		return unix.Tee(fd, t.out, teeSize, unix.SPLICE_F_NONBLOCK)
	})
	if errors.Is(err, unix.EAGAIN) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("tee: %w", err)
	}
	if n == 0 {
		return nil, io.EOF
	}
	for got := 0; got < int(n); {
		k, err := unix.Read(t.in, t.buf[got:n])
		if err != nil && !errors.Is(err, unix.EINTR) {
			return nil, fmt.Errorf("read of the tee's copy: %w", err)
		}
		got += max(k, 0)
	}
	return t.buf[:n], nil
}

// consume takes n bytes off the FIFO.
func (t *tee) consume(fifo *os.File, n int) error {
	for n > 0 {
		k, err := t.onFd(fifo, func(fd int) (int64, error) {
			return unix.Splice(fd, nil, t.null, nil, n, unix.SPLICE_F_NONBLOCK)
		})
		if errors.Is(err, unix.EAGAIN) || err == nil && k == 0 {
			return nil // the container has read its own output
		}
		if err != nil {
			return fmt.Errorf("splice: %w", err)
		}
		n -= int(k)
	}
	return nil
}

// onFd calls f with the descriptor of file, again when a signal interrupts it.
func (t *tee) onFd(file *os.File, f func(fd int) (int64, error)) (n int64, err error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return 0, err
	}
	var callErr error
	err = raw.Control(func(fd uintptr) {
		for {
			if n, callErr = f(int(fd)); !errors.Is(callErr, unix.EINTR) {
				return
			}
		}
	})
	return n, errors.Join(err, callErr)
}
