package lifecycle

import (
	"fmt"
	"time"
)

// Action is something to be done for the pod. Actions of one Step are to be
// begun in their order; none waits for the end of another.
type Action interface{ action() }

// CreateSandbox asks for everything that the containers share. It is answered
// by exactly one SandboxReady or SandboxFailed, even when the pod is deleted
// meanwhile.
type CreateSandbox struct{}

// EnsureImage asks for the container's image, as its imagePullPolicy says. It
// comes before every start, as a kubelet looks anew each time. It is answered
// by one ImageReady or ImageFailed; after a TearDown the answer may fail to
// come. A pull that is begun is recorded by whoever begins it (ReasonPulling).
type EnsureImage struct{ Container string }

// Start asks for a new instance of the container. Attempt counts its instances
// from 0: it is the restartCount of this one and the number of its log file.
// It is answered by exactly one Started or StartFailed.
type Start struct {
	Container string
	Attempt   int32
}

// RunHook runs a hook of the container's running instance ID once, in it (exec)
// or against it (httpGet). Sleeping hooks are timers of the automaton and are
// not asked for. The hook has no time-out of its own: for how long preStop is
// waited for is the automaton's timer. It is answered by one HookDone, unless
// the instance exits first: whoever runs the hook cancels it then, and the
// answer may fail to come. A hook that outlives its time goes on beside the stop
// signal until the instance is gone.
type RunHook struct {
	Container, ID string
	Kind          HookKind
}

// Probe makes one check of the container's running instance ID now, as its
// probe of that kind says, within the timeoutSeconds of that probe (which are
// not scaled). Whoever makes it tries up to three times at once if the check
// itself cannot be made, and answers with one Probed, unless the instance exits
// first: the check is cancelled then, and the answer may fail to come. Of one
// container and kind there is never more than one under way. Initial delay,
// period and thresholds are the automaton's.
type Probe struct {
	Container, ID string
	Kind          ProbeKind
}

// Stop sends the container's stop signal to the running instance.
type Stop struct{ Container string }

// Kill sends SIGKILL to the whole of the running instance.
type Kill struct{ Container string }

// SetTimer asks for a TimerFired at At. It replaces the same timer set before.
type SetTimer struct {
	Timer Timer
	At    time.Time
}

// StopTimer takes a SetTimer back.
type StopTimer struct{ Timer Timer }

// Record is an event for the user, as `kubectl describe` shows it. Type is
// Normal or Warning; Container is empty when the event is the pod's own.
type Record struct{ Type, Reason, Message, Container string }

// TearDown asks for the end of all that CreateSandbox made, and of image work
// still under way. No instance runs any more. It is answered by TornDown.
type TearDown struct{}

// Bug reports an event that cannot happen in the state it met. The event had
// no effect.
type Bug struct {
	Event Event
	// State says in which state the pod, or the event's container, was.
	State string
}

func (b Bug) String() string {
	return fmt.Sprintf("minipod bug: %T %+v cannot happen while %s", b.Event, b.Event, b.State)
}

func (CreateSandbox) action() {}
func (EnsureImage) action()   {}
func (Start) action()         {}
func (RunHook) action()       {}
func (Probe) action()         {}
func (Stop) action()          {}
func (Kill) action()          {}
func (SetTimer) action()      {}
func (StopTimer) action()     {}
func (Record) action()        {}
func (TearDown) action()      {}
func (Bug) action()           {}
