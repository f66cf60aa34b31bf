package pod

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/image"
	"github.com/minipod/minipod/lifecycle"
	"github.com/minipod/minipod/plan"
	"github.com/minipod/minipod/state"
)

// Owner holds a pod's lock and leads its life. Get one from Claim, call Run
// once.
type Owner struct {
	host     *Host
	pod      *v1.Pod
	settings Settings
	observe  Observer
	layout   *layout
	claim    *state.Owned

	// What follows belongs to the goroutine of Run.
	state   lifecycle.State
	soon    []happening      // to be taken before any other
	here    map[string]found // images found when the sandbox was made
	ips     []string         // of the pod, the primary one first
	timers  map[lifecycle.Timer]*time.Timer
	running map[string]*instance
	doomed  error // why FailFast ends the pod
	// unpublished: readers do not know the status of this state yet.
	unpublished bool
	complain    error // what could not be written or undone

	events chan happening
	ended  chan struct{} // closed when nobody reads events any more
	hands  *hands
	// clerk writes down and tells what became of the pod, in order: neither a
	// slow disk nor a reader of stderr that has stopped reading holds Run up.
	clerk *hands

	// Of the hands' goroutine alone.
	steps    *plan.Run
	images   map[string]image.Image    // by container
	prepared map[string]chan *prepared // by container, until their first start
}

// happening is run on Run's goroutine, and is an event of that time unless nil.
type happening func(at time.Time) lifecycle.Event

// ErrExists says that a pod of that name is there already.
var ErrExists = errors.New("already exists")

// Claim makes the caller the owner of a new pod, which must be defaulted and
// valid. Everything that can be known to fail fails here, before anything is
// made: volumes that cannot be, a name that is taken (ErrExists). The pod then
// shows as Pending to readers. Close gives it up again if it is not run.
func Claim(h *Host, p *v1.Pod, s Settings, o Observer) (*Owner, error) {
	if err := hideMemory(); err != nil {
		return nil, err
	}
	p = admit(p)
	l, err := newLayout(h, p, s)
	if err != nil {
		return nil, err
	}
	begin, err := lifecycle.New(p, s.Lifecycle)
	if err != nil {
		return nil, err
	}
	// Whoever removes images looks at the pods that are written down: neither
	// happens in the middle of the other.
	release, err := h.Images.Hold(background())
	if err != nil {
		return nil, err
	}
	defer release()
	claim, err := take(h, p)
	if err != nil {
		return nil, err
	}
	own := &Owner{
		host: h, pod: p, settings: s, observe: o, layout: l, claim: claim, state: begin,
		timers: map[lifecycle.Timer]*time.Timer{}, running: map[string]*instance{},
		events: make(chan happening), ended: make(chan struct{}),
		images: map[string]image.Image{}, prepared: map[string]chan *prepared{},
	}
	if err := own.open(); err != nil {
		return nil, errors.Join(err, claim.Remove())
	}
	return own, nil
}

// take claims the name, for a pod that is not there.
func take(h *Host, p *v1.Pod) (*state.Owned, error) {
	claim, err := state.Claim(h.Dirs, p.Namespace, p.Name)
	var busy *state.Busy
	if errors.As(err, &busy) {
		return nil, fmt.Errorf("pod %q %w: process %d runs it", p.Name, ErrExists, busy.Pid)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case claim.Orphan():
		err = fmt.Errorf("pod %q %w: its owner died", p.Name, ErrExists)
	case claim.Finished():
		err = fmt.Errorf("pod %q %w: it has ended and was kept", p.Name, ErrExists)
	}
	if err != nil {
		return nil, errors.Join(err, claim.Release())
	}
	return claim, nil
}

// open writes the pod down and begins its journal.
func (o *Owner) open() error {
	if err := o.claim.WriteSpec(o.pod); err != nil {
		return err
	}
	journal, err := o.claim.Journal()
	if err != nil {
		return err
	}
	o.steps = &plan.Run{Journal: journal}
	if o.observe.Step != nil {
		o.steps.Trace = func(v plan.Verb, s plan.Step, took time.Duration, err error) {
			o.observe.Step(o.pod, v, s, took, err)
		}
	}
	return nil
}

// Close gives up a claimed pod that was not run, as if it had never been.
func (o *Owner) Close() error { return o.claim.Remove() }

