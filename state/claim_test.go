package state

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func testDirs(t *testing.T) Dirs {
	t.Helper()
	d := t.TempDir()
	return Dirs{Run: d + "/run", Root: d + "/lib", Log: d + "/log"}
}

func testPod() *v1.Pod {
	return &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web", UID: "u-1"},
		Spec:       v1.PodSpec{Containers: []v1.Container{{Name: "main", Image: "debian"}}},
	}
}

func mustClaim(t *testing.T, d Dirs) *Owned {
	t.Helper()
	o, err := Claim(d, "default", "web")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// must fails the test when one of the errors is not nil.
func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// child starts this test binary as one of the children, with a pipe to its
// stdin and its stdout.
func child(t *testing.T, name string, env ...string) (*exec.Cmd, io.WriteCloser, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(testContext(t), os.Args[0])
	cmd.Env = append(os.Environ(), append(env, "STATE_TEST_CHILD="+name)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	return cmd, in, bufio.NewScanner(out)
}

func childDirs() Dirs {
	d := os.Getenv("STATE_TEST_DIR")
	return Dirs{Run: d + "/run", Root: d + "/lib", Log: d + "/log"}
}

func TestClaimIsExclusiveAndNamesTheOwner(t *testing.T) {
	d := testDirs(t)
	o := mustClaim(t, d)
	_, err := Claim(d, "default", "web")
	var busy *Busy
	if !errors.As(err, &busy) || busy.Pid != os.Getpid() {
		t.Fatalf("second claim: %v, want Busy with pid %d", err, os.Getpid())
	}
	if _, err := Adopt(d, "default", "other"); !errors.Is(err, ErrNotFound) {
		t.Errorf("adopting nothing: %v", err)
	}
	must(t, o.Remove())
	o = mustClaim(t, d)
	if o.Orphan() || o.Finished() {
		t.Error("a fresh pod counts as used")
	}
	must(t, o.Remove())
	left, err := os.ReadDir(d.Run + "/pods")
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestWhatAClaimFinds(t *testing.T) {
	d := testDirs(t)
	o := mustClaim(t, d)
	must(t, o.Release())
	if o = mustClaim(t, d); o.Orphan() {
		t.Error("a directory without a specification is an orphan")
	}
	must(t, o.WriteSpec(testPod()), o.Release())
	if o = mustClaim(t, d); !o.Orphan() {
		t.Error("a pod without an owner is no orphan")
	}
	must(t, o.Finish(testPod()), o.Release())
	if o = mustClaim(t, d); o.Orphan() || !o.Finished() {
		t.Error("a finished pod is not seen as such")
	}
	must(t, o.Remove())
}

func init() {
	// Claims, checks that nobody else is in, leaves; then the next round.
	children["claimer"] = func() error {
		d := childDirs()
		for range 100 {
			o, err := Claim(d, "default", "web")
			var busy *Busy
			if errors.As(err, &busy) {
				if _, err := AwaitGone(context.Background(), d, "default", "web"); err != nil {
					return err
				}
				continue
			}
			if err != nil {
				return err
			}
			inside := filepath.Join(d.Run, "inside")
			if err := os.Mkdir(inside, 0o700); err != nil {
				return err // two owners at once
			}
			err = errors.Join(o.WriteSpec(testPod()), Sweep(d), os.Remove(inside), o.Remove())
			if err != nil {
				return err
			}
		}
		return nil
	}
	// Owns the pod until it is killed.
	children["owner"] = func() error {
		o, err := Claim(childDirs(), "default", "web")
		if err != nil {
			return err
		}
		if err := o.WriteSpec(testPod()); err != nil {
			return err
		}
		os.Stdout.WriteString("owned\n")
		select {}
	}
}

func TestManyProcessesClaimAndRemove(t *testing.T) {
	d := testDirs(t)
	must(t, os.MkdirAll(d.Run, 0o700))
	var all []*exec.Cmd
	for range 6 {
		cmd, in, _ := child(t, "claimer", "STATE_TEST_DIR="+filepath.Dir(d.Run))
		must(t, in.Close())
		all = append(all, cmd)
	}
	for _, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	must(t, Sweep(d))
	left, err := os.ReadDir(d.Run + "/pods")
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// startOwner runs an owner in another process.
func startOwner(t *testing.T, d Dirs) *exec.Cmd {
	t.Helper()
	cmd, _, out := child(t, "owner", "STATE_TEST_DIR="+filepath.Dir(d.Run))
	if !out.Scan() || out.Text() != "owned" {
		t.Fatal("the owner did not start")
	}
	return cmd
}

func TestDeathOfTheOwnerIsSeen(t *testing.T) {
	d := testDirs(t)
	cmd := startOwner(t, d)
	seen, err := Get(d, "default", "web")
	must(t, err)
	if !seen.Owned || seen.OwnerPid != cmd.Process.Pid || seen.Orphan() {
		t.Fatalf("living owner: %+v", seen)
	}
	ended := make(chan Ending, 1)
	go func() {
		e, err := AwaitGone(testContext(t), d, "default", "web")
		if err != nil {
			t.Error(err)
		}
		ended <- e
	}()
	noticed := make(chan error, 1)
	go func() {
		_, err := AwaitPod(testContext(t), d, "default", "web", func(s Seen, err error) bool { return s.Orphan() })
		noticed <- err
	}()
	must(t, cmd.Process.Kill())
	if e := <-ended; e != Orphaned {
		t.Errorf("the pod is %v, want orphaned", e)
	}
	must(t, <-noticed)
	if err := cmd.Wait(); err == nil {
		t.Error("the owner was not killed")
	}
	o, err := Adopt(d, "default", "web")
	must(t, err)
	if !o.Orphan() {
		t.Error("adopted pod is no orphan")
	}
	must(t, o.Remove())
}

func TestAwaitGone(t *testing.T) {
	d := testDirs(t)
	ctx := testContext(t)
	if e, err := AwaitGone(ctx, d, "default", "web"); err != nil || e != Gone {
		t.Errorf("no pod: %v %v", e, err)
	}
	for want, end := range map[Ending]func(*Owned) error{
		Gone:     (*Owned).Remove,
		Kept:     func(o *Owned) error { return errors.Join(o.Finish(testPod()), o.Release()) },
		Orphaned: (*Owned).Release,
	} {
		o := mustClaim(t, d)
		must(t, o.WriteSpec(testPod()))
		result := make(chan Ending)
		go func() {
			e, err := AwaitGone(ctx, d, "default", "web")
			if err != nil {
				t.Error(err)
			}
			result <- e
		}()
		must(t, end(o))
		if e := <-result; e != want {
			t.Errorf("ended as %v, want %v", e, want)
		}
		if want != Gone {
			must(t, mustClaim(t, d).Remove())
		}
	}
	o := mustClaim(t, d)
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := AwaitGone(short, d, "default", "web"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("deadline: %v", err)
	}
	must(t, o.Remove())
}

// A reader that looks all the time must never make a claim fail, and never see
// a pod by halves.
func TestLookingDoesNotDisturb(t *testing.T) {
	d := testDirs(t)
	must(t, os.MkdirAll(d.pods(), 0o700))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			seen, err := Get(d, "default", "web")
			if err == nil && (seen.Orphan() || seen.Pod.Spec.Containers[0].Name != "main") {
				t.Errorf("half a pod: %+v", seen)
			}
			if err != nil && !errors.Is(err, ErrNotFound) {
				t.Error(err)
			}
			if err := Sweep(d); err != nil {
				t.Error(err)
			}
		}
	}()
	for range 500 {
		o := mustClaim(t, d)
		must(t, o.WriteSpec(testPod()), o.WriteStatus(testPod()), o.Remove())
	}
	stop()
	<-done
}

func TestSweep(t *testing.T) {
	d := testDirs(t)
	must(t, mustClaim(t, d).Release())
	must(t, os.MkdirAll(filepath.Join(d.pods(), gonePrefix+"x", "ctr", "main"), 0o700))
	keep, err := Claim(d, "default", "orphan")
	must(t, err, keep.WriteSpec(testPod()), keep.Release())
	busy, err := Claim(d, "default", "starting")
	must(t, err, Sweep(d))
	left, err := os.ReadDir(d.pods())
	must(t, err)
	var names []string
	for _, e := range left {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != "default_orphan default_starting" {
		t.Errorf("after the sweep: %s", got)
	}
	must(t, busy.Release())
}

func TestNamesStayInTheFolder(t *testing.T) {
	d := testDirs(t)
	long := strings.Repeat("n", 63)
	for _, name := range []string{"../../../etc", "a/b", strings.Repeat("p", 253)} {
		dir := d.PodDir(long, name)
		if filepath.Dir(dir) != d.pods() || len(filepath.Base(dir)) > maxName {
			t.Errorf("%s: %s", name, dir)
		}
		if _, err := Get(d, long, name); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d.PodDir(long, strings.Repeat("p", 253)) == d.PodDir(long, strings.Repeat("p", 252)+"q") {
		t.Error("two long names share a directory")
	}
}

func TestOtherVersionIsSaid(t *testing.T) {
	d := testDirs(t)
	o := mustClaim(t, d)
	must(t, o.WriteSpec(testPod()))
	must(t, os.WriteFile(o.Dir()+"/"+statusFile, []byte(`{"version":"minipod/v9"}`), 0o600))
	if _, err := Get(d, "default", "web"); !errors.Is(err, ErrVersion) {
		t.Errorf("got %v", err)
	}
	if _, err := List(d, ""); !errors.Is(err, ErrVersion) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	must(t, o.Remove())
}
