package cli

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

func (a *app) versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version of minipod, and whose rules it follows",
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usage(errors.New("version takes no arguments"))
			}
			a.printVersion()
			return nil
		},
	}
}

func (a *app) printVersion() {
	fmt.Fprintf(a.Out, "minipod %s\n", Version)
	fmt.Fprintf(a.Out, "  rules:   Kubernetes %s\n", kubernetesVersion())
	fmt.Fprintf(a.Out, "  built:   %s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// kubernetesVersion is the version of the module whose defaults and validation
// are built in.
func kubernetesVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "k8s.io/kubernetes" {
				return m.Version
			}
		}
	}
	return "(unknown)"
}
