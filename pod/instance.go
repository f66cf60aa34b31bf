package pod

import (
	"context"
	"errors"
	"sync"
	"syscall"

	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/sandbox"
)

// instance is one run of a container, from its preparation to its reaping.
type instance struct {
	name   string // of the container
	id     string
	group  string // of its steps in the journal
	cgroup string
	stop   syscall.Signal
	output *output

	// alive ends when its first process has; what is done in it ends with that.
	alive context.Context //nolint:containedctx // the instance's own life, not a call's
	over  context.CancelFunc

	// Of a running one.
	entry   entry
	message *kernel.FD

	mu    sync.Mutex
	pidfd *kernel.FD // nil before it runs and when it is over
}

func newInstance(name, id, group, cgroup string, stop syscall.Signal) *instance {
	in := &instance{name: name, id: id, group: group, cgroup: cgroup, stop: stop}
	in.alive, in.over = context.WithCancel(context.Background())
	return in
}

// runs takes over what came of the start of the instance but PidFD, of which it
// keeps a copy.
func (in *instance) runs(c *sandbox.Container) error {
	started := c.Started()
	in.entry = entry{c.Cgroup, started.Identity, started.Env, c.Process.Dir, c.Process.NoNewPrivileges}
	in.message = started.Message
	var err error
	in.pidfd, err = started.PidFD.Dup()
	return err
}

// init opens the instance's first process, for the caller, who closes it.
func (in *instance) init() (*kernel.FD, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.pidfd == nil {
		return nil, ErrNotRunning
	}
	return in.pidfd.Dup()
}

// signal signals the first process, if it has not been reaped.
func (in *instance) signal(s syscall.Signal) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.pidfd == nil {
		return nil
	}
	return kernel.Signal(in.pidfd, s)
}

// run runs a command in the instance: see entry.command.
func (in *instance) run(ctx context.Context, argv []string) (output []byte, code int, err error) {
	init, err := in.init()
	if err != nil {
		return nil, 0, err
	}
	return in.entry.command(ctx, init, argv)
}

// end lets go of what the owner holds of an instance whose processes are gone,
// after its last line is in the log and its message was read.
func (in *instance) end() error {
	in.over()
	in.mu.Lock()
	defer in.mu.Unlock()
	err := errors.Join(in.pidfd.Close(), in.message.Close())
	in.pidfd, in.message = nil, nil
	return err
}
