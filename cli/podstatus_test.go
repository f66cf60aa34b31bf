package cli

import (
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) metav1.Time { return metav1.NewTime(noon.Add(-d)) }

// Container statuses, in short.
func running(ready bool, restarts int32) v1.ContainerStatus {
	return v1.ContainerStatus{Ready: ready, RestartCount: restarts, State: v1.ContainerState{Running: &v1.ContainerStateRunning{}}}
}

func waiting(reason string) v1.ContainerStatus {
	return v1.ContainerStatus{State: v1.ContainerState{Waiting: &v1.ContainerStateWaiting{Reason: reason}}}
}

func ended(code, signal int32, reason string) v1.ContainerStatus {
	return v1.ContainerStatus{State: v1.ContainerState{Terminated: &v1.ContainerStateTerminated{ExitCode: code, Signal: signal, Reason: reason}}}
}

func restarted(s v1.ContainerStatus, n int32, last time.Duration) v1.ContainerStatus {
	s.RestartCount = n
	s.LastTerminationState.Terminated = &v1.ContainerStateTerminated{FinishedAt: ago(last)}
	return s
}

func named(s v1.ContainerStatus, name string, started bool) v1.ContainerStatus {
	s.Name, s.Started = name, &started
	return s
}

// podCase is a pod of n main and m init containers; those of sidecars are named.
type podCase struct {
	phase    v1.PodPhase
	reason   string
	mains    []v1.ContainerStatus
	n        int // main containers; 0 means as many as statuses
	inits    []v1.ContainerStatus
	sidecars []string
	plain    int // init containers that are no sidecars
	holding  []v1.PodConditionType
	gated    bool
	deleted  bool
}

func (c podCase) pod() *v1.Pod {
	p := &v1.Pod{}
	p.Status = v1.PodStatus{Phase: c.phase, Reason: c.reason, ContainerStatuses: c.mains, InitContainerStatuses: c.inits}
	p.Spec.Containers = make([]v1.Container, max(c.n, len(c.mains)))
	p.Spec.InitContainers = make([]v1.Container, c.plain)
	always := v1.ContainerRestartPolicyAlways
	for _, name := range c.sidecars {
		p.Spec.InitContainers = append(p.Spec.InitContainers, v1.Container{Name: name, RestartPolicy: &always})
	}
	for _, kind := range c.holding {
		p.Status.Conditions = append(p.Status.Conditions, v1.PodCondition{Type: kind, Status: v1.ConditionTrue})
	}
	if c.gated {
		p.Status.Conditions = append(p.Status.Conditions, v1.PodCondition{Type: v1.PodScheduled, Reason: v1.PodReasonSchedulingGated})
	}
	if c.deleted {
		at := ago(10 * time.Second)
		p.DeletionTimestamp = &at
	}
	return p
}

type statuses = []v1.ContainerStatus

