package lifecycle

import "time"

// What a kubelet says of a pod that ran for too long (active_deadline.go).
const deadlineMessage = "Pod was active on the node longer than the specified deadline"

// watchDeadline: activeDeadlineSeconds count from status.startTime.
func (n *stepper) watchDeadline() {
	if s := n.pod.Spec.ActiveDeadlineSeconds; s != nil {
		const century = 100 * 365 * 24 * 3600 // more would overflow
		d := n.scaled(time.Duration(min(*s, century)) * time.Second)
		n.armPod(TimerDeadline, &n.due.deadline, n.began.Add(d))
	}
}

// deadlineOver fails the pod, whatever its containers do, and ends it with its
// own grace.
func (n *stepper) deadlineOver() {
	n.failure = failure{ReasonDeadlineExceeded, deadlineMessage}
	n.normal(nil, ReasonDeadlineExceeded, deadlineMessage)
	n.setLimit(n.grace)
	n.close()
}
