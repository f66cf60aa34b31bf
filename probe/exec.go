package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Run runs a command in a container to its end, or until ctx ends, and gives
// what it wrote and its exit code. The error says that it could not be run.
type Run func(ctx context.Context, argv []string) (output []byte, code int, err error)

// Exec succeeds if the command ends with 0 before ctx does. The timeout is that
// of ctx, for the message.
func Exec(ctx context.Context, argv []string, timeout time.Duration, run Run) (Result, error) {
	output, code, err := run(ctx, argv)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return failure(fmt.Sprintf("command timed out: %q timed out after %v", strings.Join(argv, " "), timeout)), nil
	case err != nil:
		return Result{}, err
	}
	r := Result{Success, string(output[:min(len(output), most)])}
	if code != 0 {
		r.Outcome = Failure
	}
	return r, nil
}
