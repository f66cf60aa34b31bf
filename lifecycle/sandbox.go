package lifecycle

import (
	"slices"
	"time"
)

func (n *stepper) begin(Begin) {
	n.began = n.now
	n.createSandbox()
	n.watchDeadline()
}

func (n *stepper) createSandbox() {
	n.stage = creating
	n.do(CreateSandbox{})
}

// sandboxThere lets the containers for debugging go first, as a kubelet does:
// initialize and takeTurns see to the others.
func (n *stepper) sandboxThere(e SandboxReady) {
	n.stage, n.hadSandbox = up, true
	n.podIPs, n.hostIPs = slices.Clone(e.PodIPs), slices.Clone(e.HostIPs)
	for i, c := range n.containers {
		if c.role == ephemeral {
			n.ensure(n.own(i))
		}
	}
}

// sandboxMissing tries again for ever, every sync period, as a kubelet does.
func (n *stepper) sandboxMissing(e SandboxFailed) {
	n.warning(nil, ReasonSandboxFailed, "Failed to create pod sandbox: "+e.Message)
	n.stage = retrying
	n.armPod(TimerSandbox, &n.due.sandbox, n.now.Add(n.scaled(syncPeriod)))
}

// sandboxTooLate: the pod is to end; finish tears down what came.
func (n *stepper) sandboxTooLate(e SandboxReady) {
	n.stage, n.hadSandbox = ending, true
	n.podIPs, n.hostIPs = slices.Clone(e.PodIPs), slices.Clone(e.HostIPs)
}

// sandboxGivenUp records nothing: for a kubelet, too, a sandbox that fails
// after the deletion is no error (kuberuntime_manager.go SyncPod).
func (n *stepper) sandboxGivenUp(SandboxFailed) { n.stage = ending }

// armPod sets a timer of the pod, and due to when it fires.
func (n *stepper) armPod(kind TimerKind, due *time.Time, at time.Time) {
	*due = at
	n.do(SetTimer{Timer{Kind: kind}, at})
}

func (n *stepper) disarmPod(kind TimerKind, due *time.Time) {
	if !due.IsZero() {
		n.do(StopTimer{Timer{Kind: kind}})
		*due = time.Time{}
	}
}

// podTimerOver obeys a timer of the pod, unless it was stopped or set anew
// while it was on its way.
func (n *stepper) podTimerOver(e TimerFired) {
	over := func(due *time.Time) bool {
		if due.IsZero() || n.now.Before(*due) {
			return false
		}
		*due = time.Time{}
		return true
	}
	switch e.Timer.Kind {
	case TimerSandbox:
		if over(&n.due.sandbox) {
			n.createSandbox()
		}
	case TimerDeadline:
		if over(&n.due.deadline) {
			n.deadlineOver()
		}
	case TimerGap:
		over(&n.due.gap) // takeTurns goes on
	case TimerRestart:
		over(&n.due.reset) // goOnWithReset does
	default: // no timer of a pod
	}
}
