//go:build !minipod_fault

package plan

// The points at which a build with the tag minipod_fault can be made to fail.
const (
	before = iota
	after
	beforeUndo
	afterUndo
)

func inject(int) error { return nil }
