package pod_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/lifecycle"
	"github.com/minipod/minipod/pod"
	"github.com/minipod/minipod/sandbox"
	"github.com/minipod/minipod/state"
)

// server runs until it is told to end, and says when it can be.
const server = `trap "exit 0" TERM; echo up; sleep 1000 & wait`

// begin runs the pod beside the test, and returns when its first container
// has spoken.
func (l *lab) begin(p *v1.Pod, s pod.Settings) (own *pod.Owner, end func() (*v1.Pod, error)) {
	l.tb.Helper()
	up := make(chan struct{})
	once := sync.OnceFunc(func() { close(up) })
	own, err := pod.Claim(l.host, p, s, pod.Observer{Output: func(string, state.Line) { once() }})
	if err != nil {
		l.tb.Fatal(err)
	}
	type ending struct {
		pod *v1.Pod
		err error
	}
	ended := make(chan ending, 1)
	go func() {
		p, err := own.Run()
		ended <- ending{p, err}
	}()
	<-up
	return own, func() (*v1.Pod, error) { e := <-ended; return e.pod, e.err }
}

func TestClaimedPodIsGivenUp(t *testing.T) {
	l := newLab(t)
	own, err := pod.Claim(l.host, l.pod("p", v1.RestartPolicyNever, "true"), pod.Settings{}, pod.Observer{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pod.Claim(l.host, own.Pod(), pod.Settings{}, pod.Observer{}); !errors.Is(err, pod.ErrExists) {
		t.Errorf("a second claim: %v", err)
	}
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
}

// Many wishes for a pod's end, from its owner and from outside, end it once.
func TestDeletedByMany(t *testing.T) {
	l := newLab(t)
	own, end := l.begin(l.pod("p", v1.RestartPolicyAlways, server, server), pod.Settings{})
	var wishes sync.WaitGroup
	for range 8 {
		wishes.Go(func() { own.Delete(nil) })
		wishes.Go(func() {
			if err := pod.Delete(t.Context(), l.host, "default", "p", state.Deletion{}); err != nil && !errors.Is(err, state.ErrNotFound) {
				t.Errorf("delete: %v", err)
			}
		})
	}
	wishes.Wait()
	if _, err := end(); err != nil {
		t.Error(err)
	}
}

// A kubelet tries for ever; an owner that is to fail fast does not.
func TestFailFast(t *testing.T) {
	l := newLab(t)
	p := l.pod("p", v1.RestartPolicyAlways, "true")
	p.Spec.Containers[0].Command = []string{"/nothing"}
	_, err := l.run(p, pod.Settings{FailFast: true}, pod.Observer{})
	var start *pod.StartError
	if !errors.As(err, &start) || start.Container != "c1" {
		t.Errorf("error %v", err)
	}
	var own *pod.Owner
	restarts := int32(0)
	settings := pod.Settings{Lifecycle: lifecycle.Config{TimeScale: 1000}}
	own, err = pod.Claim(l.host, p, settings, pod.Observer{Status: func(p *v1.Pod) {
		for _, c := range p.Status.ContainerStatuses {
			if restarts = max(restarts, c.RestartCount); restarts == 3 {
				own.Delete(nil)
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := own.Run(); err != nil {
		t.Error(err)
	}
}

// What cannot be undone in time is not forgotten: Collect leaves living pods
// alone, and Exec says when there is nothing to enter.
func TestCollectLeavesOwnedPodsAlone(t *testing.T) {
	l := newLab(t)
	own, end := l.begin(l.pod("p", v1.RestartPolicyNever, server), pod.Settings{Keep: true})
	if gone, err := pod.Collect(l.host); err != nil || len(gone) > 0 {
		t.Errorf("collected %v: %v", gone, err)
	}
	own.Delete(nil)
	p, err := end()
	if err != nil || p.Status.Phase != v1.PodSucceeded {
		t.Errorf("phase %s: %v", p.Status.Phase, err)
	}
	if gone, err := pod.Collect(l.host); err != nil || len(gone) > 0 {
		t.Errorf("collected %v: %v", gone, err)
	}
	_, err = pod.Exec(l.host, "default", "p", pod.ExecOptions{Argv: []string{"true"}})
	if err == nil || errors.Is(err, sandbox.ErrProgramNotFound) {
		t.Errorf("exec in an ended pod: %v", err)
	}
	if err := pod.Delete(t.Context(), l.host, "default", "p", state.Deletion{}); err != nil {
		t.Error(err)
	}
}

// Plan names what would be done, and does nothing.
func TestPlanDoesNothing(t *testing.T) {
	l := newLab(t)
	lines, err := pod.Plan(l.host, l.pod("p", v1.RestartPolicyNever, "true", "true"), pod.Settings{Lifecycle: lifecycle.Config{Order: []string{"c2", "c1"}}})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(lines, "\n")
	first, second := strings.Index(text, "process p/c2"), strings.Index(text, "process p/c1")
	if first < 0 || second < first {
		t.Errorf("the plan:\n%s", text)
	}
}
