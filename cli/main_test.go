package cli_test

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/minipod/minipod/cli"
)

// TestMain lets the test binary be the program: under the name minipod it runs
// the command line, so that scripts test what is compiled here and now, also
// on a machine without a Go toolchain.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"minipod": func() {
			os.Exit(cli.Main(os.Args, cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
		},
		"crippled": crippled,
	})
}
