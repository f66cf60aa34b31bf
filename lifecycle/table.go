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
	hookDone
	containerTimer
	containerColumns
)

// The columns of probeTable.
const (
	probedNow column = iota
	probeTimer
	probeColumns
)

// The columns of podTable.
const (
	begin column = iota
	sandboxReady
	sandboxFailed
	podTimer
	ephemeralAdded
	deleteRequested
	tornDown
	podColumns
)

type (
	podCell       func(*stepper, Event)
	containerCell func(*stepper, *container, Event)
	probeCell     func(*stepper, *container, ProbeKind, Event)
)

func pod[E Event](f func(*stepper, E)) podCell {
	return func(n *stepper, e Event) { f(n, e.(E)) }
}

func ctr[E Event](f func(*stepper, *container, E)) containerCell {
	return func(n *stepper, c *container, e Event) { f(n, c, e.(E)) }
}

func prb[E Event](f func(*stepper, *container, ProbeKind, E)) probeCell {
	return func(n *stepper, c *container, k ProbeKind, e Event) { f(n, c, k, e.(E)) }
}

// late is for what may still arrive after it has lost its meaning: timers that
// were stopped, images of a pod that is going, a second wish to delete, a hook
// or a check of an instance that has ended.
func late(*stepper, Event) {}

func lateForContainer(*stepper, *container, Event) {}

func lateForProbe(*stepper, *container, ProbeKind, Event) {}

// podTable holds what each event of the pod does in each stage of the pod; nil
// cannot happen.
var podTable = [podStages][podColumns]podCell{
	fresh: {
		begin:           pod((*stepper).begin),
		podTimer:        late,
		ephemeralAdded:  pod((*stepper).addEphemeral),
		deleteRequested: pod((*stepper).delete),
	},
	creating: {
		sandboxReady:    pod((*stepper).sandboxThere),
		sandboxFailed:   pod((*stepper).sandboxMissing),
		podTimer:        pod((*stepper).podTimerOver),
		ephemeralAdded:  pod((*stepper).addEphemeral),
		deleteRequested: pod((*stepper).delete),
	},
	retrying: {
		podTimer:        pod((*stepper).podTimerOver),
		ephemeralAdded:  pod((*stepper).addEphemeral),
		deleteRequested: pod((*stepper).delete),
	},
	up: {
		podTimer:        pod((*stepper).podTimerOver),
		ephemeralAdded:  pod((*stepper).startEphemeral),
		deleteRequested: pod((*stepper).delete),
	},
	resetting: {
		podTimer:        pod((*stepper).podTimerOver),
		ephemeralAdded:  pod((*stepper).startEphemeral),
		deleteRequested: pod((*stepper).delete),
	},
	cancelling: {
		sandboxReady:    pod((*stepper).sandboxTooLate),
		sandboxFailed:   pod((*stepper).sandboxGivenUp),
		podTimer:        late,
		ephemeralAdded:  late,
		deleteRequested: pod((*stepper).shorten),
	},
	ending: {
		podTimer:        late,
		ephemeralAdded:  late,
		deleteRequested: pod((*stepper).shorten),
	},
	tearing: {
		podTimer:        late,
		ephemeralAdded:  late,
		deleteRequested: pod((*stepper).noteDeletion),
		tornDown:        pod((*stepper).end),
	},
	gone: {
		podTimer:        late,
		ephemeralAdded:  late,
		deleteRequested: late,
	},
}

// containerTable holds what each event of a container does in each of its
// stages; nil cannot happen.
var containerTable = [stages][containerColumns]containerCell{
	unborn: {hookDone: lateForContainer, containerTimer: lateForContainer},
	ensuring: {
		imageReady:     ctr((*stepper).imageThere),
		imageFailed:    ctr((*stepper).imageMissing),
		hookDone:       lateForContainer,
		containerTimer: lateForContainer,
	},
	imageWait: {hookDone: lateForContainer, containerTimer: ctr((*stepper).lookAtImageAgain)},
	queued:    {hookDone: lateForContainer, containerTimer: lateForContainer},
	starting: {
		started:        ctr((*stepper).startedNow),
		startFailed:    ctr((*stepper).notStarted),
		hookDone:       lateForContainer,
		containerTimer: lateForContainer,
	},
	createWait: {hookDone: lateForContainer, containerTimer: ctr((*stepper).createAgain)},
	hooking: {
		exited:         ctr((*stepper).exitedNow),
		hookDone:       ctr((*stepper).postStartDone),
		containerTimer: ctr((*stepper).postStartSlept),
	},
	running: {
		exited:         ctr((*stepper).exitedNow),
		containerTimer: lateForContainer,
	},
	preStopping: {
		exited:         ctr((*stepper).exitedNow),
		hookDone:       ctr((*stepper).preStopDone),
		containerTimer: ctr((*stepper).preStopOver),
	},
	awaitingTurn: {
		exited:         ctr((*stepper).exitedNow),
		hookDone:       ctr((*stepper).hookTooLate),
		containerTimer: ctr((*stepper).turnOver),
	},
	stopping: {
		exited:         ctr((*stepper).exitedNow),
		hookDone:       ctr((*stepper).hookTooLate),
		containerTimer: ctr((*stepper).graceOver),
	},
	killing: {
		exited:         ctr((*stepper).exitedNow),
		hookDone:       ctr((*stepper).hookTooLate),
		containerTimer: lateForContainer,
	},
	backingOff: {hookDone: lateForContainer, containerTimer: ctr((*stepper).backoffOver)},
	ended: {
		imageReady:     lateForContainer,
		imageFailed:    lateForContainer,
		hookDone:       lateForContainer,
		containerTimer: lateForContainer,
	},
}

// probeTable holds what each event of a probe does in each of its stages; nil
// cannot happen.
var probeTable = [probeStages][probeColumns]probeCell{
	probeIdle:    {probedNow: lateForProbe, probeTimer: lateForProbe},
	probeWaiting: {probeTimer: prb((*stepper).check)},
	probeRunning: {probedNow: prb((*stepper).checked), probeTimer: lateForProbe},
}
