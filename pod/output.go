package pod

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/sandbox"
	"github.com/minipod/minipod/state"
)

// output takes what one instance writes into its log.
type output struct {
	log     *state.LogWriter
	pipes   []*os.File // by stream
	streams []state.Stream
	copying sync.WaitGroup
	cancel  context.CancelFunc

	// show is told of the lines by a goroutine of its own, behind a queue: it
	// may block for as long as nobody reads what it prints.
	show     func(state.Line)
	queue    chan state.Line
	detached chan struct{} // closed when nobody waits for show any more
	shown    chan struct{} // closed when the queue is empty for good
}

// queued is how many lines may wait to be shown before their writer waits.
const queued = 256

// lastWords is how long it may take to show the last lines of a container whose
// processes are all gone, and then again how long its pipes may stay open in
// other hands (a descriptor can be passed on over a socket).
const lastWords = 2 * time.Second

// deadInstances are those whose logs stay beside the living one's, as under a
// kubelet.
const deadInstances = 1

// openOutput opens the log and the reading ends of the pipes; begin starts the
// copying, when there is somebody who writes.
func (o *Owner) openOutput(c *sandbox.Container, name string, attempt int32) (*output, error) {
	dir := o.host.Dirs.ContainerLogDir(o.pod.Namespace, o.pod.Name, string(o.pod.UID), name)
	if attempt > 0 {
		if err := state.PruneLogs(dir, deadInstances); err != nil {
			return nil, err
		}
	}
	log, err := state.OpenLog(state.LogPath(dir, attempt), state.LogLimits{})
	if err != nil {
		return nil, err
	}
	out := &output{log: log, streams: []state.Stream{state.Stdout, state.Stderr}}
	if o.observe.Output != nil {
		out.show = func(l state.Line) { o.observe.Output(name, l) }
	}
	for _, path := range []string{c.Stdout, c.Stderr} {
		f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("output of container %s: %w", name, err), out.abandon())
		}
		out.pipes = append(out.pipes, f)
	}
	return out, nil
}

// begin starts to copy, on a goroutine per stream.
func (out *output) begin() {
	var ctx context.Context
	ctx, out.cancel = context.WithCancel(context.Background())
	out.queue, out.detached, out.shown = make(chan state.Line, queued), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(out.shown)
		for l := range out.queue {
			out.show(l)
		}
	}()
	var tap func(state.Line)
	if out.show != nil {
		tap = out.enqueue
	}
	for i, pipe := range out.pipes {
		out.copying.Go(func() {
			if err := state.Copy(ctx, pipe, out.streams[i], out.log, tap); err != nil && !errors.Is(err, context.Canceled) {
				slog.Error("output not logged", "error", err)
			}
		})
	}
}

// enqueue hands a line on to be shown; its text is the caller's again after.
func (out *output) enqueue(l state.Line) {
	l.Text = bytes.Clone(l.Text)
	select {
	case out.queue <- l:
	case <-out.detached:
	}
}

// finish waits until all that was written is in the log, and shown, unless
// nobody reads what is shown. The container's processes are gone.
func (out *output) finish() error {
	detach := time.AfterFunc(lastWords, func() { close(out.detached) })
	cancel := time.AfterFunc(2*lastWords, out.cancel)
	out.copying.Wait()
	close(out.queue)
	select {
	case <-out.shown:
	case <-out.detached:
	}
	detach.Stop()
	cancel.Stop()
	out.cancel()
	return out.abandon()
}

// abandon closes everything.
func (out *output) abandon() error {
	err := out.log.Close()
	for _, f := range out.pipes {
		err = errors.Join(err, f.Close())
	}
	return err
}
