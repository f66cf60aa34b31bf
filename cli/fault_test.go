package cli_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/internal/testimage"
)

// victim is a pod with a step of most kinds. No grace: what takes long in a
// pod's end is not what these tests are about.
const victim = `
apiVersion: v1
kind: ConfigMap
metadata: {name: m}
data: {x: hello}
---
apiVersion: v1
kind: Pod
metadata: {name: victim}
spec:
  terminationGracePeriodSeconds: 0
  volumes:
  - {name: shared, emptyDir: {}}
  - {name: conf, configMap: {name: m}}
  - {name: disk, emptyDir: {}}
  containers:
  - name: a
    image: busybox
    command: [sh, -c, "echo up; sleep 1000"]
    volumeMounts: [{name: shared, mountPath: /shared}, {name: conf, mountPath: /conf}]
  - name: b
    image: busybox
    command: [sh, -c, "echo up; sleep 1000"]
    volumeMounts: [{name: shared, mountPath: /shared}, {name: disk, mountPath: /disk}]
`

// faultLab is a lab with a minipod that fails, or dies, where it is told to.
type faultLab struct {
	*lab
	ctx     context.Context
	program string
}

func newFaultLab(t *testing.T) *faultLab {
	t.Helper()
	ability.Need(t, ability.Root, ability.Overlay, ability.Busybox, ability.GoTool)
	program := filepath.Join(t.TempDir(), "minipod")
	out, err := exec.Command("go", "build", "-tags", "minipod_fault", "-o", program, "..").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	l := newLab(t, testimage.Busybox(t, "docker.io/library/busybox:latest"))
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	t.Cleanup(cancel)
	return &faultLab{l, ctx, program}
}

// command is minipod with a fault; "" for none.
func (f *faultLab) command(fault string, args ...string) *exec.Cmd {
	c := exec.CommandContext(f.ctx, f.program, args...)
	c.Env = append(os.Environ(), f.env()...)
	c.Env = append(c.Env, "MINIPOD_FAULT="+fault)
	c.Stdin = strings.NewReader(victim)
	return c
}

// Each step of a start fails in turn, or the process dies there: before its
// effect and after. What has failed is taken back at once; what has died, by
// gc. The same for each step of the end.
func TestEveryStepFailsAndDies(t *testing.T) {
	f := newFaultLab(t)
	for _, point := range []string{"before", "after", "before-undo", "after-undo"} {
		for _, how := range []string{"fail", "die"} {
			t.Run(how+" "+point, func(t *testing.T) {
				steps := f.each(t, func(n int) (reached bool) { return f.broken(t, how, point, n) })
				t.Logf("%d steps", steps)
				if steps < 15 {
					t.Errorf("only %d steps were broken", steps)
				}
			})
		}
	}
}

// each calls once with 1, 2, 3 … until it says that there was no such step,
// demands the host back after each, and returns how many there were.
func (f *faultLab) each(t *testing.T, once func(n int) bool) int {
	t.Helper()
	before := f.look()
	for n := 1; ; n++ {
		if !once(n) {
			return n - 1
		}
		if diff := before.Diff(f.look()); diff != "" {
			t.Fatalf("after a fault at step %d the host is not as it was:\n%s", n, diff)
		}
	}
}

// broken runs the pod until it is ready and ends it, with a fault on the way.
func (f *faultLab) broken(t *testing.T, how, point string, n int) (reached bool) {
	t.Helper()
	fault := fmt.Sprintf("%s,%s,%d", how, point, n)
	out, err := f.command(fault, "run", "--emptydir-medium=disk", "--wait", "ready", "-").CombinedOutput()
	code := exitCode(err)
	undoing := strings.HasSuffix(point, "undo")
	switch {
	case how == "die" && code == -int(unix.SIGKILL):
		f.collect(t)
		return true
	case how == "fail" && strings.Contains(string(out), "injected fault") && undoing:
		f.collect(t) // a step that cannot be undone is tried again, by gc in the end
		return true
	case how == "fail" && code == 125 && strings.Contains(string(out), "injected fault"):
		return true
	case code != 0:
		t.Fatalf("%s: exit code %d: %s", fault, code, out)
	}
	return false
}

func (f *faultLab) collect(t *testing.T) {
	t.Helper()
	if out, err := f.command("", "gc").CombinedOutput(); err != nil {
		t.Fatalf("gc: %v: %s", err, out)
	}
}

// The process that undoes what a killed owner left dies in its turn, at each
// step; the next one ends what it began.
func TestWhoeverUndoesDies(t *testing.T) {
	f := newFaultLab(t)
	points := []string{"after-undo"}
	if ability.Long.Err() == nil {
		points = append(points, "before-undo")
	}
	for _, point := range points {
		t.Run(point, func(t *testing.T) {
			steps := f.each(t, func(n int) bool {
				f.orphan(t)
				out, err := f.command(fmt.Sprintf("die,%s,%d", point, n), "delete", "pod", "victim").CombinedOutput()
				switch exitCode(err) {
				case 0:
					return false
				case -int(unix.SIGKILL):
				default:
					t.Fatalf("delete: %v: %s", err, out)
				}
				f.collect(t)
				return true
			})
			if steps < 15 {
				t.Errorf("only %d steps were broken", steps)
			}
		})
	}
}

// orphan runs the pod until both containers have spoken, and kills the owner.
func (f *faultLab) orphan(t *testing.T) {
	t.Helper()
	j, err := startJob(f.command("", "run", "-"))
	must(t, err)
	must(t, j.await(f.ctx, regexp.MustCompile(`(?s)\| up.*\| up`)))
	must(t, j.cmd.Process.Kill())
	_, err = j.wait(f.ctx)
	must(t, err)
}
