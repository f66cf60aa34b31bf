package lifecycle

// TimerKind is what a timer is for.
type TimerKind uint8

// The timers. Those of a container exclude each other: it has at most one,
// and one more for each of its probes.
const (
	noTimer        TimerKind = iota
	TimerSandbox             // pod: try the sandbox again
	TimerGap                 // pod: the next container may have its first start
	TimerDeadline            // pod: activeDeadlineSeconds are over
	TimerImage               // container: look at its image again
	TimerCreate              // container: try again to make an instance
	TimerRestart             // container: its crash-loop back-off is over; pod: all may start again
	TimerHook                // container: a sleeping hook, or the time of preStop, is over
	TimerTurn                // container: the others had their time to stop
	TimerGrace               // container: its grace period is over
	TimerStartup             // container: check by startupProbe
	TimerLiveness            // container: check by livenessProbe
	TimerReadiness           // container: check by readinessProbe
)

// Timer names a timer of a pod. Container is empty for those of the pod.
type Timer struct {
	Kind      TimerKind
	Container string
}

var timerNames = [...]string{
	"none", "sandbox retry", "start gap", "active deadline", "image retry", "create retry", "back-off", "hook",
	"turn to stop", "grace period", "startup probe", "liveness probe", "readiness probe",
}

func (t Timer) String() string {
	if t.Container == "" {
		return timerNames[t.Kind]
	}
	return timerNames[t.Kind] + " of " + t.Container
}
