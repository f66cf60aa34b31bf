package lifecycle

// ProbeKind is what a probe is to find out.
type ProbeKind uint8

// The probes of a container.
const (
	Startup ProbeKind = iota
	Liveness
	Readiness
	probeKinds
)

// String is the kind as messages of a kubelet begin (prober/prober_manager.go).
func (k ProbeKind) String() string { return [...]string{"Startup", "Liveness", "Readiness"}[k] }

// Outcome is what one check came to (pkg/probe/probe.go).
type Outcome uint8

// The outcomes of a check.
const (
	// ProbeFailure: the container does not answer as it should.
	ProbeFailure Outcome = iota
	// ProbeSuccess: it does.
	ProbeSuccess
	// ProbeWarning counts as success and is told: a redirect to another host.
	ProbeWarning
	// ProbeError: the check could not be made, and says nothing of the
	// container (a port without a number, an exec that could not be begun).
	ProbeError
)