// TestSummarize has the cases of TestPrintPod and of TestPrintPodwithLayout in
// pkg/printers/internalversion/printers_test.go of Kubernetes, and more.
func TestSummarize(t *testing.T) {
	for name, c := range map[string]struct {
		podCase
		ready, status, restarts string
	}{
		"restarts without a date":                  {podCase{phase: "podPhase", mains: statuses{running(true, 3), {RestartCount: 3}}}, "1/2", "podPhase", "6"},
		"waiting goes before the phase":            {podCase{phase: v1.PodRunning, mains: statuses{running(true, 0), waiting("CrashLoopBackOff")}}, "1/2", "CrashLoopBackOff", "0"},
		"the first container has the last word":    {podCase{phase: v1.PodRunning, mains: statuses{waiting("ImagePullBackOff"), ended(1, 0, "Error")}}, "0/2", "ImagePullBackOff", "0"},
		"a later one where the first says nothing": {podCase{phase: v1.PodRunning, mains: statuses{waiting(""), ended(137, 0, "OOMKilled")}}, "0/2", "OOMKilled", "0"},
		"ready without running":                    {podCase{phase: v1.PodPending, mains: statuses{running(true, 0), {Ready: true}}}, "1/2", "Pending", "0"},
		"the pod's reason":                         {podCase{phase: v1.PodFailed, reason: "Evicted", n: 2}, "0/2", "Evicted", "0"},
		"creating":                                 {podCase{phase: v1.PodPending, mains: statuses{waiting("ContainerCreating")}}, "0/1", "ContainerCreating", "0"},
		"completed and running":                    {podCase{phase: v1.PodRunning, mains: statuses{ended(0, 0, "Completed"), running(true, 0)}}, "1/2", "NotReady", "0"},
		"completed and running ready":              {podCase{phase: v1.PodRunning, mains: statuses{ended(0, 0, "Completed"), running(true, 0)}, holding: []v1.PodConditionType{v1.PodReady}}, "1/2", "Running", "0"},
		"completed and failed":                     {podCase{phase: v1.PodFailed, mains: statuses{ended(0, 0, "Completed"), ended(1, 0, "Error")}}, "0/2", "Error", "0"},
		"failed and running":                       {podCase{phase: v1.PodFailed, mains: statuses{ended(1, 0, "podCrash"), running(true, 0)}}, "1/2", "podCrash", "0"},
		"running, failed, ended":                   {podCase{phase: v1.PodFailed, mains: statuses{running(true, 0), ended(1, 0, "podCrash"), ended(0, 0, "")}}, "1/3", "podCrash", "0"},
		"succeeded":                                {podCase{phase: v1.PodSucceeded, mains: statuses{ended(0, 0, "Completed")}}, "0/1", "Completed", "0"},
		"a signal without reason":                  {podCase{phase: v1.PodFailed, mains: statuses{ended(137, 9, "")}}, "0/1", "Signal:9", "0"},
		"a code without reason":                    {podCase{phase: v1.PodFailed, mains: statuses{ended(3, 0, "")}}, "0/1", "ExitCode:3", "0"},
		"gated":                                    {podCase{phase: v1.PodPending, n: 2, gated: true}, "0/2", "SchedulingGated", "0"},

		"restarted days ago": {podCase{phase: v1.PodRunning, mains: statuses{restarted(running(true, 0), 3, 120*time.Hour)}}, "1/1", "Running", "3 (5d ago)"},
		"the latest restart counts": {podCase{phase: v1.PodRunning, mains: statuses{
			restarted(running(true, 0), 6, 120*time.Hour), restarted(running(true, 0), 3, 480*time.Hour),
		}}, "2/2", "Running", "9 (5d ago)"},
		"one never restarted": {podCase{phase: v1.PodRunning, mains: statuses{running(true, 0), restarted(running(true, 0), 3, 10*time.Second)}}, "2/2", "Running", "3 (10s ago)"},

		"deleted":                 {podCase{phase: v1.PodRunning, mains: statuses{running(false, 0)}, deleted: true}, "0/1", "Terminating", "0"},
		"deleted while pending":   {podCase{phase: v1.PodPending, n: 1, deleted: true}, "0/1", "Terminating", "0"},
		"deleted after its end":   {podCase{phase: v1.PodSucceeded, mains: statuses{ended(0, 0, "Completed")}, deleted: true}, "0/1", "Completed", "0"},
		"deleted, node lost":      {podCase{phase: v1.PodRunning, reason: "NodeLost", n: 1, deleted: true}, "0/1", "Unknown", "0"},
		"node lost, not deleted":  {podCase{phase: v1.PodRunning, reason: "NodeLost", n: 1}, "0/1", "NodeLost", "0"},
		"deleted, a container is": {podCase{phase: v1.PodRunning, mains: statuses{waiting("CrashLoopBackOff")}, deleted: true}, "0/1", "Terminating", "0"},

		"init runs": {podCase{phase: v1.PodPending, plain: 1, inits: statuses{restarted(running(false, 0), 3, 10*time.Second)}, mains: statuses{waiting("")}}, "0/1", "Init:0/1", "3 (10s ago)"},
		"second init runs": {podCase{phase: v1.PodPending, plain: 2, inits: statuses{
			restarted(ended(0, 0, ""), 2, 2*time.Minute), restarted(running(false, 0), 3, 10*time.Second),
		}, mains: statuses{waiting("")}}, "0/1", "Init:1/2", "5 (10s ago)"},
		"init waits its turn":           {podCase{phase: v1.PodPending, plain: 2, inits: statuses{waiting("PodInitializing"), waiting("")}, n: 1}, "0/1", "Init:0/2", "0"},
		"init crashes":                  {podCase{phase: v1.PodPending, plain: 1, inits: statuses{waiting("CrashLoopBackOff")}, n: 1}, "0/1", "Init:CrashLoopBackOff", "0"},
		"init failed":                   {podCase{phase: v1.PodFailed, plain: 1, inits: statuses{ended(1, 0, "Error")}, n: 1}, "0/1", "Init:Error", "0"},
		"init killed":                   {podCase{phase: v1.PodFailed, plain: 1, inits: statuses{ended(137, 9, "")}, n: 1}, "0/1", "Init:Signal:9", "0"},
		"init ended with a code":        {podCase{phase: v1.PodFailed, plain: 1, inits: statuses{ended(7, 0, "")}, n: 1}, "0/1", "Init:ExitCode:7", "0"},
		"restarts of inits are history": {podCase{phase: v1.PodRunning, plain: 1, inits: statuses{restarted(ended(0, 0, ""), 2, 2*time.Minute)}, mains: statuses{restarted(running(false, 0), 4, 20*time.Second)}}, "0/1", "Running", "4 (20s ago)"},
		"initialized in spite of it": {podCase{
			phase: v1.PodRunning, plain: 1, inits: statuses{waiting("CrashLoopBackOff")}, mains: statuses{ended(0, 0, "Completed")},
			holding: []v1.PodConditionType{v1.PodInitialized},
		}, "0/1", "Completed", "0"},

		"a sidecar counts": {podCase{
			phase: v1.PodRunning, sidecars: []string{"s"}, inits: statuses{named(restarted(running(true, 0), 2, time.Minute), "s", true)},
			mains: statuses{running(true, 1)},
		}, "2/2", "Running", "3 (60s ago)"},
		"a sidecar that is not ready": {podCase{
			phase: v1.PodRunning, sidecars: []string{"s"}, inits: statuses{named(running(false, 0), "s", true)}, mains: statuses{running(true, 0)},
		}, "1/2", "Running", "0"},
		"a sidecar that has not started": {podCase{
			phase: v1.PodPending, sidecars: []string{"s"}, inits: statuses{named(running(false, 0), "s", false)}, mains: statuses{waiting("PodInitializing")},
		}, "0/2", "Init:0/1", "0"},
	} {
		s := summarize(c.pod())
		if got := s.readyCell(); got != c.ready {
			t.Errorf("%s: READY %s, want %s", name, got, c.ready)
		}
		if s.status != c.status {
			t.Errorf("%s: STATUS %s, want %s", name, s.status, c.status)
		}
		if got := s.restartCell(noon); got != c.restarts {
			t.Errorf("%s: RESTARTS %s, want %s", name, got, c.restarts)
		}
	}
}

func TestAgeOfNoTime(t *testing.T) {
	if got := age(metav1.Time{}, noon); got != "<unknown>" {
		t.Errorf("got %s", got)
	}
	if got := age(ago(90*time.Second), noon); got != "90s" {
		t.Errorf("got %s", got)
	}
}
