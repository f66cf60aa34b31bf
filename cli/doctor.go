package cli

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/state"
)

func (a *app) doctorCommand() *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "tell what this kernel and host offer, and what to do about what is missing",
		Description: "Each thing is tried, not guessed from a version. The exit code is 1 if something is missing that " +
			"run needs.",
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usage(errors.New("doctor takes no arguments"))
			}
			d, err := dirsOf(c)
			if err != nil {
				return err
			}
			return a.doctor(d)
		},
	}
}

// check is one line of doctor's answer.
type check struct {
	name string
	try  func() (detail string, err error)
	// lack is what does not work without it, and cure what to do. Without
	// lack, no pod can run.
	lack, cure string
	// decides ends the examination if it fails: nothing after it would
	// tell more than that.
	decides bool
}

func (a *app) doctor(d state.Dirs) error {
	release, err := kernel.Release()
	if err != nil {
		return err
	}
	fmt.Fprintf(a.Out, "kernel: Linux %s\n", release)
	if err := a.examine(checks(d)); err != nil {
		return err
	}
	fmt.Fprintln(a.Out, "everything that `minipod run` needs is here")
	return nil
}

// examine tries everything, and says of each how it went.
func (a *app) examine(checks []check) error {
	missing := 0
	for _, c := range checks {
		detail, err := c.try()
		switch {
		case err == nil && detail == "":
			fmt.Fprintf(a.Out, "ok       %s\n", c.name)
		case err == nil:
			fmt.Fprintf(a.Out, "ok       %s: %s\n", c.name, detail)
		default:
			fmt.Fprintf(a.Out, "missing  %s: %v\n", c.name, err)
			lack := c.lack
			if lack == "" {
				lack = "without it no pod can run"
				missing++
			}
			fmt.Fprintf(a.Out, "         %s; %s\n", lack, c.cure)
			if c.decides {
				return errors.New("`minipod run` cannot work here; what else there is cannot be told without that")
			}
		}
	}
	if missing > 0 {
		return fmt.Errorf("%d of the things that `minipod run` needs are missing", missing)
	}
	return nil
}
