package cli_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/internal/testimage"
)

// The owner is killed at a random instant of a pod's start, life or end.
// Whoever deletes the pod then, or collects what had no name yet, leaves
// nothing behind.
func TestOwnerIsKilledAtAnyInstant(t *testing.T) {
	ability.Need(t, ability.Root, ability.Overlay, ability.Busybox)
	l := newLab(t, testimage.Busybox(t, "docker.io/library/busybox:latest"))
	times := 20
	if ability.Long.Err() == nil {
		times = 200
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	for n := range times {
		before := l.look()
		l.killOnce(ctx, t, r)
		if diff := before.Diff(l.look()); diff != "" {
			t.Fatalf("after kill %d the host is not as it was:\n%s", n, diff)
		}
	}
}

func (l *lab) killOnce(ctx context.Context, t *testing.T, r *rand.Rand) {
	t.Helper()
	c := l.minipod("run", "--emptydir-medium=disk", "--wait", "ready", "-")
	c.Stdin = strings.NewReader(victim)
	j, err := startJob(c)
	must(t, err)
	// From before its first step to after its end.
	instant := time.NewTimer(time.Duration(r.Int64N(int64(250 * time.Millisecond))))
	defer instant.Stop()
	select {
	case <-instant.C:
		if err := c.Process.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
	case <-j.ended:
	}
	if _, err := j.wait(ctx); err != nil {
		t.Fatal(err)
	}
	out, err := l.minipod("delete", "pod", "victim").CombinedOutput()
	if err != nil && !strings.Contains(string(out), `pods "victim" not found`) {
		t.Fatalf("delete: %v: %s", err, out)
	}
	if out, err := l.minipod("gc").CombinedOutput(); err != nil {
		t.Fatalf("gc: %v: %s", err, out)
	}
}
