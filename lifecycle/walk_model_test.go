package lifecycle

import (
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"
)

// walked is what the model knows of one container. It is written from the
// kubelet's rules, not from the automaton.
type walked struct {
	spec *v1.Container
	role role

	ensuring, starting bool
	id, gone           string // of the living instance, and of one before it
	hooks              [2]bool
	hooksRun           [2]int // of the living instance
	hookFailed         bool
	probes             [probeKinds]modelProbe
	stops, kills       int // sent to the living instance
	instances          int

	plan             plan
	tryAt            time.Time // planned: when the next attempt is to be
	counts           bool      // and counts for the back-off
	failedTry        bool      // the last attempt came to nothing
	code             int32
	endedAt, before  time.Time // of the last instance, and of the one before it
	triedAt          time.Time // of the last attempt that the back-off counts
	attempts         int       // so many since it was fresh
	probeKilled      bool
	wasStarted, done bool      // lets the next one start
	lostTurn         bool      // its image or its first start failed
	resolvedAt       time.Time // its first start did not
}

// plan is what is to become of a container without an instance.
type plan uint8

const (
	first   plan = iota // its first start, once those before it allow
	never               // no start
	planned             // a start at tryAt
)

type modelProbe struct {
	spec     *v1.Probe
	underWay bool
	last     bool
	run      int32
	result   result
}

func newWalked(c *v1.Container, r role) *walked {
	x := &walked{spec: c, role: r}
	x.probes[Startup].spec, x.probes[Liveness].spec, x.probes[Readiness].spec = c.StartupProbe, c.LivenessProbe, c.ReadinessProbe
	return x
}

var backoffs = []time.Duration{0, 10, 20, 40, 80, 160, 300} // seconds

// waitSince is the back-off counted from an end at since.
func (x *walked) waitSince(since time.Time) time.Duration {
	if x.attempts > 0 && since.Sub(x.triedAt) > 600*time.Second {
		x.attempts = 0
	}
	return backoffs[min(x.attempts, len(backoffs)-1)] * time.Second
}

// retry plans an attempt that the back-off is to count.
func (x *walked) retry(at time.Time) {
	x.plan, x.tryAt, x.counts = planned, at, true
}

// attempt notes that an attempt is made.
func (x *walked) attempt(now time.Time) {
	if x.counts {
		x.attempts++
		x.triedAt = now
	}
	x.ensuring, x.failedTry, x.counts = true, false, false
	x.plan, x.tryAt = planned, now
}

// planAfterEnd: the last instance has ended, in a pod that goes on.
func (x *walked) planAfterEnd(pod v1.RestartPolicy) (resets bool) {
	policy := pod
	if own := x.spec.RestartPolicy; own != nil {
		policy = v1.RestartPolicy(*own)
	}
	action := x.matching()
	switch {
	case x.role == ephemeral:
		x.plan = never
	case x.probeKilled && policy != v1.RestartPolicyNever && x.planAfterProbe():
	case action == v1.ContainerRestartRuleActionRestartAllContainers:
		return true
	case x.role == initRole && x.code == 0:
		x.plan, x.done = never, true
	case action == "" && (policy == v1.RestartPolicyNever || policy == v1.RestartPolicyOnFailure && x.code == 0):
		x.plan = never
	default:
		x.retry(x.endedAt.Add(x.waitSince(x.endedAt)))
	}
	return false
}

func (x *walked) matching() v1.ContainerRestartRuleAction {
	for _, r := range x.spec.RestartPolicyRules {
		if slices.Contains(r.ExitCodes.Values, x.code) == (r.ExitCodes.Operator == in) {
			return r.Action
		}
	}
	return ""
}

// planAfterProbe is false if it is in back-off, counted from the end before.
func (x *walked) planAfterProbe() bool {
	switch {
	case x.before.IsZero():
		x.plan, x.tryAt = planned, x.endedAt
	case x.endedAt.Sub(x.before) >= x.waitSince(x.before):
		x.retry(x.endedAt)
	default:
		return false
	}
	return true
}

// end notes the end of the living instance, or of one that could not run.
func (x *walked) end(at time.Time, code int32) {
	x.gone = x.id
	x.id, x.hooks, x.stops, x.kills = "", [2]bool{}, 0, 0
	x.before, x.endedAt, x.code = x.endedAt, at, code
	for k := range x.probes {
		x.probes[k].underWay = false
	}
}

func (x *walked) begin(id string) {
	x.id, x.stops, x.kills, x.hooksRun, x.hookFailed, x.probeKilled = id, 0, 0, [2]int{}, false, false
	x.instances++
	for k := range x.probes {
		p := &x.probes[k]
		p.run, p.result = 0, unknown
	}
}

// reset: it is to start as if it never had.
func (x *walked) reset() {
	x.plan, x.failedTry, x.wasStarted, x.done, x.resolvedAt = first, false, false, false, time.Time{}
	x.endedAt, x.counts, x.lostTurn = time.Time{}, false, false
}

// count takes the outcome of a check and says whether the probe has failed.
func (p *modelProbe) count(o Outcome) (failedNow bool) {
	p.underWay = false
	if o == ProbeError {
		return false
	}
	success := o != ProbeFailure
	if success != p.last {
		p.run = 0
	}
	p.last, p.run = success, p.run+1
	switch {
	case success && p.run >= p.spec.SuccessThreshold:
		p.result = passed
	case !success && p.run >= p.spec.FailureThreshold:
		p.result = failed
		return true
	}
	return false
}

// resolve: its first start is over.
func (x *walked) resolve(now time.Time) {
	if x.resolvedAt.IsZero() {
		x.resolvedAt = now
	}
}

// hooked: it has a postStart that takes time.
func (x *walked) hooked() bool {
	l := x.spec.Lifecycle
	return l != nil && l.PostStart != nil && (l.PostStart.Sleep == nil || l.PostStart.Sleep.Seconds > 0)
}

func (x *walked) started() bool {
	return x.probes[Startup].spec == nil || x.probes[Startup].result == passed
}

func (x *walked) lives() bool { return x.id != "" || x.starting }

// allows: the next init container may have its first start.
func (x *walked) allows() bool {
	if x.role == sidecar {
		return x.wasStarted
	}
	return x.done
}
