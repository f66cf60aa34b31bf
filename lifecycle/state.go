package lifecycle

import (
	"time"

	v1 "k8s.io/api/core/v1"
)

// State is all that the automaton knows of a pod. It is a value: Step does not
// change the one it is given. Make it with New.
type State struct {
	*terms
	stage      podStage
	containers []*container // init containers, main ones, ephemeral ones, each as in the spec
	initDone   int          // so many init containers let the next one start
	mainsBegun bool         // all of them do
	turn       int          // place in the start order that is up
	resetFrom  time.Time    // not before, all containers start again
	due        podTimers

	began           time.Time
	hadSandbox      bool
	podIPs, hostIPs []string
	deletion        deletion
	limit           limit
	failure         failure
	final           v1.PodPhase // once it is Succeeded or Failed it stays so
	conditions      [conditionCount]transition
}

// podTimers are when the timers of the pod fire; zero when one is not set.
type podTimers struct {
	sandbox  time.Time // the sandbox is tried again
	gap      time.Time // the next first start
	deadline time.Time // the end of activeDeadlineSeconds
	reset    time.Time // all containers start again
}

// terms are what never changes in a pod's life; all its States share them.
type terms struct {
	pod   *v1.Pod
	inits int   // so many of the containers are init containers
	order []int // indexes of the main containers, first to start first
	gap   time.Duration
	grace int64 // seconds
	scale float64
	crash pace
	pull  pace
	qos   v1.PodQOSClass
	// resets: a rule may start all containers again.
	resets bool
}

// scaled is a time of Kubernetes in the time of this pod.
func (t *terms) scaled(d time.Duration) time.Duration {
	if t.scale == 1 {
		return d
	}
	return time.Duration(float64(d) / t.scale)
}

// deletion is the request to end the pod, as shortened by later ones.
type deletion struct {
	asked bool
	at    time.Time
	grace int64 // seconds
}

// limit is how long the containers of a pod that is ending have.
type limit struct {
	on     bool
	grace  int64 // seconds
	killAt time.Time
}

// failure is why the pod as a whole has failed, whatever its containers do.
type failure struct{ reason, message string }

// podStage is where the pod as a whole stands. The order matters: stages only
// grow, but for creating and retrying, and up and resetting, which alternate.
type podStage uint8

const (
	fresh      podStage = iota // nothing has happened
	creating                   // CreateSandbox is under way
	retrying                   // the sandbox failed; TimerSandbox is set
	up                         // containers live
	resetting                  // RestartAllContainers: none starts until all are removed
	cancelling                 // to end, CreateSandbox still under way
	ending                     // to end, instances may still live
	tearing                    // TearDown is under way
	gone                       // all is over
	podStages
)

var podStageNames = [podStages]string{
	"not begun", "creating its sandbox", "waiting to create its sandbox again", "up",
	"restarting all containers", "ending before its sandbox was there", "ending", "being torn down", "gone",
}

func (s *State) all(is func(*container) bool) bool {
	for _, c := range s.containers {
		if !is(c) {
			return false
		}
	}
	return true
}

func (s *State) any(is func(*container) bool) bool {
	for _, c := range s.containers {
		if is(c) {
			return true
		}
	}
	return false
}

// Done says that the pod was torn down: no event changes it any more.
func (s State) Done() bool { return s.stage == gone }

// Deletion is when the pod was asked to end and with what grace, in seconds;
// ok is false if it was not. The API server's deletionTimestamp is the sum of
// the two.
func (s State) Deletion() (at time.Time, graceSeconds int64, ok bool) {
	return s.deletion.at, s.deletion.grace, s.deletion.asked
}
