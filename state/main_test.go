package state

import (
	"fmt"
	"os"
	"testing"
)

// children are the programs that a test runs in another process: this binary,
// with the name in the environment.
var children = map[string]func() error{}

func TestMain(m *testing.M) {
	if run, ok := children[os.Getenv("STATE_TEST_CHILD")]; ok {
		if err := run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
