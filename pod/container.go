package pod

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/cgroup"
	"github.com/minipod/minipod/image"
	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/lifecycle"
	"github.com/minipod/minipod/sandbox"
)

// prepared is an instance whose steps are done but the last one.
type prepared struct {
	in        *instance
	container *sandbox.Container
}

// start makes the container's next instance. It runs on the hands.
func (o *Owner) start(name string, attempt int32) {
	p, waiter, err := o.launch(name, attempt)
	if err != nil {
		err = errors.Join(err, o.steps.Undo(background(), groupOf(name, attempt)))
		if waiter != nil { // it ran, and was killed by the undo
			p.in.output.begin()
			_, reaped := kernel.Await(waiter)
			err = errors.Join(err, reaped, p.in.output.finish(), p.in.end())
		}
		reason := startReason(err)
		o.tell(func(at time.Time) lifecycle.Event {
			if attempt == 0 {
				o.doom(&StartError{Pod: o.pod.Name, Container: name, Err: err})
			}
			return lifecycle.StartFailed{At: at, Container: name, ID: newID(), Reason: reason, Message: err.Error()}
		})
		return
	}
	o.tell(func(at time.Time) lifecycle.Event {
		o.running[name] = p.in
		// Before the status: whoever sees a container run can enter it.
		o.clerk.do(func() { o.writeRecord(name, attempt, p) })
		return lifecycle.Started{At: at, Container: name, ID: p.in.id}
	})
	go o.attend(name, p.in, waiter)
}

// groupOf names the steps of one instance in the journal.
func groupOf(name string, attempt int32) string { return name + "/" + strconv.Itoa(int(attempt)) }

// prepare does all steps of an instance but the last, and opens its log. With
// made, which is for first instances, the stage is begun as well, as the sandbox
// comes to be.
func (o *Owner) prepare(c *v1.Container, attempt int32, img image.Image, made *stages) (*prepared, error) {
	scratch, group, container, err := o.layout.containerSteps(c, attempt, img)
	if err != nil {
		return nil, &configError{err}
	}
	in := newInstance(c.Name, newID(), groupOf(c.Name, attempt), container.Cgroup, stopSignal(c, img))
	if err := o.steps.Do(background(), in.group, scratch); err != nil {
		return nil, err
	}
	if made != nil {
		select {
		case <-made.ground:
		case <-made.failed:
			return nil, errNoSandbox
		}
	}
	if err := o.steps.Do(background(), in.group, group); err != nil {
		return nil, err
	}
	if made != nil {
		container.Prepare(made.all)
	}
	if in.output, err = o.openOutput(container, c.Name, attempt); err != nil {
		container.Abandon()
		return nil, err
	}
	return &prepared{in, container}, nil
}

// errNoSandbox is the end of an instance that was prepared for a sandbox which
// could not be made.
var errNoSandbox = errors.New("there is no sandbox")

// launch runs the instance, which may have been prepared before. The second
// result waits for its process.
func (o *Owner) launch(name string, attempt int32) (*prepared, *kernel.FD, error) {
	var p *prepared
	if early := o.prepared[name]; early != nil {
		delete(o.prepared, name)
		p = <-early
	}
	if p == nil {
		var err error
		if p, err = o.prepare(find(o.pod, name), attempt, o.images[name], nil); err != nil {
			return nil, nil, err
		}
	}
	if err := o.steps.Do(background(), p.in.group, p.container); err != nil {
		return nil, nil, errors.Join(err, p.in.output.abandon())
	}
	return p, p.container.Started().PidFD, p.in.runs(p.container)
}

// configError marks a manifest and image that do not fit together.
type configError struct{ err error }

func (e *configError) Error() string { return e.err.Error() }
func (e *configError) Unwrap() error { return e.err }

// StartError says that a container's first instance could not be started.
type StartError struct {
	Pod, Container string
	Err            error
}

