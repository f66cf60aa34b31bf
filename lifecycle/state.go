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
	containers []container // in the order of the spec
	turn       int         // place in the start order that is up
	gapUntil   time.Time   // no first start before; zero when no gap is on
	retryAt    time.Time   // when the sandbox is tried again

	began           time.Time
	hadSandbox      bool
	podIPs, hostIPs []string
	deletion        deletion
	conditions      [conditionCount]transition
}

// terms are what never changes in a pod's life; all its States share them.
type terms struct {
	pod   *v1.Pod
	order []int // indexes of containers, first to start first
	gap   time.Duration
	grace int64 // seconds
	scale float64
	crash pace
	pull  pace
	qos   v1.PodQOSClass
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
	asked  bool
	at     time.Time
	grace  int64 // seconds
	killAt time.Time
}

// podStage is where the pod as a whole stands. The order matters: stages only
// grow, but for creating and retrying, which alternate.
type podStage uint8

const (
	fresh      podStage = iota // nothing has happened
	creating                   // CreateSandbox is under way
	retrying                   // the sandbox failed; TimerSandbox is set
	up                         // containers live
	cancelling                 // deleted, CreateSandbox still under way
	ending                     // deleted, instances may still live
	tearing                    // TearDown is under way
	gone                       // all is over
	podStages
)

var podStageNames = [podStages]string{
	"not begun", "creating its sandbox", "waiting to create its sandbox again", "up",
	"deleted before its sandbox was there", "ending", "being torn down", "gone",
}

// stage is where a container stands.
type stage uint8

const (
	unborn     stage = iota // the sandbox is not there yet
	ensuring                // EnsureImage is under way
	imageWait               // the image failed; TimerImage is set
	queued                  // the image is there, its first turn is not
	starting                // Start is under way
	createWait              // no instance could be made; TimerCreate is set
	running
	stopping   // Stop was sent; TimerGrace is set
	killing    // Kill was sent
	backingOff // the instance ended; TimerRestart is set
	ended      // nothing more will happen to it
	stages
)

var stageNames = [stages]string{
	"waiting for the sandbox", "waiting for its image", "waiting to look for its image again",
	"waiting for its turn", "starting", "waiting to be created again", "running", "stopping",
	"being killed", "backing off", "ended",
}

// container is one container's part of the State.
type container struct {
	spec  *v1.Container
	place int // in the start order
	stage stage
	timer TimerKind // the one that is set
	due   time.Time // when it fires

	image, imageID string   // what the next instance is made of
	now, last      instance // the latest instance and the one before
	instances      int32
	crash, pull    backoff
	pullError      string // why the last pull failed

	// The reason why there is no running instance, where it is known. Without
	// one, the end of the latest instance is shown instead.
	reason, message string
}

// instance is one run of a container.
type instance struct {
	id              string
	image, imageID  string
	started, ended  time.Time
	code            int32
	reason, message string
}

// live: an instance exists, or is being made.
func (c *container) live() bool {
	return c.stage == starting || c.isRunning()
}

func (c *container) isRunning() bool {
	return c.stage == running || c.stage == stopping || c.stage == killing
}

func (c *container) isIdle() bool   { return !c.live() }
func (c *container) hasEnded() bool { return c.stage == ended }

func (s *State) all(is func(*container) bool) bool {
	for i := range s.containers {
		if !is(&s.containers[i]) {
			return false
		}
	}
	return true
}

// Done says that the pod was torn down: no event changes it any more.
func (s State) Done() bool { return s.stage == gone }

// Deletion is when the pod was asked to end and with what grace, in seconds;
// ok is false if it was not. The API server's deletionTimestamp is the sum of
// the two.
func (s State) Deletion() (at time.Time, graceSeconds int64, ok bool) {
	return s.deletion.at, s.deletion.grace, s.deletion.asked
}
