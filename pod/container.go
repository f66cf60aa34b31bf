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

	"github.com/minipod/minipod/cgroup"
	"github.com/minipod/minipod/image"
	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/lifecycle"
	"github.com/minipod/minipod/sandbox"
)

// instance is one run of a container, from its start to its reaping.
type instance struct {
	id     string
	group  string // of its steps in the journal
	cgroup string
	pidfd  *kernel.FD
	stop   syscall.Signal
	output *output
}

// start makes the container's next instance. It runs on the hands.
func (o *Owner) start(name string, attempt int32) {
	in := &instance{id: newID(), group: name + "/" + strconv.Itoa(int(attempt))}
	waiter, err := o.launch(in, name, attempt)
	if err != nil {
		err = errors.Join(err, o.steps.Undo(background(), in.group))
		if waiter != nil { // it ran, and was killed by the undo
			_, reaped := kernel.Await(waiter)
			err = errors.Join(err, reaped)
		}
		reason := startReason(err)
		o.tell(func(at time.Time) lifecycle.Event {
			if attempt == 0 {
				o.doom(&StartError{Pod: o.pod.Name, Container: name, Err: err})
			}
			return lifecycle.StartFailed{At: at, Container: name, ID: in.id, Reason: reason, Message: err.Error()}
		})
		return
	}
	o.tell(func(at time.Time) lifecycle.Event {
		o.running[name] = in
		return lifecycle.Started{At: at, Container: name, ID: in.id}
	})
	go o.await(name, in, waiter)
}

// launch does the instance's steps. The first result waits for its process.
func (o *Owner) launch(in *instance, name string, attempt int32) (*kernel.FD, error) {
	spec := find(o.pod, name)
	img := o.images[name]
	steps, container, err := o.layout.containerSteps(spec, attempt, img)
	if err != nil {
		return nil, &configError{err}
	}
	last := len(steps) - 1
	if err := o.steps.Do(background(), in.group, steps[:last]...); err != nil {
		return nil, err
	}
	if in.output, err = o.openOutput(container, name, attempt); err != nil {
		return nil, err
	}
	if err := o.steps.Do(background(), in.group, steps[last]); err != nil {
		return nil, errors.Join(err, in.output.abandon())
	}
	started := container.Started()
	in.cgroup, in.stop = container.Cgroup, stopSignal(img)
	if in.pidfd, err = started.PidFD.Dup(); err != nil {
		return started.PidFD, errors.Join(err, in.output.abandon())
	}
	in.output.begin()
	return started.PidFD, o.writeRecord(name, attempt, in.id, container)
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

// await sees the instance's process end, leaves no process and no line behind,
// and tells.
func (o *Owner) await(name string, in *instance, waiter *kernel.FD) {
	exit, err := kernel.Await(waiter)
	if err != nil {
		slog.Error("exit status lost", "container", name, "error", err)
		exit = kernel.Exit{Code: 137}
	}
	err = errors.Join(cgroup.Kill(background(), in.cgroup), in.output.finish(), in.pidfd.Close())
	if err != nil {
		slog.Error("end of container", "pod", o.pod.Name, "container", name, "error", err)
	}
	o.tell(func(at time.Time) lifecycle.Event {
		delete(o.running, name)
		o.hands.do(func() { o.discard(in) })
		return lifecycle.Exited{At: at, Container: name, ID: in.id, Code: int32(exit.Code), Signal: int32(exit.Signal)}
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
	if err := kernel.Signal(in.pidfd, in.stop); err != nil {
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

// stopSignal is the image's, or SIGTERM. An image may give a name with or
// without SIG, or a number.
func stopSignal(img image.Image) syscall.Signal {
	s := strings.ToUpper(img.Config.StopSignal)
	if n, err := strconv.Atoi(s); err == nil && n > 0 && n < 65 {
		return syscall.Signal(n)
	}
	if !strings.HasPrefix(s, "SIG") {
		s = "SIG" + s
	}
	if n := unix.SignalNum(s); n != 0 {
		return n
	}
	return unix.SIGTERM
}

func newID() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: see crypto/rand
	return hex.EncodeToString(b)
}
