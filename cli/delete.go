package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/pod"
	"github.com/minipod/minipod/state"
)

func (a *app) deleteCommand() *cli.Command {
	return &cli.Command{
		Name:      "delete",
		Aliases:   []string{"stop"},
		Usage:     "end pods in order and remove them",
		ArgsUsage: "pod NAME… | -f FILE",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "filename", Aliases: []string{"f"}, Usage: "the pods of this manifest `FILE`"},
			&cli.Int64Flag{Name: "grace-period", Value: -1, Usage: "seconds `N` instead of the pod's own; 0 needs --force"},
			&cli.BoolFlag{Name: "now", Usage: "the same as --grace-period=1"},
			&cli.BoolFlag{Name: "force", Usage: "with --grace-period=0: kill at once"},
		},
		Action: func(c *cli.Context) error {
			names, err := a.podsMeant(c)
			if err != nil {
				return err
			}
			d, err := deletionOf(c)
			if err != nil {
				return usage(err)
			}
			h, err := a.host(c)
			if err != nil {
				return err
			}
			return a.delete(c.Context, h, names, d)
		},
	}
}

type podName struct{ namespace, name string }

// podsMeant reads `pod NAME…`, `pod/NAME…`, `NAME…` or -f FILE.
func (a *app) podsMeant(c *cli.Context) ([]podName, error) {
	var names []podName
	if files := c.StringSlice("filename"); len(files) > 0 {
		set, err := a.load(c, files)
		if err != nil {
			return nil, err
		}
		for _, p := range set.Pods {
			names = append(names, podName{p.Namespace, p.Name})
		}
		return names, nil
	}
	args := c.Args().Slice()
	if len(args) > 1 && isPodWord(args[0]) {
		args = args[1:]
	}
	for _, arg := range args {
		kind, name, ok := strings.Cut(arg, "/")
		if ok && !isPodWord(kind) {
			return nil, usage(fmt.Errorf("minipod has no resource type %q", kind))
		}
		if !ok {
			name = arg
		}
		names = append(names, podName{c.String("namespace"), name})
	}
	if len(names) == 0 {
		return nil, usage(errors.New("which pods? minipod delete pod NAME, or -f FILE"))
	}
	return names, nil
}

func isPodWord(s string) bool { return s == "pod" || s == "pods" || s == "po" }

// deletionOf reads the grace as kubectl delete does (k8s.io/kubectl/pkg/cmd/delete).
func deletionOf(c *cli.Context) (state.Deletion, error) {
	d := state.Deletion{At: time.Now(), Force: c.Bool("force")}
	grace := c.Int64("grace-period")
	switch {
	case c.Bool("now") && c.IsSet("grace-period"):
		return d, errors.New("--now and --grace-period cannot be specified together")
	case c.Bool("now"):
		grace = 1
	case grace == 0 && !d.Force:
		return d, errors.New("--grace-period=0 kills without asking: it needs --force")
	case d.Force && !c.IsSet("grace-period"):
		grace = 0
	case d.Force && grace > 0:
		return d, errors.New("--force and --grace-period greater than 0 cannot be specified together")
	}
	if grace >= 0 {
		d.GracePeriodSeconds = &grace
	}
	return d, nil
}

func (a *app) delete(ctx context.Context, h *pod.Host, names []podName, d state.Deletion) error {
	type result struct {
		podName
		err error
	}
	results := make(chan result)
	for _, n := range names { // together, so that their graces do not add up
		go func() { results <- result{n, pod.Delete(ctx, h, n.namespace, n.name, d)} }()
	}
	var errs []error
	for range names {
		r := <-results
		switch {
		case errors.Is(r.err, state.ErrNotFound):
			errs = append(errs, fmt.Errorf("pods %q not found", r.name))
		case r.err != nil:
			errs = append(errs, r.err)
		case d.Force:
			fmt.Fprintf(a.Out, "pod %q force deleted from %s namespace\n", r.name, r.namespace)
		default:
			fmt.Fprintf(a.Out, "pod %q deleted from %s namespace\n", r.name, r.namespace)
		}
	}
	return errors.Join(errs...)
}

// deleteIfThere ends a pod of the same name.
func deleteIfThere(ctx context.Context, h *pod.Host, p *v1.Pod) error {
	err := pod.Delete(ctx, h, p.Namespace, p.Name, state.Deletion{At: time.Now()})
	if errors.Is(err, state.ErrNotFound) {
		return nil
	}
	return err
}
