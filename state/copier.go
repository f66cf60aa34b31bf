package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// stall is how long an unfinished line may wait in its pipe for its end before
// it is logged as a part: long enough that a line written in pieces stays one
// record, short enough that a prompt is seen, and that a pipe whose few slots
// are full of pieces does not block its writer for good.
const stall = time.Second

// Copy moves what a container writes from its FIFO into the log until the last
// holder of the FIFO's other end is gone, and calls tap, if not nil, with each
// line after it was logged. fifo is open for reading, nonblocking, and some
// other descriptor holds it open for writing already; it stays the caller's.
//
// A byte leaves the FIFO only after its line is in the log (tee, write,
// consume): whoever is killed in between leaves it to the next Copy, which
// logs it, at worst twice. When Copy returns an error, be it of the log or of
// ctx, what was not logged is still in the FIFO and another Copy can go on.
// While it waits, Copy holds no thread, no pipe and no buffer. tap may block:
// it holds up this stream only.
func Copy(ctx context.Context, fifo *os.File, stream Stream, w *LogWriter, tap func(Line)) error {
	stop := context.AfterFunc(ctx, func() {
		// Without a poller there is no deadline to set, and await says so.
		_ = fifo.SetReadDeadline(time.Unix(1, 0))
	})
	defer stop()
	c := copier{fifo: fifo, stream: stream, log: w, tap: tap}
	why := more
	for {
		err := c.drain(why)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("copy of %s: %w", fifo.Name(), err)
		}
		if why, err = c.await(ctx); err != nil {
			return err
		}
	}
}

type copier struct {
	fifo   *os.File
	stream Stream
	log    *LogWriter
	tap    func(Line)
	held   int // bytes of an unfinished line that were seen and left in the FIFO
}

// reason says why the FIFO is to be looked at, and so whether an unfinished
// line is to be taken as it is.
type reason int

const (
	more    reason = iota // there is more than what was held back
	stalled               // there is not, and the line has waited long enough
	hungUp                // there will not be: nobody holds the other end
)

// drain takes all lines from the FIFO. The error is io.EOF when it is empty
// and nobody holds the other end.
func (c *copier) drain(why reason) error {
	t, err := takeTee()
	if err != nil {
		return err
	}
	defer t.giveBack()
	before := c.held
	for {
		chunk, err := t.copyOf(c.fifo)
		if err != nil || len(chunk) == 0 {
			return err
		}
		// A tee copies no more slots than its own pipe has. If pieces of a few
		// bytes fill them all, the line's end stays out of sight behind them.
		outOfSight := why == more && before > 0 && len(chunk) <= before
		taken, err := c.batch(t, chunk, why != more || outOfSight)
		if err != nil {
			return err
		}
		c.held = unfinished(chunk[taken:])
		if taken == 0 {
			return nil
		}
		before = 0
		if why == stalled {
			why = more // what is left now has not waited yet
		}
	}
}

// batch logs and consumes the lines of chunk, and with flush set what is less
// than a line if it holds nothing else.
func (c *copier) batch(t *tee, chunk []byte, flush bool) (taken int, err error) {
	at := time.Now()
	taken, err = c.log.Write(c.stream, chunk, at, false)
	if err == nil && taken == 0 && flush {
		taken, err = c.log.Write(c.stream, chunk, at, true)
	}
	if taken == 0 {
		return 0, err
	}
	err = errors.Join(err, t.consume(c.fifo, taken))
	for lines := chunk[:taken]; c.tap != nil && len(lines) > 0; {
		text, partial, n := cutLine(lines, true)
		c.tap(Line{Time: at, Stream: c.stream, Partial: partial, Text: text})
		lines = lines[n:]
	}
	return taken, err
}

// unfinished is the length of rest if it is but the beginning of a line.
func unfinished(rest []byte) int {
	if len(rest) > maxLine || bytes.IndexByte(rest, '\n') >= 0 {
		return 0
	}
	return len(rest)
}

// await blocks until there is a reason to look at the FIFO.
func (c *copier) await(ctx context.Context) (reason, error) {
	var deadline time.Time
	if c.held > 0 {
		deadline = time.Now().Add(stall)
	}
	if err := c.fifo.SetReadDeadline(deadline); err != nil {
		return more, err
	}
	if ctx.Err() != nil { // its own deadline may have been overwritten just now
		return more, ctx.Err()
	}
	raw, err := c.fifo.SyscallConn()
	if err != nil {
		return more, err
	}
	why, lookErr := more, error(nil)
	err = raw.Read(func(fd uintptr) (ready bool) {
		ready, why, lookErr = news(int(fd), c.held)
		return ready || lookErr != nil
	})
	if ctx.Err() != nil {
		return more, ctx.Err()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return stalled, nil
	}
	return why, errors.Join(err, lookErr)
}

// news looks at a FIFO once.
func news(fd, held int) (ready bool, why reason, err error) {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if _, err := unix.Poll(p, 0); err != nil && !errors.Is(err, unix.EINTR) {
		return false, more, fmt.Errorf("poll: %w", err)
	}
	if p[0].Revents&unix.POLLHUP != 0 {
		return true, hungUp, nil
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
	if err != nil {
		return false, more, fmt.Errorf("FIONREAD: %w", err)
	}
	return n > held, more, nil
}
