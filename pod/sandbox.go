package pod

import (
	"errors"
	"fmt"
	"time"

	"github.com/minipod/minipod/lifecycle"
)

// createSandbox makes everything that the containers share, and meanwhile
// prepares those whose images are here, so that their first start only forks.
// It runs on the hands.
func (o *Owner) createSandbox() {
	addresses := make(chan []string, 1)
	go func() { addresses <- hostIPs() }()
	first, network, rest := o.layout.sandboxSteps()
	err := o.steps.Do(background(), "", first...)
	if err == nil {
		ready := make(chan struct{})
		netted, prepared := make(chan error, 1), make(chan map[string]found, 1)
		go func() { netted <- o.steps.Do(background(), "", network...) }()
		go func() { prepared <- o.prepareFirst(ready) }()
		err = errors.Join(o.steps.Do(background(), "", rest...), <-netted)
		if err == nil {
			close(ready)
		}
		here := <-prepared
		o.tell(func(time.Time) lifecycle.Event {
			o.here = here
			return nil
		})
	}
	if err != nil {
		o.sandboxFailed(err)
		return
	}
	hosts := <-addresses
	var pods []string
	if o.pod.Spec.HostNetwork {
		pods = hosts
	}
	o.tell(func(at time.Time) lifecycle.Event {
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

// prepareFirst prepares the first instance of every container whose image need
// not be pulled. What cannot be prepared fails again, and is reported, when it
// is to start.
func (o *Owner) prepareFirst(ready <-chan struct{}) map[string]found {
	here := map[string]found{}
	for _, c := range inOrder(o.pod, o.settings.Lifecycle.Order) {
		f, err := o.lookUp(c)
		if err != nil {
			continue
		}
		here[c.Name] = f
		p, err := o.prepare(c, 0, f.image)
		if err != nil {
			_ = o.steps.Undo(background(), group(c.Name, 0)) // what stays is due at the end
			continue
		}
		p.container.Prepare(ready)
		o.prepared[c.Name] = p
	}
	return here
}

// abandonPrepared gives up the instances that were prepared and not started.
func (o *Owner) abandonPrepared() error {
	var err error
	for name, p := range o.prepared {
		p.container.Abandon()
		err = errors.Join(err, p.in.output.abandon())
		delete(o.prepared, name)
	}
	return err
}
