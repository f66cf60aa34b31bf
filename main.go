// Command minipod runs the pods of Kubernetes manifests on one Linux machine.
package main

import (
	"os"

	"github.com/minipod/minipod/cli"
)

func main() {
	os.Exit(cli.Main(os.Args, cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
