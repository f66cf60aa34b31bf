package pod_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"

	ggcr "github.com/google/go-containerregistry/pkg/v1"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/internal/testimage"
	"github.com/minipod/minipod/plan"
	"github.com/minipod/minipod/pod"
	"github.com/minipod/minipod/sandbox"
)

// running is a pod of two containers that run one command.
func (l *lab) running(name, image string, command ...string) *v1.Pod {
	p := l.pod(name, v1.RestartPolicyNever, "", "")
	for i := range p.Spec.Containers {
		p.Spec.Containers[i].Image, p.Spec.Containers[i].Command = image, command
	}
	return p
}

// BenchmarkWarm is the time from Claim to the moment in which both containers
// of a pod run their programs, in a process that owns another pod already.
func BenchmarkWarm(b *testing.B) {
	l := newLab(b)
	l.resident(b)
	var ours []float64
	for b.Loop() {
		ours = append(ours, l.time(b, l.running("bench", "busybox", "/bin/true")))
	}
	b.ReportMetric(median(ours), "ms/start")
}

// BenchmarkFloor puts minipod beside the bare system calls in C (bench/floor.c,
// built by `make floor`), in turns, and reports both medians and their ratio.
//
// Both are warm: a pod that stays keeps minipod's template of mount namespaces,
// and the floor's time is that of the second pod of one process. Both start
// the same program from the same tree; it stays for a moment, so that neither
// starts its second container while the kernel clears the first one away.
func BenchmarkFloor(b *testing.B) {
	program, err := exec.LookPath("../build/floor")
	if err != nil {
		b.Skip("build/floor is not built: make floor")
	}
	l := newLab(b)
	l.runOnTmpfs(b)
	root := l.linger(b, "docker.io/library/linger:latest")
	l.resident(b)
	var ours, theirs []float64
	for b.Loop() {
		ours = append(ours, l.time(b, l.running("bench", "linger", "/bin/linger")))
		theirs = append(theirs, runFloor(b, program, root))
	}
	b.ReportMetric(median(ours), "ms-minipod")
	b.ReportMetric(median(theirs), "ms-floor")
	b.ReportMetric(median(ours)/median(theirs), "ratio")
}

// runOnTmpfs puts the run root where /run is on most machines.
func (l *lab) runOnTmpfs(b *testing.B) {
	b.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "minipod-bench-")
	if err != nil {
		b.Skip("no tmpfs on /dev/shm")
	}
	b.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			b.Error(err)
		}
	})
	l.host.Dirs.Run = filepath.Join(dir, "run")
}

// linger loads an image of the program of bench/stamp.c that stays for a
// moment, and returns the tree that is in it.
func (l *lab) linger(b *testing.B, name string) string {
	b.Helper()
	ability.Need(b, ability.GCC)
	root := testimage.Rootfs(b)
	out, err := exec.Command("gcc", "-Os", "-static", "-o", filepath.Join(root, "bin/linger"), "../bench/stamp.c").CombinedOutput()
	if err != nil {
		b.Fatalf("gcc: %v\n%s", err, out)
	}
	archive := testimage.Archive(b, root, ggcr.Config{Env: []string{testimage.Path}}, name)
	if _, err := l.host.Images.Load(b.Context(), archive); err != nil {
		b.Fatal(err)
	}
	return root
}

// resident starts a pod that stays until the benchmark ends.
func (l *lab) resident(b *testing.B) {
	b.Helper()
	up, over := make(chan struct{}, 1), make(chan error, 1)
	own, err := pod.Claim(l.host, l.running("resident", "busybox", "sleep", "infinity"), pod.Settings{FailFast: true},
		pod.Observer{Status: func(p *v1.Pod) {
			if allStarted(p) {
				select {
				case up <- struct{}{}:
				default:
				}
			}
		}})
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		_, err := own.Run()
		over <- err
	}()
	select {
	case <-up:
	case err := <-over:
		b.Fatalf("the resident pod ended: %v", err)
	}
	b.Cleanup(func() {
		own.Delete(new(int64))
		if err := <-over; err != nil {
			b.Error(err)
		}
	})
}

// time runs the pod to its end and gives the milliseconds until the programs of
// all its containers were executed.
func (l *lab) time(tb testing.TB, p *v1.Pod) float64 {
	tb.Helper()
	begin, left := time.Now(), len(p.Spec.Containers)
	var started time.Duration
	own, err := pod.Claim(l.host, p, pod.Settings{FailFast: true}, pod.Observer{
		Step: func(_ *v1.Pod, v plan.Verb, s plan.Step, _ time.Duration, err error) {
			if _, ok := s.(*sandbox.Container); ok && v == plan.Do && err == nil {
				if left--; left == 0 {
					started = time.Since(begin)
				}
			}
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := own.Run(); err != nil {
		tb.Fatal(err)
	}
	return started.Seconds() * 1000
}

func allStarted(p *v1.Pod) bool {
	for _, c := range p.Status.ContainerStatuses {
		if c.State.Running == nil && c.State.Terminated == nil {
			return false
		}
	}
	return len(p.Status.ContainerStatuses) > 0
}

// runFloor gives the milliseconds of the second of two pods: the first is cold.
func runFloor(b *testing.B, program, root string) float64 {
	b.Helper()
	cmd := exec.Command(program, root, b.TempDir()+"/floor", "/bin/linger", "2")
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

// median of values, of which there is at least one.
func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
