package lifecycle

import (
	"time"

	v1 "k8s.io/api/core/v1"
)

// role is what a container is to its pod.
type role uint8

const (
	mainRole  role = iota
	initRole       // runs to its end before the next one starts
	sidecar        // an init container with restartPolicy Always
	ephemeral      // added for debugging
)

// stage is where a container stands.
type stage uint8

const (
	unborn     stage = iota // its time to start has not come
	ensuring                // EnsureImage is under way
	imageWait               // the image failed; TimerImage is set
	queued                  // the image is there, its first turn is not
	starting                // Start is under way
	createWait              // no instance could be made; TimerCreate is set
	hooking                 // it runs, and so does its postStart
	running
	preStopping  // its preStop is under way; TimerHook is set
	awaitingTurn // others are to stop before it; TimerTurn is set
	stopping     // Stop was sent; TimerGrace is set
	killing      // Kill was sent
	backingOff   // the instance ended; TimerRestart is set
	ended        // nothing more will happen to it, unless all restart
	stages
)

var stageNames = [stages]string{
	"waiting for its time", "waiting for its image", "waiting to look for its image again",
	"waiting for its turn", "starting", "waiting to be created again", "in its postStart hook", "running",
	"in its preStop hook", "waiting for its turn to stop", "stopping", "being killed", "backing off", "ended",
}

// container is one container's part of the State.
type container struct {
	spec  *v1.Container
	role  role
	place int // in the start order; -1: it starts as soon as its image is there
	stage stage
	timer TimerKind // the one that is set
	due   time.Time // when it fires

	postStart, preStop *v1.LifecycleHandler
	probes             [probeKinds]probe

	image, imageID string    // what the next instance is made of
	now            instance  // the latest instance
	last           *instance // the one before, which nothing changes any more
	instances      int32
	known          int32     // of these, not removed
	behind         *instance // runs, but nobody sees it before its postStart is done
	turned         bool      // its first start is over
	removed        bool      // its instances were removed, to start all containers again
	failedProbe    bool      // a probe ends the instance, and the next is to follow at once
	killAt         time.Time // while it stops: when its grace is over
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

// newContainer is one to which nothing has happened. With forgo, it has neither
// hooks nor probes.
func newContainer(spec *v1.Container, r role, forgo bool) *container {
	c := &container{spec: spec, role: r, place: -1}
	if forgo || r != mainRole && r != sidecar {
		return c
	}
	if l := spec.Lifecycle; l != nil {
		c.postStart, c.preStop = l.PostStart, l.PreStop
	}
	c.probes[Startup].spec = spec.StartupProbe
	c.probes[Liveness].spec = spec.LivenessProbe
	c.probes[Readiness].spec = spec.ReadinessProbe
	return c
}

// id is that of the instance that runs, or of the latest.
func (c *container) id() string {
	if c.behind != nil {
		return c.behind.id
	}
	return c.now.id
}

// live: an instance exists, or is being made.
func (c *container) live() bool { return c.stage == starting || c.exists() }

// exists: an instance does.
func (c *container) exists() bool { return c.stage >= hooking && c.stage <= killing }

// isRunning: an instance exists, and status shows it.
func (c *container) isRunning() bool { return c.exists() && c.behind == nil }

// isStarted is the kubelet's word for running and past the startupProbe.
func (c *container) isStarted() bool {
	return c.isRunning() && (c.probes[Startup].spec == nil || c.probes[Startup].result == passed)
}

// isReady follows prober_manager.go UpdatePodStatus.
func (c *container) isReady() bool {
	switch c.role {
	case initRole:
		return c.completed()
	case mainRole, sidecar:
		return c.isStarted() && (c.probes[Readiness].spec == nil || c.probes[Readiness].result == passed)
	case ephemeral:
	}
	return false
}

// completed: an init container did its work.
func (c *container) completed() bool {
	return c.role == initRole && c.stage == ended && c.instances > 0 && !c.removed && c.succeeded()
}

// succeeded is of the latest instance, which has ended (kuberuntime/helpers.go
// isInitContainerFailed).
func (c *container) succeeded() bool { return c.now.code == 0 && c.now.reason != ReasonOOMKilled }

func (c *container) isIdle() bool    { return !c.live() }
func (c *container) mainEnded() bool { return c.role != mainRole || c.stage == ended }
func (c *container) unready() bool   { return (c.role == mainRole || c.role == sidecar) && !c.isReady() }
