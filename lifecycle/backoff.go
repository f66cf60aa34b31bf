package lifecycle

import "time"

// The kubelet's constants (pkg/kubelet/kubelet.go).
const (
	initialBackoff = 10 * time.Second
	maximumBackoff = 300 * time.Second
	// stableAfter: who ran this long since the last attempt starts afresh.
	stableAfter = 600 * time.Second
	// syncPeriod is the time until a kubelet looks again at a pod whose last
	// sync failed. Its jitter is left out.
	syncPeriod = 10 * time.Second
	// leastGrace is what the stop signal has at least before SIGKILL
	// (kuberuntime_container.go minimumGracePeriodInSeconds).
	leastGrace = 2 * time.Second
)

// backoff is one entry of client-go/util/flowcontrol/backoff.go: the delay that
// holds now, and when it was last raised. The zero value is no entry.
type backoff struct {
	delay time.Duration
	last  time.Time
}

// pace is how a back-off grows, in the time of this pod.
type pace struct{ initial, maximum, stable time.Duration }

func (p pace) fresh(b backoff, since time.Time) bool {
	return b.delay == 0 || since.Sub(b.last) > p.stable
}

// wait is how long after `since` the next attempt has to wait.
func (p pace) wait(b backoff, since time.Time) time.Duration {
	if p.fresh(b, since) {
		return 0
	}
	return b.delay
}

// next is the entry after an attempt at now, made because of what happened at
// since.
func (p pace) next(b backoff, since, now time.Time) backoff {
	if p.fresh(b, since) {
		return backoff{p.initial, now}
	}
	return backoff{min(2*b.delay, p.maximum), now}
}
