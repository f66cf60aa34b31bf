package cli

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"
	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/lifecycle"
	"github.com/minipod/minipod/manifest"
	"github.com/minipod/minipod/volume"
)

func (a *app) validateCommand() *cli.Command {
	return &cli.Command{
		Name:      "validate",
		Usage:     "tell what run would reject or ignore in manifests",
		ArgsUsage: "FILE|DIRECTORY|-…",
		Description: "Every finding has its file and line; the rules are those of a Kubernetes API server. Nothing is " +
			"started, and root is not needed. The exit code is 1 if something would be rejected.",
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return usage(errors.New("validate needs a manifest: a file, a directory, or - for standard input"))
			}
			return a.validate(c)
		},
	}
}

// errRejected ends validate when the findings, printed before, have said why.
var errRejected = &exitError{code: exitFailed}

func (a *app) validate(c *cli.Context) error {
	set, err := a.load(c, c.Args().Slice())
	var invalid *manifest.Invalid
	if errors.As(err, &invalid) {
		a.printFindings("warning: ", invalid.Warnings)
		a.printFindings("error: ", invalid.Findings)
		return errRejected
	}
	if err != nil {
		return err
	}
	a.printFindings("warning: ", set.Warnings)
	rejected := false
	for _, p := range set.Pods {
		if err := buildable(set, p); err != nil {
			rejected = true
			a.printFindings("error: ", []manifest.Finding{set.Finding(p, "", fmt.Sprintf("pod %s: %v", p.Name, err))})
		}
	}
	if rejected {
		return errRejected
	}
	a.printAccepted(set)
	return nil
}

// printFindings prints to standard output: here they are what was asked for.
func (a *app) printFindings(label string, findings []manifest.Finding) {
	for _, f := range findings {
		fmt.Fprintf(a.Out, "%s%s\n", label, f)
		if f.Hint != "" {
			fmt.Fprintf(a.Out, "       %s\n", f.Hint)
		}
	}
}

// buildable asks the rooms that build a pod, without doing anything.
func buildable(set *manifest.Set, p *v1.Pod) error {
	_, lerr := lifecycle.New(p, lifecycle.Config{})
	_, verr := volume.FromPod(p, volume.Options{ConfigMap: configMapsOf(set, p)})
	return errors.Join(lerr, verr)
}

func (a *app) printAccepted(set *manifest.Set) {
	for _, m := range set.ConfigMaps {
		fmt.Fprintf(a.Out, "configmap/%s is valid\n", m.Name)
	}
	for _, s := range set.Secrets {
		fmt.Fprintf(a.Out, "secret/%s is valid\n", s.Name)
	}
	for _, p := range set.Pods {
		fmt.Fprintf(a.Out, "pod/%s is valid\n", p.Name)
	}
	if len(set.Pods) == 0 {
		fmt.Fprintln(a.Out, "warning: there is no Pod in it, which run would reject")
	}
}
