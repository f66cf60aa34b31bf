package leak

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Scope says what belongs to the test. An empty field is not looked at.
type Scope struct {
	// Dirs are folders whose mounts and files are compared.
	Dirs []string
	// Cgroup is a part of the path of the test's cgroups, on any hierarchy.
	Cgroup string
	// Link is how the names of the test's network links begin.
	Link string
}

// Check compares the host now with the host when t has ended, and fails t
// when they differ. Register it before whatever cleans up.
func Check(t testing.TB, s Scope) {
	t.Helper()
	before, err := Take(s)
	if err != nil {
		t.Fatalf("leak check: %v", err)
	}
	t.Cleanup(func() {
		reap()
		after, err := Take(s)
		if err != nil {
			t.Errorf("leak check: %v", err)
			return
		}
		if diff := before.Diff(after); diff != "" {
			t.Errorf("the host is not as it was:\n%s", diff)
		}
	})
}

// Adopt makes this process the reaper of its orphaned descendants, which is
// what finds a container whose owner is dead. Take calls it.
func Adopt() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// reap buries children that have ended and that nobody waits for any more:
// a container's process whose owner was killed is a zombie of ours.
func reap() {
	for {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
		if err != nil || pid <= 0 {
			return
		}
	}
}

// Host is what of the host belongs to a test. Each line names one thing.
type Host struct{ lines map[string]bool }

// Take looks at the host.
func Take(s Scope) (Host, error) {
	h := Host{lines: map[string]bool{}}
	if err := Adopt(); err != nil {
		return h, err
	}
	for _, look := range []func(Scope, func(string)) error{mounts, files, cgroups, links, processes, threads, descriptors} {
		if err := look(s, func(line string) { h.lines[line] = true }); err != nil {
			return h, err
		}
	}
	return h, nil
}

// Diff lists what is only in the later host with a plus, what is only in the
// earlier one with a minus; empty if they are alike.
func (h Host) Diff(later Host) string {
	var b strings.Builder
	for _, line := range missing(h.lines, later.lines) {
		b.WriteString("  - " + line + "\n")
	}
	for _, line := range missing(later.lines, h.lines) {
		b.WriteString("  + " + line + "\n")
	}
	return b.String()
}
