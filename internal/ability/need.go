package ability

import (
	"sync"
	"testing"
)

// Ability is one thing that a machine can or cannot do.
type Ability struct {
	// Name stands in the table of skips: one lower-case word.
	Name string
	try  func() error
	once sync.Once
	err  error
}

// Err tries the ability, once in a process, and returns why it is missing.
func (a *Ability) Err() error {
	a.once.Do(func() { a.err = a.try() })
	return a.err
}

// SkipPrefix starts the message of every skip; the ability's name, a colon
// and the cause follow. internal/testtable looks for it.
const SkipPrefix = "ability missing: "

// Need skips the test if one of the abilities is missing.
func Need(t testing.TB, abilities ...*Ability) {
	t.Helper()
	for _, a := range abilities {
		if err := a.Err(); err != nil {
			t.Skipf("%s%s: %v", SkipPrefix, a.Name, err)
		}
	}
}

func named(name string, try func() error) *Ability { return &Ability{Name: name, try: try} }
