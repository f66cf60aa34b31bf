package cli_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/state"
)

// scriptRun is one run of one script.
type scriptRun struct {
	t    *testing.T
	lab  *lab
	ctx  context.Context
	jobs map[string]*job
}

func (s *scriptRun) commands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	type command = func(ts *testscript.TestScript, args []string)
	all := map[string]command{
		"image": s.image, "exits": s.exits,
		"start": s.start, "says": s.says, "signal": s.signal, "ends": s.ends,
		"await": s.await, "awaitlog": s.awaitLog, "logfiles": s.logFiles, "orders": s.orders, "hostline": s.hostLine,
	}
	out := map[string]func(*testscript.TestScript, bool, []string){"stdout_of": s.stdoutOf}
	for name, do := range all {
		out[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg {
				ts.Fatalf("%s cannot be negated", name)
			}
			do(ts, args)
		}
	}
	return out
}

func (s *scriptRun) image(ts *testscript.TestScript, args []string) {
	for _, name := range args {
		ability.Need(s.t, ability.Image(name))
		ts.Check(ts.Exec("minipod", "image", "load", filepath.Join(ability.ImageDir(), name+".tar")))
	}
}

func (s *scriptRun) exits(ts *testscript.TestScript, args []string) {
	want := number(ts, args[0])
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	if got := exitCode(err); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// exitCode is minus the number of the signal for a process that died by one.
func exitCode(err error) int {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0
	}
	return codeOf(exit.ProcessState)
}

func (s *scriptRun) awaitLog(ts *testscript.TestScript, args []string) {
	name, container, want := args[0], args[1], regexp.MustCompile(args[2])
	seen := s.awaitPod(ts, name, started(container))
	dir := s.lab.dirs.ContainerLogDir(seen.Pod.Namespace, name, string(seen.Pod.UID), container)
	found := errors.New("found")
	err := state.ReadLogs(s.ctx, dir, state.LogOptions{Follow: true}, func(l state.Line) error {
		if want.Match(l.Text) {
			return found
		}
		return nil
	})
	if !errors.Is(err, found) {
		ts.Fatalf("log of %s: no line matches %q: %v", container, args[2], err)
	}
}

// logFiles compares the names of a container's log files.
func (s *scriptRun) logFiles(ts *testscript.TestScript, args []string) {
	name, container := args[0], args[1]
	seen, err := state.Get(s.lab.dirs, "default", name)
	ts.Check(err)
	entries, err := os.ReadDir(s.lab.dirs.ContainerLogDir("default", name, string(seen.Pod.UID), container))
	ts.Check(err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, args[2:]) {
		ts.Fatalf("log files %q", got)
	}
}

func (s *scriptRun) orders(ts *testscript.TestScript, args []string) {
	text := ts.ReadFile(args[0])
	a, b := strings.Index(text, args[1]), strings.Index(text, args[2])
	if a < 0 || b < 0 || a > b {
		ts.Fatalf("%q at %d, %q at %d", args[1], a, args[2], b)
	}
}

// hostLine demands that the one line of a file is a line of the other, behind
// the name of a container.
func (s *scriptRun) hostLine(ts *testscript.TestScript, args []string) {
	line, text := strings.TrimSpace(ts.ReadFile(args[0])), ts.ReadFile(args[1])
	if !strings.Contains(text, "| "+line+"\n") {
		ts.Fatalf("%q is not in %q", line, text)
	}
}

func number(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		ts.Fatalf("%v", err)
	}
	return n
}
