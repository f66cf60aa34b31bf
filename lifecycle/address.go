package lifecycle

// address is to whom an event is: to the pod, to a container, or to a probe of
// one, and its column in their table.
type address struct {
	ofPod     bool
	container string
	ofProbe   bool
	kind      ProbeKind
	column    column
	instance  string // empty: to no certain instance
}

// addressOf finds the address of an event of a container or probe; that of the
// pod otherwise.
func addressOf(e Event) address {
	switch e := e.(type) {
	case ImageReady:
		return address{container: e.Container, column: imageReady}
	case ImageFailed:
		return address{container: e.Container, column: imageFailed}
	case Started:
		return address{container: e.Container, column: started}
	case StartFailed:
		return address{container: e.Container, column: startFailed}
	case Exited:
		return address{container: e.Container, column: exited, instance: e.ID}
	case HookDone:
		return address{container: e.Container, column: hookDone, instance: e.ID}
	case Probed:
		return address{container: e.Container, ofProbe: true, kind: e.Kind, column: probedNow, instance: e.ID}
	case TimerFired:
		return addressOfTimer(e.Timer)
	default:
		return address{ofPod: true, column: podColumnOf(e)}
	}
}

func addressOfTimer(t Timer) address {
	a := address{container: t.Container, column: containerTimer}
	switch k, ofProbe := probeOf(t.Kind); {
	case t.Container == "":
		a.ofPod, a.column = true, podTimer
	case ofProbe:
		a.ofProbe, a.kind, a.column = true, k, probeTimer
	}
	return a
}

// podColumnOf finds the column in podTable of an event of the pod.
func podColumnOf(e Event) column {
	switch e.(type) {
	case Begin:
		return begin
	case SandboxReady:
		return sandboxReady
	case SandboxFailed:
		return sandboxFailed
	case EphemeralAdded:
		return ephemeralAdded
	case DeleteRequested:
		return deleteRequested
	case TornDown:
		return tornDown
	default:
		return podTimer
	}
}
