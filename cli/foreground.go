package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/lifecycle"
	"github.com/minipod/minipod/manifest"
	"github.com/minipod/minipod/plan"
	"github.com/minipod/minipod/pod"
	"github.com/minipod/minipod/state"
)

// ending is how one pod's life in the foreground came out.
type ending struct {
	index int
	pod   *v1.Pod
	err   error
}

// foreground owns the pods until they have ended.
func (a *app) foreground(ctx context.Context, h *pod.Host, set *manifest.Set, o runOptions) error {
	signals := make(chan os.Signal, 2)
	// SIGPIPE: nobody reads the output any more (minipod run … | head).
	wanted := heeded(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	signal.Notify(signals, wanted...)
	defer signal.Stop(signals)
	if o.shuffle {
		fmt.Fprintf(a.Err, "start order shuffled; --seed %d repeats it\n", o.seed)
	}
	f := &foregroundRun{
		options: o, code: -1,
		status: make(chan *v1.Pod), ended: make(chan ending), over: make(chan struct{}),
		printer: newPrinter(a.Out, set.Pods),
	}
	defer close(f.over)
	owners, err := a.claimInTime(ctx, wanted, h, set, o, func(p *v1.Pod) pod.Observer { return a.observer(f, p) })
	if err != nil {
		return err
	}
	f.owners = owners
	for i, own := range owners {
		go func() {
			p, err := own.Run()
			f.ended <- ending{i, p, err}
		}()
	}
	return f.wait(signals)
}

// heeded leaves out the signals that minipod was started to ignore (nohup): to
// ask for one is to stop ignoring it.
func heeded(signals ...os.Signal) []os.Signal {
	return slices.DeleteFunc(signals, signal.Ignored)
}

// claimInTime is claimAll, which waits for old pods to end, until a signal or
// the timeout.
func (a *app) claimInTime(ctx context.Context, wanted []os.Signal, h *pod.Host, set *manifest.Set, o runOptions, observe func(*v1.Pod) pod.Observer) ([]*pod.Owner, error) {
	ctx, stop := signal.NotifyContext(ctx, wanted...)
	defer stop()
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
	}
	owners, err := a.claimAll(ctx, h, set, o, observe)
	switch {
	case err == nil || ctx.Err() == nil:
		return owners, err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, &exitError{exitTimeout, err}
	}
	return nil, &exitError{128 + int(syscall.SIGINT), err}
}

// foregroundRun is what `run` waits for. Its fields belong to one goroutine.
type foregroundRun struct {
	options runOptions
	owners  []*pod.Owner
	printer *printer
	status  chan *v1.Pod
	ended   chan ending
	over    chan struct{}

	asked int // how often the pods were asked to end
	code  int // why, as an exit code; -1 while nobody asked
}

func (f *foregroundRun) wait(signals <-chan os.Signal) error {
	var timeout <-chan time.Time
	if f.options.timeout > 0 {
		timeout = time.After(f.options.timeout)
	}
	ready := map[string]bool{}
	ends := make([]ending, len(f.owners))
	for left := len(f.owners); left > 0; {
		select {
		case s := <-signals:
			f.interrupt(s)
		case <-timeout:
			f.end(exitTimeout, nil)
		case p := <-f.status:
			ready[p.Namespace+"/"+p.Name] = isReady(p)
			if f.options.wait == "ready" && len(ready) == len(f.owners) && all(ready) {
				f.end(0, nil)
			}
		case e := <-f.ended:
			ends[e.index] = e
			left--
		}
	}
	return f.verdict(ends)
}

// interrupt ends the pods in order the first time, and kills them the second.
func (f *foregroundRun) interrupt(s os.Signal) {
	code := 128 + int(s.(syscall.Signal))
	if f.asked == 0 {
		f.end(code, nil)
		return
	}
	if s == syscall.SIGPIPE {
		return // comes again with each line that cannot be written
	}
	f.code = code // a person's wish goes before a timeout's
	f.end(code, new(int64))
}

func (f *foregroundRun) end(code int, grace *int64) {
	f.asked++
	if f.code < 0 {
		f.code = code
	}
	for _, own := range f.owners {
		own.Delete(grace)
	}
}

