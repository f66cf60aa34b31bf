package lifecycle

import (
	"slices"
	"time"
)

func (n *stepper) begin(Begin) {
	n.began = n.now
	n.createSandbox()
}

func (n *stepper) createSandbox() {
	n.stage = creating
	n.do(CreateSandbox{})
}

// sandboxThere asks for all images at once: pulls may overlap, starts follow
// their order.
func (n *stepper) sandboxThere(e SandboxReady) {
	n.stage, n.hadSandbox = up, true
	n.podIPs, n.hostIPs = slices.Clone(e.PodIPs), slices.Clone(e.HostIPs)
	for _, i := range n.order {
		n.ensure(&n.containers[i])
	}
}

// sandboxMissing tries again for ever, every sync period, as a kubelet does.
func (n *stepper) sandboxMissing(e SandboxFailed) {
	n.warning(nil, ReasonSandboxFailed, "Failed to create pod sandbox: "+e.Message)
	n.stage = retrying
	n.retryAt = n.now.Add(n.scaled(syncPeriod))
	n.do(SetTimer{Timer{Kind: TimerSandbox}, n.retryAt})
}

func (n *stepper) retrySandbox(e TimerFired) {
	if e.Timer.Kind == TimerSandbox && !n.now.Before(n.retryAt) {
		n.createSandbox()
	}
}

// sandboxTooLate: the pod was deleted meanwhile; finish tears down what came.
func (n *stepper) sandboxTooLate(e SandboxReady) {
	n.stage, n.hadSandbox = ending, true
	n.podIPs, n.hostIPs = slices.Clone(e.PodIPs), slices.Clone(e.HostIPs)
}

// sandboxGivenUp records nothing: for a kubelet, too, a sandbox that fails
// after the deletion is no error (kuberuntime_manager.go SyncPod).
func (n *stepper) sandboxGivenUp(SandboxFailed) { n.stage = ending }

func (n *stepper) gapOver(e TimerFired) {
	if e.Timer.Kind == TimerGap && !n.now.Before(n.gapUntil) {
		n.gapUntil = time.Time{}
	}
}
