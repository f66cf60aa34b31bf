package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/state"
)

// logsOptions is what the flags of `logs` say.
type logsOptions struct {
	namespace, pod, container string
	all                       bool
	timestamps, prefix        bool
	read                      state.LogOptions
}

func (a *app) logsCommand() *cli.Command {
	return &cli.Command{
		Name:      "logs",
		Usage:     "print what the containers of a pod have written",
		ArgsUsage: "POD [-c CONTAINER]",
		Description: "Without -c, a pod's first container is meant. -f goes on over restarts of the container, until the " +
			"pod has ended. Rotated files are read too.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "container", Aliases: []string{"c"}, Usage: "`NAME` of the container"},
			&cli.BoolFlag{Name: "all-containers", Usage: "every container of the pod"},
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "go on with what is written from now on"},
			&cli.BoolFlag{Name: "previous", Aliases: []string{"p"}, Usage: "of the container's instance before the last restart"},
			&cli.Int64Flag{Name: "tail", Value: -1, Usage: "only the last `N` lines; -1 is all"},
			&cli.DurationFlag{Name: "since", Usage: "only lines not older than `D`, as in 5m"},
			&cli.StringFlag{Name: "since-time", Usage: "only lines not older than `TIME`, in RFC 3339"},
			&cli.BoolFlag{Name: "timestamps", Usage: "begin each line with the time when it was written"},
			&cli.BoolFlag{Name: "prefix", Usage: "begin each line with its pod and container"},
		},
		Action: func(c *cli.Context) error {
			o, err := readLogsOptions(c, time.Now())
			if err != nil {
				return usage(err)
			}
			d, err := dirsOf(c)
			if err != nil {
				return err
			}
			return a.logs(c.Context, d, o)
		},
	}
}

func readLogsOptions(c *cli.Context, now time.Time) (logsOptions, error) {
	o := logsOptions{
		namespace: c.String("namespace"), container: c.String("container"), all: c.Bool("all-containers"),
		timestamps: c.Bool("timestamps"), prefix: c.Bool("prefix"),
		read: state.LogOptions{Previous: c.Bool("previous"), Follow: c.Bool("follow")},
	}
	args := c.Args().Slice()
	if len(args) == 2 && o.container == "" { // as kubectl takes it
		o.container, args = args[1], args[:1]
	}
	if len(args) != 1 {
		return o, errors.New("logs of which pod? minipod logs POD [-c CONTAINER]")
	}
	names, err := podArgs(args)
	if err != nil {
		return o, err
	}
	o.pod = names[0]
	tail := c.Int64("tail")
	switch {
	case o.all && o.container != "":
		return o, errors.New("--all-containers and a container's name cannot be given together")
	case o.read.Follow && o.read.Previous:
		return o, errors.New("only one of --follow and --previous can be given: what has ended writes no more")
	case tail < -1:
		return o, fmt.Errorf("--tail takes a number of lines, or -1 for all, not %d", tail)
	case tail >= 0:
		o.read.Tail = &tail
	}
	o.read.Since, err = sinceOf(c, now)
	return o, err
}

func sinceOf(c *cli.Context, now time.Time) (time.Time, error) {
	text := c.String("since-time")
	d := c.Duration("since")
	switch {
	case text != "" && c.IsSet("since"):
		return time.Time{}, errors.New("only one of --since and --since-time can be given")
	case text != "":
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return time.Time{}, fmt.Errorf("--since-time takes a time like 2026-01-02T15:04:05Z, not %s", strconv.Quote(text))
		}
		return at, nil
	case d < 0:
		return time.Time{}, fmt.Errorf("--since takes how long ago, as in 5m, not %s", d)
	case d > 0:
		return now.Add(-d), nil
	}
	return time.Time{}, nil
}