// Error implements error.
func (e *StartError) Error() string {
	return fmt.Sprintf("container %s of pod %s: %v", e.Container, e.Pod, e.Err)
}

// Unwrap gives the cause.
func (e *StartError) Unwrap() error { return e.Err }

// startReason names a failed start as the kubelet does: a program that cannot
// be run is the container's fault, the rest minipod's or the manifest's.
func startReason(err error) string {
	var call *kernel.CallError
	var config *configError
	switch {
	case errors.As(err, &call), errors.Is(err, sandbox.ErrProgramNotFound):
		return lifecycle.ReasonRunContainer
	case errors.As(err, &config):
		return lifecycle.ReasonCreateConfig
	}
	return lifecycle.ReasonCreateContainer
}

// attend takes down what the instance writes, sees its process end, leaves no
// process and no line behind, and tells.
func (o *Owner) attend(name string, in *instance, waiter *kernel.FD) {
	in.output.begin()
	exit, err := kernel.Await(waiter)
	if err != nil {
		slog.Error("exit status lost", "container", name, "error", err)
		exit = kernel.Exit{Code: 137}
	}
	err = errors.Join(cgroup.Kill(background(), in.cgroup), in.output.finish())
	message := o.lastMessage(in, exit.Code)
	if err := errors.Join(err, in.end()); err != nil {
		slog.Error("end of container", "pod", o.pod.Name, "container", name, "error", err)
	}
	o.tell(func(at time.Time) lifecycle.Event {
		delete(o.running, name)
		o.hands.do(func() { o.discard(in) })
		return lifecycle.Exited{At: at, Container: name, ID: in.id, Code: int32(exit.Code), Signal: int32(exit.Signal), Message: message}
	})
}

// discard undoes the steps of an instance that has ended. What fails is tried
// again when the pod is torn down.
func (o *Owner) discard(in *instance) {
	if err := o.steps.Undo(background(), in.group); err != nil {
		slog.Warn("left for the end of the pod", "error", err)
	}
}

func (o *Owner) stop(name string) {
	in := o.running[name]
	if in == nil {
		return
	}
	if err := in.signal(in.stop); err != nil {
		slog.Error("stop of container", "container", name, "error", err)
	}
}

func (o *Owner) kill(name string) {
	in := o.running[name]
	if in == nil {
		return
	}
	if err := cgroup.Signal(in.cgroup); err != nil {
		slog.Error("kill of container", "container", name, "error", err)
	}
}

// stopSignal is the manifest's, or the image's, or SIGTERM. An image may give a
// name with or without SIG, or a number.
func stopSignal(c *v1.Container, img image.Image) syscall.Signal {
	if c.Lifecycle != nil && c.Lifecycle.StopSignal != nil {
		return unix.SignalNum(string(*c.Lifecycle.StopSignal))
	}
	s := strings.TrimPrefix(strings.ToUpper(img.Config.StopSignal), "SIG")
	if n := unix.SignalNum("SIG" + s); n != 0 {
		return n
	}
	n, err := strconv.Atoi(s)
	if name, offset, ok := cutSign(s); err != nil && realtime[name] > 0 && ok {
		n = realtime[name] + offset
		if n < realtime["RTMIN"] {
			n = 0
		}
	}
	if n > 0 && n <= realtime["RTMAX"] {
		return syscall.Signal(n)
	}
	return unix.SIGTERM
}

// realtime are the limits as the C library numbers them, which keeps two of
// the kernel's for itself. Images of systemd end by RTMIN+3.
var realtime = map[string]int{"RTMIN": 34, "RTMAX": 64}

// cutSign reads NAME, NAME+N or NAME-N.
func cutSign(s string) (name string, offset int, ok bool) {
	i := strings.IndexAny(s, "+-")
	if i < 0 {
		return s, 0, true
	}
	offset, err := strconv.Atoi(s[i:])
	return s[:i], offset, err == nil
}

func newID() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: see crypto/rand
	return hex.EncodeToString(b)
}
