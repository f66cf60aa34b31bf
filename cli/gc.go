package cli

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/minipod/minipod/pod"
)

func (a *app) gcCommand() *cli.Command {
	return &cli.Command{
		Name:  "gc",
		Usage: "undo what no living owner claims",
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usage(errors.New("gc takes no arguments"))
			}
			h, err := a.host(c)
			if err != nil {
				return err
			}
			gone, err := pod.Collect(h)
			for _, name := range gone {
				fmt.Fprintf(a.Out, "%s removed\n", name)
			}
			return err
		},
	}
}