// verdict turns the ends into the exit code: minipod's own failures first, then
// why the pods were ended, then the first pod that failed by itself.
func (f *foregroundRun) verdict(ends []ending) error {
	var errs []error
	code := exitUnable
	for _, e := range ends {
		if e.err != nil {
			errs = append(errs, e.err)
		}
		var start *pod.StartError
		if errors.As(e.err, &start) {
			code = startCode(e.pod, start.Container)
		}
	}
	if len(errs) > 0 {
		return &exitError{code, errors.Join(errs...)}
	}
	if f.code > 0 {
		return &exitError{code: f.code}
	}
	if f.code == 0 {
		return nil
	}
	for _, e := range ends {
		if code := failure(e.pod); code != 0 {
			return &exitError{code: code}
		}
	}
	if f.options.wait == "ready" {
		return &exitError{code: exitFailed, err: errors.New("the pods ended without having been ready")}
	}
	return nil
}

// startCode is the code of a container that could not be started: the 128 that
// the kubelet shows where its program could not be run, or 125 where it never
// came to that and the status of the ended pod only says that it is unknown.
func startCode(p *v1.Pod, container string) int {
	for _, s := range statusesOf(p) {
		for _, t := range []*v1.ContainerStateTerminated{s.State.Terminated, s.LastTerminationState.Terminated} {
			if s.Name == container && t != nil && t.ExitCode != 0 && t.Reason != lifecycle.ReasonStatusUnknown {
				return int(t.ExitCode)
			}
		}
	}
	return exitUnable
}

// statusesOf are those of the pod's containers, the init containers first.
func statusesOf(p *v1.Pod) []v1.ContainerStatus {
	return slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses)
}

// isSidecar: the container has no say in how its pod ends.
func isSidecar(p *v1.Pod, name string) bool {
	return slices.ContainsFunc(p.Spec.InitContainers, func(c v1.Container) bool {
		return c.Name == name && c.RestartPolicy != nil && *c.RestartPolicy == v1.ContainerRestartPolicyAlways
	})
}

// failure is the exit code of the first container that made the pod fail, or 0.
// A pod that failed as a whole (its deadline, say) has none.
func failure(p *v1.Pod) int {
	switch {
	case p.Status.Phase != v1.PodFailed:
		return 0
	case p.Status.Reason != "":
		return exitFailed
	}
	code, first := exitFailed, time.Time{}
	for _, s := range statusesOf(p) {
		t := s.State.Terminated
		if t == nil || t.ExitCode == 0 || isSidecar(p, s.Name) {
			continue
		}
		if first.IsZero() || t.FinishedAt.Time.Before(first) {
			code, first = int(t.ExitCode), t.FinishedAt.Time
		}
	}
	return code
}

func isReady(p *v1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == v1.PodReady {
			return c.Status == v1.ConditionTrue
		}
	}
	return false
}

func all(m map[string]bool) bool {
	for _, v := range m {
		if !v {
			return false
		}
	}
	return true
}

// observer prints what a pod does, and passes its status on.
func (a *app) observer(f *foregroundRun, p *v1.Pod) pod.Observer {
	o := pod.Observer{
		Output: func(container string, l state.Line) { f.printer.line(p, container, l) },
		Event: func(p *v1.Pod, e state.Event) {
			if e.Type == v1.EventTypeWarning || a.verbose {
				fmt.Fprintf(a.Err, "%s: %s: %s\n", subject(p, e.Container), e.Reason, e.Message)
			}
		},
	}
	if f.options.wait == "ready" {
		o.Status = func(p *v1.Pod) {
			select {
			case f.status <- p:
			case <-f.over:
			}
		}
	}
	if f.options.explain {
		o.Step = func(_ *v1.Pod, v plan.Verb, s plan.Step, took time.Duration, err error) { a.explain(v, s, took, err) }
	}
	return o
}

func subject(p *v1.Pod, container string) string {
	if container == "" {
		return "pod " + p.Name
	}
	return "container " + p.Name + "/" + container
}

// explain prints one step with its time in milliseconds.
func (a *app) explain(v plan.Verb, s plan.Step, took time.Duration, err error) {
	sign := "+"
	if v == plan.Undo {
		sign = "-"
	}
	fmt.Fprintf(a.Err, "%s %7.3f ms  %s", sign, float64(took.Microseconds())/1000, s)
	if err != nil {
		fmt.Fprintf(a.Err, ": %v", err)
	}
	fmt.Fprintln(a.Err)
}