// Pod is the pod as it was admitted: with uid, node and time of creation.
func (o *Owner) Pod() *v1.Pod { return o.pod }

// Delete asks for the pod's end; nil means its own grace period, 0 kills at
// once. It may be called from any goroutine while Run runs, and does not wait.
func (o *Owner) Delete(graceSeconds *int64) {
	go o.tell(func(at time.Time) lifecycle.Event {
		return lifecycle.DeleteRequested{At: at, GraceSeconds: graceSeconds}
	})
}

// tell hands an event to Run, or drops it when the pod is over.
func (o *Owner) tell(h happening) {
	select {
	case o.events <- h:
	case <-o.ended:
	}
}

// Run leads the pod to its end, and returns it with its last status when
// everything of it is undone. The error says what went wrong on minipod's side:
// why FailFast ended it, or what could not be undone (then the pod is left to
// be collected).
func (o *Owner) Run() (*v1.Pod, error) {
	deletions, err := o.claim.Deletions()
	if err != nil {
		return o.pod, errors.Join(err, o.claim.Remove())
	}
	o.hands, o.clerk = newHands(), newHands()
	o.step(lifecycle.Begin{At: time.Now()})
	for _, w := range o.layout.volumes.Warnings {
		o.record(lifecycle.Record{Type: v1.EventTypeWarning, Reason: reasonVolume, Message: w})
	}
	for !o.state.Done() {
		if len(o.soon) > 0 {
			h := o.soon[0]
			o.soon = o.soon[1:]
			o.take(h)
			continue
		}
		select {
		case h := <-o.events:
			o.take(h)
		case d := <-deletions:
			o.step(lifecycle.DeleteRequested{At: time.Now(), GraceSeconds: d.GracePeriodSeconds})
		}
	}
	close(o.ended)
	o.hands.stop()
	o.clerk.stop()
	for _, t := range o.timers {
		t.Stop()
	}
	return o.finish()
}

func (o *Owner) take(h happening) {
	if e := h(time.Now()); e != nil {
		o.step(e)
	}
}

// step is one turn of the automaton: the event, its actions, the new status.
func (o *Owner) step(e lifecycle.Event) {
	next, actions := lifecycle.Step(o.state, e)
	o.unpublished = o.unpublished || !lifecycle.SameStatus(o.state, next)
	o.state = next
	for _, a := range actions {
		o.act(a)
	}
	// What follows at once is published with it, and most checks of most probes
	// change nothing.
	if o.unpublished && len(o.soon) == 0 && (o.observe.Status != nil || !o.state.Done()) {
		o.unpublished = false
		o.publish(o.current())
	}
}

// current is the pod with the status that follows from the state.
func (o *Owner) current() *v1.Pod {
	p := *o.pod
	p.Status = lifecycle.Status(o.state)
	if at, grace, ok := o.state.Deletion(); ok {
		due := at.Add(time.Duration(grace) * time.Second)
		setDeletion(&p, due, grace)
	}
	return &p
}

func (o *Owner) publish(p *v1.Pod) {
	o.clerk.do(func() {
		if err := o.claim.WriteStatus(p); err != nil {
			slog.Error("status not published", "pod", o.pod.Name, "error", err)
		}
		if o.observe.Status != nil {
			o.observe.Status(p)
		}
	})
}

// finish leaves the pod's directory: kept, removed, or, where something could
// not be undone, as an orphan for Collect.
func (o *Owner) finish() (*v1.Pod, error) {
	p := o.current()
	switch {
	case o.complain != nil:
		return p, errors.Join(o.doomed, o.complain, o.claim.Release())
	case o.settings.Keep && o.doomed == nil:
		return p, errors.Join(o.claim.Finish(p), o.claim.Release())
	}
	return p, errors.Join(o.doomed, state.RemoveLogs(o.host.Dirs, p.Namespace, p.Name, string(p.UID)), o.claim.Remove())
}

// doom ends a pod that cannot be brought up, if the settings want that.
func (o *Owner) doom(err error) {
	if !o.settings.FailFast || o.doomed != nil {
		return
	}
	o.doomed = err
	o.Delete(new(int64))
}

// background is the context of work that is never cut short: undoing.
func background() context.Context { return context.Background() }
