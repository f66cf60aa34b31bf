package probe_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/minipod/minipod/probe"
)

func TestExec(t *testing.T) {
	broken := errors.New("no such container")
	for name, c := range map[string]struct {
		output string
		code   int
		err    error
		want   probe.Result
	}{
		"well":     {"fine\n", 0, nil, probe.Result{Outcome: probe.Success, Message: "fine\n"}},
		"not well": {"ill\n", 3, nil, probe.Result{Outcome: probe.Failure, Message: "ill\n"}},
		"long":     {strings.Repeat("x", 20<<10), 0, nil, probe.Result{Outcome: probe.Success, Message: strings.Repeat("x", 10<<10)}},
		"late":     {"", 0, context.DeadlineExceeded, probe.Result{Outcome: probe.Failure, Message: `command timed out: "is well" timed out after 1s`}},
		"broken":   {"", 0, broken, probe.Result{}},
	} {
		got, err := probe.Exec(t.Context(), []string{"is", "well"}, time.Second, func(_ context.Context, argv []string) ([]byte, int, error) {
			if strings.Join(argv, " ") != "is well" {
				t.Errorf("%s: %q", name, argv)
			}
			return []byte(c.output), c.code, c.err
		})
		if got != c.want || (err != nil) != (name == "broken") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
