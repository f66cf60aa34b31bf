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
// gc. The same for each step of the end, and for a process that undoes what a
// killed owner left.
func TestFaults(t *testing.T) {
	f := newFaultLab(t)
	tests := []struct {
		how, point string
		once       func(t *testing.T, how, point string, n int) bool
		long       bool
	}{
		{"fail", "before", f.broken, true},
		{"fail", "after", f.broken, false},
		{"die", "before", f.broken, false},
		{"die", "after", f.broken, false},
		{"fail", "before-undo", f.broken, false},
		{"fail", "after-undo", f.broken, true},
		{"die", "before-undo", f.broken, true},
		{"die", "after-undo", f.broken, false},
		{"die", "before-undo", f.deleterDies, true},
		{"die", "after-undo", f.deleterDies, false},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprintf("%d %s %s", i, tt.how, tt.point), func(t *testing.T) {
			if tt.long {
				ability.Need(t, ability.Long)
			}
			steps := f.each(t, func(n int) bool { return tt.once(t, tt.how, tt.point, n) })
			if t.Logf("%d steps", steps); steps < 15 {
				t.Errorf("only %d steps were broken", steps)
			}
		})
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
	code, told := exitCode(err), strings.Contains(string(out), "injected fault")
	switch {
	case how == "die" && code == -int(unix.SIGKILL), how == "fail" && strings.HasSuffix(point, "undo") && told:
		f.collect(t)
	case how == "fail" && code == 125 && told:
	case code == 0: // no such step, or one that was simply done again
	default:
		t.Fatalf("%s: exit code %d: %s", fault, code, out)
	}
	return strings.Contains(string(out), "minipod_fault: ")
}

func (f *faultLab) collect(t *testing.T) {
	t.Helper()
	if out, err := f.command("", "gc").CombinedOutput(); err != nil {
		t.Fatalf("gc: %v: %s", err, out)
	}
}

// deleterDies kills the owner, and then the process that deletes the pod; the
// next one ends what that began.
func (f *faultLab) deleterDies(t *testing.T, how, point string, n int) (reached bool) {
	t.Helper()
	f.orphan(t)
	out, err := f.command(fmt.Sprintf("%s,%s,%d", how, point, n), "delete", "pod", "victim").CombinedOutput()
	switch exitCode(err) {
	case 0:
		return false
	case -int(unix.SIGKILL):
	default:
		t.Fatalf("delete: %v: %s", err, out)
	}
	f.collect(t)
	return true
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
