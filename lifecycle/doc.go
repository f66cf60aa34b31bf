// Package lifecycle decides what happens to a pod and when: when each
// container of whatever kind starts, when its hooks run and its probes look,
// whether and after what back-off it starts again, how the pod ends, and what
// its status says meanwhile.
//
// It is a pure automaton. [Step] takes a [State] and an [Event] and returns
// the next State and the [Action]s to carry out; [Status] renders a State as
// the kubelet would. There is no clock in here (every event says when it
// happened), no input or output, and no goroutine: package pod owns the one
// State of a pod, feeds it events and carries out what it answers.
//
// Every pair of state and event is written out, in the tables of table.go: for
// the pod, for a container, and for each probe of one.
// A pair that cannot happen is answered with a [Bug] and leaves the State as it
// was: the containers of a pod should not lose their owner because of a
// mistake in the bookkeeping, and a caller that prints the Bug is loud enough.
//
// The numbers, reasons and messages are those of the kubelet v1.37, whose files
// are named where they are followed.
package lifecycle
