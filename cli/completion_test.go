package cli

import (
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
)

func TestComplete(t *testing.T) {
	d := newDirs(t)
	own := publish(t, d, shown())
	t.Cleanup(func() { must(t, own.Release()) })
	other := publish(t, d, tiny("other", "far", v1.PodRunning, running(true, 0)))
	t.Cleanup(func() { must(t, other.Release()) })
	for _, c := range []struct{ typed, want string }{
		{"lo", "logs"},
		{"de", "delete describe"},
		{"image l", "list load ls"},
		{"get ", "pods"},
		{"get pods ", "shown"},
		{"get pods -n other ", "far"},
		{"-n other describe pod ", "far"},
		{"ps -o ", "json name wide yaml"},
		{"ps -o w", "wide"},
		{"logs s", "shown"},
		{"logs shown -c ", "log web"},
		{"exec shown -c w", "web"},
		{"logs --f", "--feature-gates --follow"},
		{"delete --now ", "shown"},
		{"run --wait ", "completed ready"},
		{"run --dry-run ", ""},
		{"run pod", ""},
		{"exec shown -- l", ""},
		{"completion ", "bash fish zsh"},
		{"help lo", "logs"},
		{"__", ""},
	} {
		s := say(t, d, append([]string{"__complete", "--"}, strings.Split(c.typed, " ")...)...)
		if got := strings.Join(strings.Fields(s.out), " "); got != c.want || s.code != 0 || s.err != "" {
			t.Errorf("%q: got %q, want %q (exit code %d) %s", c.typed, got, c.want, s.code, s.err)
		}
	}
}

func TestCompletionScriptsAskMinipod(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if s := say(t, newDirs(t), "completion", shell); s.code != 0 || !strings.Contains(s.out, "minipod __complete -- ") {
			t.Errorf("%s: exit code %d: %s%s", shell, s.code, s.out, s.err)
		}
	}
}
