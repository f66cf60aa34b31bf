package pod

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/minipod/minipod/lifecycle"
	"github.com/minipod/minipod/state"
)

// reasonVolume is that of an event about a volume that is not as the manifest
// has it.
const reasonVolume = "VolumeNotAsAsked"

// act begins one action. What takes time goes to the hands or to a goroutine
// of its own, and answers with an event.
func (o *Owner) act(a lifecycle.Action) {
	switch a := a.(type) {
	case lifecycle.CreateSandbox:
		o.hands.do(o.createSandbox)
	case lifecycle.EnsureImage:
		o.ensureImage(a.Container)
	case lifecycle.Start:
		o.hands.do(func() { o.start(a.Container, a.Attempt) })
	case lifecycle.RunHook:
		o.hook(a)
	case lifecycle.Probe:
		o.probe(a)
	case lifecycle.Stop:
		o.stop(a.Container)
	case lifecycle.Kill:
		o.kill(a.Container)
	case lifecycle.SetTimer:
		o.setTimer(a)
	case lifecycle.StopTimer:
		o.stopTimer(a.Timer)
	case lifecycle.Record:
		o.record(a)
	case lifecycle.TearDown:
		o.hands.do(o.tearDown)
	case lifecycle.Bug:
		slog.Error("a bug of minipod's, please report it", "pod", o.pod.Name, "bug", a.String())
	default:
		slog.Error("a bug of minipod's, please report it", "pod", o.pod.Name, "unknown action", a)
	}
}

func (o *Owner) tearDown() {
	err := errors.Join(o.abandonPrepared(), o.steps.UndoAll(background()))
	o.tell(func(at time.Time) lifecycle.Event {
		if err != nil {
			o.complain = errors.Join(o.complain, fmt.Errorf("pod %s is not undone in full (minipod gc tries again): %w", o.pod.Name, err))
		}
		return lifecycle.TornDown{At: at}
	})
}

func (o *Owner) setTimer(a lifecycle.SetTimer) {
	o.stopTimer(a.Timer)
	o.timers[a.Timer] = time.AfterFunc(time.Until(a.At), func() {
		o.tell(func(at time.Time) lifecycle.Event { return lifecycle.TimerFired{At: at, Timer: a.Timer} })
	})
}

func (o *Owner) stopTimer(t lifecycle.Timer) {
	if old := o.timers[t]; old != nil {
		old.Stop()
		delete(o.timers, t)
	}
}

func (o *Owner) record(a lifecycle.Record) {
	e := state.Event{At: time.Now(), Type: a.Type, Reason: a.Reason, Message: a.Message, Container: a.Container}
	// What ends the pod is told once, as the error of Run.
	tell := o.observe.Event != nil && (o.doomed == nil || a.Type != v1.EventTypeWarning)
	o.clerk.do(func() {
		if err := o.claim.Event(e); err != nil {
			slog.Error("event not recorded", "pod", o.pod.Name, "reason", a.Reason, "error", err)
		}
		if tell {
			o.observe.Event(o.pod, e)
		}
	})
}

func setDeletion(p *v1.Pod, due time.Time, grace int64) {
	t := metav1.NewTime(due)
	p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &t, &grace
}
