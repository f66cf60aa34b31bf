package pod_test

import (
	"bufio"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/internal/testimage"
	"github.com/minipod/minipod/pod"
)

// exiting is a pod of two containers that run a static program and end.
func exiting(l *lab) *v1.Pod {
	p := l.pod("bench", v1.RestartPolicyNever, "true", "true")
	for i := range p.Spec.Containers {
		p.Spec.Containers[i].Command = []string{"/bin/true"}
	}
	return p
}

// BenchmarkWarm is the time from Claim to the moment in which both containers
// of a pod run their programs, in a process that has done it before.
func BenchmarkWarm(b *testing.B) {
	l := newLab(b)
	for b.Loop() {
		b.ReportMetric(float64(l.time(b, exiting(l)).Microseconds())/1000, "ms/start")
	}
}

// time runs the pod to its end and gives the time until all have started.
func (l *lab) time(tb testing.TB, p *v1.Pod) time.Duration {
	tb.Helper()
	begin := time.Now()
	var started time.Duration
	own, err := pod.Claim(l.host, p, pod.Settings{FailFast: true}, pod.Observer{Status: func(p *v1.Pod) {
		if started == 0 && allStarted(p) {
			started = time.Since(begin)
		}
	}})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := own.Run(); err != nil {
		tb.Fatal(err)
	}
	return started
}

func allStarted(p *v1.Pod) bool {
	for _, c := range p.Status.ContainerStatuses {
		if c.State.Running == nil && c.State.Terminated == nil {
			return false
		}
	}
	return len(p.Status.ContainerStatuses) > 0
}

// BenchmarkFloor puts minipod beside the bare system calls in C (bench/floor.c,
// built by `make floor`), one after the other, and reports the ratio of medians.
func BenchmarkFloor(b *testing.B) {
	program, err := exec.LookPath("../build/floor")
	if err != nil {
		b.Skip("build/floor is not built: make floor")
	}
	l := newLab(b)
	root := testimage.Rootfs(b)
	var ours, theirs []float64
	for b.Loop() {
		ours = append(ours, float64(l.time(b, exiting(l)).Microseconds())/1000)
		theirs = append(theirs, runFloor(b, program, root))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	b.ReportMetric(ours[len(ours)/2], "ms-minipod")
	b.ReportMetric(theirs[len(theirs)/2], "ms-floor")
	b.ReportMetric(ours[len(ours)/2]/theirs[len(theirs)/2], "ratio")
}

// runFloor gives the second of two pods: the first one is cold.
func runFloor(b *testing.B, program, root string) float64 {
	b.Helper()
	cmd := exec.Command(program, root, b.TempDir()+"/floor", "/bin/true", "2")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	var last float64
	for s := bufio.NewScanner(pipe); s.Scan(); {
		if last, err = strconv.ParseFloat(s.Text(), 64); err != nil {
			b.Fatal(err)
		}
	}
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	return last
}
