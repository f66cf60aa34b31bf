package sandbox

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/volume"
)

// Container is the step that runs a container's process. The journal keeps
// only what its undo needs.
type Container struct {
	Of     string // "mc1/web", for messages
	Cgroup string // directory of the group in which the process is born

	Pins    Pins           `json:"-"`
	Root    Root           `json:"-"`
	Mounts  []volume.Mount `json:"-"`
	Etc     []string       `json:"-"` // files of Mounts.Etc to mount in /etc
	Process Process        `json:"-"`
	Stdout  string         `json:"-"` // FIFO
	Stderr  string         `json:"-"` // FIFO
	// Message is where in the container the file is mounted that takes its
	// termination message; empty for none.
	Message string `json:"-"`

	stage   *stage
	started Started
}

// Started is a container's process and what it was resolved to. The holder
// closes PidFD and Message.
type Started struct {
	kernel.Process
	Identity Identity
	Env      []string
	// Message is the file mounted on Container.Message, nil without one. The
	// container can write anything into it, of any length.
	Message *kernel.FD
}

// Kind implements plan.Step.
func (*Container) Kind() string { return "sandbox.container" }

// String implements plan.Step.
func (c *Container) String() string {
	return fmt.Sprintf("sandbox  process %s: %q, overlay of %d layers, %d volumes, new PID namespace",
		c.Of, c.Process.Argv, len(c.Root.Layers), len(c.Mounts))
}

// Started gives the process, after Do.
func (c *Container) Started() Started { return c.started }

// Prepare begins to build the container on its stage, beside whatever the
// caller does meanwhile: Do then only mounts the volumes and forks. ready is
// closed when the pod's namespaces are pinned and its volumes made. Who does
// not call Do afterwards calls Abandon. A container that mounts volumes of the
// host is left to Do: these are opened before the stage enters the pod, which
// would be too early for what an earlier container makes there.
func (c *Container) Prepare(ready <-chan struct{}) {
	if !slices.ContainsFunc(c.Mounts, func(m volume.Mount) bool { return m.Host != "" }) {
		c.build(ready)
	}
}

func (c *Container) build(ready <-chan struct{}) {
	s := &stage{container: c, ready: ready, fork: make(chan struct{}), abandon: make(chan struct{}), done: make(chan error, 1)}
	c.stage = s
	kernel.GoThread(s.perform)
}

// Abandon takes a Prepare back and waits until nothing of it is left.
func (c *Container) Abandon() {
	if c.stage == nil {
		return
	}
	close(c.stage.abandon)
	<-c.stage.done //nolint:errcheck // that it could not be built matters to nobody now
}

// Do implements plan.Step.
func (c *Container) Do(context.Context) error {
	if c.stage == nil {
		ready := make(chan struct{})
		close(ready)
		c.build(ready)
	}
	close(c.stage.fork)
	return <-c.stage.done
}

// Undo does nothing of its own: the process is killed with its group, and its
// mount namespace goes with it.
func (*Container) Undo(context.Context) error { return nil }

// stage is the thread on which a container is built, with what it holds.
type stage struct {
	container *Container
	thread    *kernel.Thread

	ready         <-chan struct{}
	fork, abandon chan struct{}
	done          chan error

	facts          hostFacts
	cgroup         *kernel.FD
	null, out, err *kernel.FD
	root           *kernel.FD   // the overlay, detached until placeRoot
	proc           *kernel.FD   // the directory in it that /proc will be mounted on
	volumes        []*kernel.FD // detached, by index of Mounts; the pod's are nil until placeVolumes
	message        *kernel.FD   // not among open: it goes on in Started
	identity       Identity
	open           []*kernel.FD
}

// act is one thing done on the stage; what is a noun for messages.
type act struct {
	what string
	do   func() error
}

// script is what is done on the stage, in parts that wait for something.
func (s *stage) script() []part {
	first := part{nil, []act{
		{"host", s.look},
		{"cgroup", s.openCgroup},
		{"output", s.openOutput},
		{"root filesystem", s.makeRoot},
	}}
	pod := part{s.ready, []act{
		{"volumes of the host", s.openHostVolumes},
		{"namespaces", s.enterPod},
		{"root filesystem", s.placeRoot},
		{"/dev", s.placeDev},
		{"/sys", s.placeSys},
		{"/proc", s.checkProc},
		{"/etc", s.placeEtc},
	}}
	last := part{s.fork, nil}
	// What a container started before may have written to a volume is looked
	// at when this one is to start, not when its stage is built.
	rest := &pod
	if len(s.container.Mounts) > 0 {
		rest = &last
	}
	rest.acts = append(rest.acts, act{"volumes", s.placeVolumes}, act{"termination message", s.placeMessage}, act{"process", s.resolve})
	last.acts = append(last.acts, act{"process", s.run})
	return []part{first, pod, last}
}

