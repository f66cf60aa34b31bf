package pod

import (
	"context"
	"errors"
	"fmt"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/image"
	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/lifecycle"
)

// createSandbox makes everything that the containers share, and meanwhile
// prepares those whose images are here, so that their first start only forks.
// It runs on the hands.
func (o *Owner) createSandbox() {
	first, network, rest := o.layout.sandboxSteps()
	made := newStages()
	looked := make(chan map[string]found, 1)
	go o.prepareFirst(made, looked)
	err := kernel.OneThread(background(), func(ctx context.Context) error {
		if err := o.steps.Do(ctx, "", first...); err != nil {
			return err
		}
		close(made.ground)
		return o.steps.Do(ctx, "", append(network, rest...)...)
	})
	close(made.end(err))
	here := <-looked
	o.tell(func(time.Time) lifecycle.Event {
		o.here = here
		return nil
	})
	if err != nil {
		o.sandboxFailed(err)
		return
	}
	hosts := hostIPs()
	var pods []string
	if o.pod.Spec.HostNetwork {
		pods = hosts
	}
	o.tell(func(at time.Time) lifecycle.Event {
		o.ips = pods
		return lifecycle.SandboxReady{At: at, PodIPs: pods, HostIPs: hosts}
	})
}

func (o *Owner) sandboxFailed(err error) {
	undone := errors.Join(o.abandonPrepared(), o.steps.UndoAll(background()))
	o.tell(func(at time.Time) lifecycle.Event {
		o.doom(fmt.Errorf("pod %s: %w", o.pod.Name, err))
		o.complain = errors.Join(o.complain, undone)
		return lifecycle.SandboxFailed{At: at, Message: err.Error()}
	})
}

// stages are closed when that much of the sandbox is made: the ground on which
// containers are prepared; all of it; or when it failed.
type stages struct{ ground, all, failed chan struct{} }

func newStages() stages {
	return stages{make(chan struct{}), make(chan struct{}), make(chan struct{})}
}

func (s stages) end(err error) chan struct{} {
	if err != nil {
		return s.failed
	}
	return s.all
}

// prepareFirst prepares the first instance of every container whose image need
// not be pulled; which those are it says first, on looked, and hands o.prepared
// over with that. What cannot be prepared is tried again, and its failure
// reported, when it is to start.
func (o *Owner) prepareFirst(made stages, looked chan<- map[string]found) {
	type early struct {
		container *v1.Container
		image     image.Image
		result    chan *prepared
	}
	var list []early
	here := map[string]found{}
	for _, c := range startingFirst(o.pod, o.settings.Lifecycle.Order) {
		if f, err := o.lookUp(c); err == nil {
			e := early{c, f.image, make(chan *prepared, 1)}
			list, here[c.Name], o.prepared[c.Name] = append(list, e), f, e.result
		}
	}
	looked <- here
	for _, e := range list {
		e.result <- o.prepareEarly(e.container, e.image, made)
	}
}

// prepareEarly is prepare with the stage begun, or nil if it cannot be.
func (o *Owner) prepareEarly(c *v1.Container, img image.Image, made stages) *prepared {
	p, err := o.prepare(c, 0, img, &made)
	if err != nil {
		_ = o.steps.Undo(background(), groupOf(c.Name, 0)) // what stays is due at the end
		return nil
	}
	return p
}

// abandonPrepared gives up the instances that were prepared and not started.
func (o *Owner) abandonPrepared() error {
	var err error
	for name, result := range o.prepared {
		if p := <-result; p != nil {
			p.container.Abandon()
			err = errors.Join(err, p.in.output.abandon())
		}
		delete(o.prepared, name)
	}
	return err
}
