package cli_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/state"
)

// condition is something that is true of a published pod or not.
type condition func(state.Seen) bool

// conditionOf reads one condition of the command await:
//
//	phase=PHASE ready unready owned orphan kept deleting
//	running=CONTAINER terminated=CONTAINER waiting=CONTAINER:REASON
//	restarts=CONTAINER:N      that many or more
func conditionOf(ts *testscript.TestScript, text string) condition {
	word, value, _ := strings.Cut(text, "=")
	name, more, _ := strings.Cut(value, ":")
	switch word {
	case "phase":
		return func(s state.Seen) bool { return string(s.Pod.Status.Phase) == value }
	case "ready", "unready":
		want := map[string]v1.ConditionStatus{"ready": v1.ConditionTrue, "unready": v1.ConditionFalse}[word]
		return func(s state.Seen) bool {
			return slices.ContainsFunc(s.Pod.Status.Conditions, func(c v1.PodCondition) bool {
				return c.Type == v1.PodReady && c.Status == want
			})
		}
	case "owned":
		return func(s state.Seen) bool { return s.Owned }
	case "orphan":
		return func(s state.Seen) bool { return s.Orphan() }
	case "kept":
		return func(s state.Seen) bool { return s.Finished && !s.Owned }
	case "deleting":
		return func(s state.Seen) bool { return s.Pod.DeletionTimestamp != nil }
	case "running":
		return ofContainer(name, func(c v1.ContainerStatus) bool { return c.State.Running != nil })
	case "terminated":
		return ofContainer(name, func(c v1.ContainerStatus) bool { return c.State.Terminated != nil })
	case "waiting":
		return ofContainer(name, func(c v1.ContainerStatus) bool { return c.State.Waiting != nil && c.State.Waiting.Reason == more })
	case "restarts":
		n, err := strconv.Atoi(more)
		ts.Check(err)
		return ofContainer(name, func(c v1.ContainerStatus) bool { return int(c.RestartCount) >= n })
	}
	ts.Fatalf("no condition is called %s", text)
	return nil
}

func ofContainer(name string, ok func(v1.ContainerStatus) bool) condition {
	return func(s state.Seen) bool {
		return slices.ContainsFunc(slices.Concat(s.Pod.Status.InitContainerStatuses, s.Pod.Status.ContainerStatuses), func(c v1.ContainerStatus) bool { return c.Name == name && ok(c) })
	}
}

// started holds from the container's first start on.
func started(name string) condition {
	return ofContainer(name, func(c v1.ContainerStatus) bool { return c.ContainerID != "" })
}

func (s *scriptRun) await(ts *testscript.TestScript, args []string) {
	if args[1] == "gone" {
		s.awaitGone(ts, args[0])
		return
	}
	var all []condition
	for _, text := range args[1:] {
		all = append(all, conditionOf(ts, text))
	}
	s.awaitPod(ts, args[0], func(seen state.Seen) bool {
		return !slices.ContainsFunc(all, func(c condition) bool { return !c(seen) })
	})
}

// awaitPod waits for a pod that may not be there yet. Once it was, it is not
// to vanish before the condition was seen.
func (s *scriptRun) awaitPod(ts *testscript.TestScript, name string, ok condition) state.Seen {
	var last state.Seen
	found, err := state.AwaitPod(s.ctx, s.lab.dirs, "default", name, func(seen state.Seen, err error) bool {
		if err == nil {
			last = seen
			return ok(seen)
		}
		return !errors.Is(err, state.ErrNotFound) || last.Pod != nil
	})
	if err != nil {
		if last.Pod != nil {
			ts.Logf("the pod's last status: %s", last.Pod.Status.String())
		}
		ts.Fatalf("pod %s: %v", name, err)
	}
	return found
}

func (s *scriptRun) awaitGone(ts *testscript.TestScript, name string) {
	_, err := state.AwaitPod(s.ctx, s.lab.dirs, "default", name, func(_ state.Seen, err error) bool { return err != nil })
	if !errors.Is(err, state.ErrNotFound) {
		ts.Fatalf("pod %s: %v", name, err)
	}
}
