package lifecycle

import "slices"

// SameStatus says that two States of one pod have the same Status and Deletion:
// most checks of most probes change nothing that anybody can see, and need not be
// published. It costs far less than rendering. Where it is in doubt, it says no.
func SameStatus(a, b State) bool {
	return a.stage == b.stage && a.began.Equal(b.began) && a.phase() == b.phase() &&
		a.failure == b.failure && a.deletion == b.deletion && a.conditions == b.conditions &&
		slices.Equal(a.podIPs, b.podIPs) && slices.Equal(a.hostIPs, b.hostIPs) &&
		slices.EqualFunc(a.containers, b.containers, looksLike)
}

// looksLike: nothing that status shows of a container differs. One that did not
// change at all is the same one in both States.
func looksLike(a, b *container) bool {
	return a == b || a.instances == b.instances && a.removed == b.removed && a.view() == b.view() &&
		a.now == b.now && a.reason == b.reason && a.message == b.message &&
		a.isStarted() == b.isStarted() && a.isReady() == b.isReady()
}