// logs prints the logs of the containers that are meant: one after another, or
// all at once while following.
func (a *app) logs(ctx context.Context, d state.Dirs, o logsOptions) error {
	found, err := look{namespace: o.namespace, names: []string{o.pod}}.find(d)
	if err != nil {
		return err
	}
	seen := found[0]
	containers, err := a.containersMeant(seen.Pod, &o)
	if err != nil {
		return err
	}
	defer a.noteOrphans(found, map[string]bool{})
	out := &logPrinter{out: a.Out, options: &o, several: len(containers) > 1}
	if o.read.Follow {
		return a.followLogs(ctx, d, seen.Pod, containers, o, out)
	}
	for _, name := range containers {
		dir := d.ContainerLogDir(seen.Pod.Namespace, seen.Pod.Name, string(seen.Pod.UID), name)
		s := out.source(seen.Pod, name)
		err := state.ReadLogs(ctx, dir, o.read, s.line)
		if err := errors.Join(noLog(seen.Pod, name, o, err), s.end(), out.flush()); err != nil {
			return err
		}
	}
	return nil
}

// containersMeant are the names of all containers, the one asked for, or the
// first; which one that is, is said when there was a choice.
func (a *app) containersMeant(p *v1.Pod, o *logsOptions) ([]string, error) {
	var names []string
	for _, c := range p.Spec.InitContainers {
		names = append(names, c.Name)
	}
	inits := len(names)
	for _, c := range p.Spec.Containers {
		names = append(names, c.Name)
	}
	if o.all {
		return names, nil
	}
	if o.container == "" {
		if len(names) > 1 {
			fmt.Fprintf(a.Err, "Defaulted container %q out of: %s\n", names[inits], strings.Join(names, ", "))
		}
		return names[inits : inits+1], nil
	}
	for _, name := range names {
		if name == o.container {
			return []string{name}, nil
		}
	}
	return nil, fmt.Errorf("container %s is not valid for pod %s; it has: %s", o.container, p.Name, strings.Join(names, ", "))
}

// noLog says why a container has no log, as the API server would
// (validateContainerLogStatus in pkg/registry/core/pod/rest and the kubelet).
func noLog(p *v1.Pod, container string, o logsOptions, err error) error {
	if !errors.Is(err, state.ErrNoLog) {
		return err
	}
	if o.read.Previous {
		return fmt.Errorf("previous terminated container %q in pod %q not found", container, p.Name)
	}
	reason := "ContainerCreating"
	for _, s := range statusesOf(p) {
		if s.Name == container && s.State.Waiting != nil && s.State.Waiting.Reason != "" {
			reason = s.State.Waiting.Reason
		}
	}
	return fmt.Errorf("container %q in pod %q is waiting to start: %s", container, p.Name, reason)
}

// followLogs prints all containers' lines as they come, until the pod has
// ended or lost its owner.
func (a *app) followLogs(ctx context.Context, d state.Dirs, p *v1.Pod, containers []string, o logsOptions, out *logPrinter) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan struct{})
	o.read.Done = over
	watched := make(chan error, 1)
	go func() {
		defer close(over)
		watched <- awaitEnd(ctx, d, p)
	}()
	results := make(chan error)
	for _, name := range containers {
		dir := d.ContainerLogDir(p.Namespace, p.Name, string(p.UID), name)
		s := out.source(p, name)
		go func() {
			err := state.ReadLogs(ctx, dir, o.read, s.line)
			results <- errors.Join(noLog(p, name, o, err), s.end())
		}()
	}
	var errs []error
	for range containers {
		if err := <-results; err != nil && !errors.Is(err, context.Canceled) {
			errs = append(errs, err)
			cancel()
		}
	}
	cancel()
	if err := <-watched; err != nil && !errors.Is(err, context.Canceled) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// awaitEnd waits until nothing more will be written: this incarnation of the
// pod has ended, was replaced, or has no owner any more.
func awaitEnd(ctx context.Context, d state.Dirs, p *v1.Pod) error {
	_, err := state.AwaitPod(ctx, d, p.Namespace, p.Name, func(seen state.Seen, err error) bool {
		return err != nil || !seen.Owned || seen.Pod.UID != p.UID
	})
	if errors.Is(err, state.ErrNotFound) {
		return nil
	}
	return err
}
