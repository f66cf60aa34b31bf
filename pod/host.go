package pod

import (
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/image"
	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/lifecycle"
	"github.com/minipod/minipod/plan"
	"github.com/minipod/minipod/state"
	"github.com/minipod/minipod/volume"
)

// hideMemory keeps containers from reading this process while a child of it
// enters them.
var hideMemory = sync.OnceValue(kernel.HideMemory)

// Host is what the pods of one process share.
type Host struct {
	Dirs   state.Dirs
	Images *image.Store
}

// Settings are what the manifest does not say about a run. The zero value is a
// kubelet's behaviour.
type Settings struct {
	Lifecycle lifecycle.Config
	// Pull overrides every imagePullPolicy; empty leaves them.
	Pull v1.PullPolicy
	// EmptyDirMedium is what `medium: ""` means.
	EmptyDirMedium volume.Medium
	// ConfigMap finds a ConfigMap of the pod's namespace; nil if there is none.
	ConfigMap func(name string) *v1.ConfigMap
	// Keep leaves the ended pod's status and logs to be looked at.
	Keep bool
	// FailFast ends the pod when it cannot be brought up the first time: no
	// sandbox, no image, a container that could not be started. A kubelet
	// would try for ever, which helps nobody who waits at a terminal.
	FailFast bool
}

// Observer is told what an owner does, on the owner's goroutines; it must not
// block. Fields may be nil.
type Observer struct {
	// Status follows every publication, in order. The pod is not to be changed.
	Status func(pod *v1.Pod)
	// Event follows every event that is recorded, but for warnings that
	// repeat what FailFast ends the pod for.
	Event func(pod *v1.Pod, e state.Event)
	// Output gets each line (or part of one) that is in the log. Two streams
	// of one container may call it at once, and a slow one holds back who writes.
	Output func(container string, l state.Line)
	// Step follows every step, done or undone.
	Step func(pod *v1.Pod, v plan.Verb, s plan.Step, took time.Duration, err error)
}
