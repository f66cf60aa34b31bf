package lifecycle

import (
	"time"

	v1 "k8s.io/api/core/v1"
)

// Event is something that happened to the pod. At is when it happened; of one
// pod, events come in the order of At.
type Event interface{ at() time.Time }

// Begin is the first event: the pod is to live.
type Begin struct{ At time.Time }

// SandboxReady answers [CreateSandbox]: namespaces, network and volumes are
// there. Addresses are in text form, the primary one first.
type SandboxReady struct {
	At              time.Time
	PodIPs, HostIPs []string
}

// SandboxFailed answers [CreateSandbox]; whatever had been made of the sandbox
// is gone again.
type SandboxFailed struct {
	At      time.Time
	Message string
}

// ImageReady answers [EnsureImage]. Image is the name that the image was
// found under, ImageID the reference that status shows. Message is that of the
// event "Pulled"; without one, the image was there already.
type ImageReady struct {
	At                                 time.Time
	Container, Image, ImageID, Message string
}

// ImageFailed answers [EnsureImage]. Reason is one of the Reason…Image…
// constants.
type ImageFailed struct {
	At                         time.Time
	Container, Reason, Message string
}

// Started answers [Start]: the container's program was executed. ID names this
// instance of the container and no other. It comes before the instance's Exited.
type Started struct {
	At            time.Time
	Container, ID string
}

// StartFailed answers [Start]. With ReasonRunContainer the instance ID had been
// made and its program could not be executed, which counts as an exit with
// code 128; with any other reason no instance came to be, and ID is not used.
type StartFailed struct {
	At                             time.Time
	Container, ID, Reason, Message string
}

// Exited says that the main process of the running instance ID is gone and
// reaped. Signal, if not 0, is the signal that ended it, and makes the exit
// code 128 + Signal. Reason, if not empty, replaces the one found from code
// and OOM (ContainerStatusUnknown, say). Message is the termination message.
type Exited struct {
	At              time.Time
	Container, ID   string
	Code, Signal    int32
	OOM             bool
	Reason, Message string
}

// HookDone answers [RunHook]. Err is empty if the hook succeeded, else what
// status shows of a failed postStart ("Exec lifecycle hook ([sh -c false]) for
// Container "web" in Pod … failed - error: …, message: …"; see
// pkg/kubelet/lifecycle/handlers.go). One that comes after its time, or whose
// instance is gone, does no harm.
type HookDone struct {
	At            time.Time
	Container, ID string
	Kind          HookKind
	Err           string
}

// Probed answers [Probe]. Message is the output of the check, as an event is to
// show it. One whose instance is gone does no harm.
type Probed struct {
	At            time.Time
	Container, ID string
	Kind          ProbeKind
	Outcome       Outcome
	Message       string
}

// EphemeralAdded puts a container for debugging into a pod that lives. Its name
// is that of no other container of the pod. From then on it is a container like
// others to [EnsureImage], [Start], [Kill] and their answers, and is never
// started twice. A pod that is ending does not start it any more.
type EphemeralAdded struct {
	At        time.Time
	Container v1.EphemeralContainer
}

// TimerFired says that the time of a [SetTimer] has come. One that was stopped
// or set anew meanwhile does no harm.
type TimerFired struct {
	At    time.Time
	Timer Timer
}

// DeleteRequested asks for the end of the pod. GraceSeconds nil means the
// pod's own terminationGracePeriodSeconds, 0 kills at once. A later request can
// only shorten the grace of an earlier one.
type DeleteRequested struct {
	At           time.Time
	GraceSeconds *int64
}

// TornDown answers [TearDown] and is the last event that changes anything.
type TornDown struct{ At time.Time }

func (e Begin) at() time.Time           { return e.At }
func (e SandboxReady) at() time.Time    { return e.At }
func (e SandboxFailed) at() time.Time   { return e.At }
func (e ImageReady) at() time.Time      { return e.At }
func (e ImageFailed) at() time.Time     { return e.At }
func (e Started) at() time.Time         { return e.At }
func (e StartFailed) at() time.Time     { return e.At }
func (e Exited) at() time.Time          { return e.At }
func (e HookDone) at() time.Time        { return e.At }
func (e Probed) at() time.Time          { return e.At }
func (e EphemeralAdded) at() time.Time  { return e.At }
func (e TimerFired) at() time.Time      { return e.At }
func (e DeleteRequested) at() time.Time { return e.At }
func (e TornDown) at() time.Time        { return e.At }
