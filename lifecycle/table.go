package lifecycle

// column is an event's column in one of the tables below; -1 is none.
type column int

// The columns of containerTable.
const (
	imageReady column = iota
	imageFailed
	started
	startFailed
	exited
	containerTimer
	containerColumns
)

// The columns of podTable.
const (
	begin column = iota
	sandboxReady
	sandboxFailed
	podTimer
	deleteRequested
	tornDown
	podColumns
)

type (
	podCell       func(*stepper, Event)
	containerCell func(*stepper, *container, Event)
)

func pod[E Event](f func(*stepper, E)) podCell {
	return func(n *stepper, e Event) { f(n, e.(E)) }
}

func ctr[E Event](f func(*stepper, *container, E)) containerCell {
	return func(n *stepper, c *container, e Event) { f(n, c, e.(E)) }
}

// late is for what may still arrive after it has lost its meaning: timers that
// were stopped, images of a pod that is going, a second wish to delete.
func late(*stepper, Event) {}

func lateForContainer(*stepper, *container, Event) {}

// podTable holds what each event of the pod does in each stage of the pod; nil
// cannot happen.
var podTable = [podStages][podColumns]podCell{
	fresh: {
		begin:           pod((*stepper).begin),
		podTimer:        late,
		deleteRequested: pod((*stepper).deleteIdle),
	},
	creating: {
		sandboxReady:    pod((*stepper).sandboxThere),
		sandboxFailed:   pod((*stepper).sandboxMissing),
		podTimer:        late,
		deleteRequested: pod((*stepper).deleteWhileCreating),
	},
	retrying: {
		podTimer:        pod((*stepper).retrySandbox),
		deleteRequested: pod((*stepper).deleteIdle),
	},
	up: {
		podTimer:        pod((*stepper).gapOver),
		deleteRequested: pod((*stepper).deleteUp),
	},
	cancelling: {
		sandboxReady:    pod((*stepper).sandboxTooLate),
		sandboxFailed:   pod((*stepper).sandboxGivenUp),
		podTimer:        late,
		deleteRequested: pod((*stepper).shorten),
	},
	ending: {
		podTimer:        late,
		deleteRequested: pod((*stepper).shorten),
	},
	tearing: {
		podTimer:        late,
		deleteRequested: pod((*stepper).noteDeletion),
		tornDown:        pod((*stepper).end),
	},
	gone: {
		podTimer:        late,
		deleteRequested: late,
	},
}

// containerTable holds what each event of a container does in each of its
// stages; nil cannot happen.
var containerTable = [stages][containerColumns]containerCell{
	unborn: {containerTimer: lateForContainer},
	ensuring: {
		imageReady:     ctr((*stepper).imageThere),
		imageFailed:    ctr((*stepper).imageMissing),
		containerTimer: lateForContainer,
	},
	imageWait: {containerTimer: ctr((*stepper).lookAtImageAgain)},
	queued:    {containerTimer: lateForContainer},
	starting: {
		started:        ctr((*stepper).startedNow),
		startFailed:    ctr((*stepper).notStarted),
		containerTimer: lateForContainer,
	},
	createWait: {containerTimer: ctr((*stepper).createAgain)},
	running: {
		exited:         ctr((*stepper).exitedNow),
		containerTimer: lateForContainer,
	},
	stopping: {
		exited:         ctr((*stepper).exitedNow),
		containerTimer: ctr((*stepper).graceOver),
	},
	killing: {
		exited:         ctr((*stepper).exitedNow),
		containerTimer: lateForContainer,
	},
	backingOff: {containerTimer: ctr((*stepper).backoffOver)},
	ended: {
		imageReady:     lateForContainer,
		imageFailed:    lateForContainer,
		containerTimer: lateForContainer,
	},
}

// columnOf finds an event's container and its column in containerTable.
func columnOf(e Event) (name string, col column) {
	switch e := e.(type) {
	case ImageReady:
		return e.Container, imageReady
	case ImageFailed:
		return e.Container, imageFailed
	case Started:
		return e.Container, started
	case StartFailed:
		return e.Container, startFailed
	case Exited:
		return e.Container, exited
	case TimerFired:
		if e.Timer.Container != "" {
			return e.Timer.Container, containerTimer
		}
	}
	return "", -1
}

// podColumnOf finds the column in podTable of an event that has none in
// containerTable.
func podColumnOf(e Event) column {
	switch e.(type) {
	case Begin:
		return begin
	case SandboxReady:
		return sandboxReady
	case SandboxFailed:
		return sandboxFailed
	case DeleteRequested:
		return deleteRequested
	case TornDown:
		return tornDown
	default:
		return podTimer
	}
}
