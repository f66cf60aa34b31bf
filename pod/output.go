package pod

import (
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
	tap     func(state.Line)
	copying sync.WaitGroup
	cancel  context.CancelFunc
}

// lastWords is how long the pipes of a container whose processes are all gone
// may stay open in other hands (a descriptor can be passed on over a socket)
// before the rest is left.
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
		out.tap = func(l state.Line) { o.observe.Output(name, l) }
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
	for i, pipe := range out.pipes {
		out.copying.Go(func() {
			if err := state.Copy(ctx, pipe, out.streams[i], out.log, out.tap); err != nil && !errors.Is(err, context.Canceled) {
				slog.Error("output not logged", "error", err)
			}
		})
	}
}

// finish waits until all that was written is in the log. The container's
// processes are gone.
func (out *output) finish() error {
	impatience := time.AfterFunc(lastWords, out.cancel)
	out.copying.Wait()
	impatience.Stop()
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
