package lifecycle

// HookKind is one of the two moments at which a container's lifecycle hooks run.
type HookKind uint8

// The hooks of a container (v1.Lifecycle).
const (
	PostStart HookKind = iota
	PreStop
)

func (k HookKind) String() string { return [...]string{"PostStart", "PreStop"}[k] }