// part is a row of acts that wait for one thing together; nil is nothing.
type part struct {
	after <-chan struct{}
	acts  []act
}

// perform plays the stage, and says so at once when the process runs: what the
// stage holds is cleared away while others go on.
func (s *stage) perform(t *kernel.Thread) {
	s.thread = t
	err := s.play()
	if err == nil && s.container.started.PidFD != nil {
		s.done <- nil
		s.close()
		return
	}
	s.close()
	s.done <- errors.Join(err, s.message.Close())
}

// play is the stage from its first act to its last.
func (s *stage) play() error {
	for _, part := range s.script() {
		if part.after != nil {
			select {
			case <-part.after:
			case <-s.abandon:
				return nil
			}
		}
		for _, a := range part.acts {
			if err := a.do(); err != nil {
				return fmt.Errorf("%s: %w", a.what, err)
			}
		}
	}
	return nil
}

func (s *stage) keep(f *kernel.FD, err error) (*kernel.FD, error) {
	if err == nil {
		s.open = append(s.open, f)
	}
	return f, err
}

func (s *stage) close() {
	for _, f := range slices.Backward(s.open) {
		_ = f.Close() // nothing was written through it
	}
}

func (s *stage) look() (err error) {
	s.facts, err = lookAtHost()
	return err
}

func (s *stage) openCgroup() (err error) {
	s.cgroup, err = s.keep(kernel.Open(s.container.Cgroup, unix.O_RDONLY|unix.O_DIRECTORY))
	return err
}

// openOutput opens the FIFOs for reading and writing: the container holds both
// ends, so that the death of the reader never kills it with SIGPIPE.
func (s *stage) openOutput() (err error) {
	if s.null, err = s.keep(kernel.Open("/dev/null", unix.O_RDWR)); err != nil {
		return err
	}
	if s.out, err = s.keep(kernel.Open(s.container.Stdout, unix.O_RDWR)); err != nil {
		return err
	}
	s.err, err = s.keep(kernel.Open(s.container.Stderr, unix.O_RDWR))
	return err
}

// enterPod takes the thread into the pod's namespaces, and into a mount
// namespace of the container's own. The pins are opened first: they are not to
// be seen from within.
func (s *stage) enterPod() error {
	p := s.container.Pins
	pins := []struct {
		kind kernel.Namespace
		path string
		fd   *kernel.FD
	}{{kernel.Net, p.Net, nil}, {kernel.IPC, p.IPC, nil}, {kernel.UTS, p.UTS, nil}, {kernel.Mount, p.Mount, nil}}
	for i, pin := range pins {
		if pin.path == "" {
			continue
		}
		fd, err := s.keep(kernel.Open(pin.path, unix.O_RDONLY))
		if err != nil {
			return err
		}
		pins[i].fd = fd
	}
	for _, pin := range pins {
		if pin.fd == nil {
			continue
		}
		if err := s.thread.EnterFD(pin.kind, pin.fd); err != nil {
			return err
		}
	}
	return s.thread.Unshare(kernel.Mount)
}

// run makes the child's list, in the order that security demands, and forks.
func (s *stage) run() error {
	if err := s.thread.Chdir(s.root); err != nil {
		return err
	}
	p, proc := &kernel.Program{}, s.container.Process
	p.Stdio(s.null, s.out, s.err)
	p.DefaultSignals()
	p.Setsid()
	p.Umask(0o022)
	s.facts.mountProc(p)
	p.PivotHere()
	p.CloseAll()
	p.Chdir(proc.dir())
	proc.confine(p, s.facts, s.identity)
	p.Exec(proc.path, proc.Argv, proc.Env)
	started, err := s.thread.Spawn(p, kernel.Cloning{NewPID: true, Cgroup: s.cgroup})
	if err != nil {
		return err
	}
	s.container.started = Started{started, s.identity, proc.Env, s.message}
	return nil
}
