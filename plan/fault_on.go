//go:build minipod_fault

package plan

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

const (
	before     = "before"
	after      = "after"
	beforeUndo = "before-undo"
	afterUndo  = "after-undo"
)

// ErrInjected is what a step fails with when the environment asked for it.
var ErrInjected = errors.New("injected fault")

var counts [4]atomic.Int64

// inject obeys MINIPOD_FAULT=fail|die,POINT,N: at the Nth time (from 1) that
// POINT is reached in this process, the step fails or the process is killed.
func inject(point string) error {
	how, rest, ok := strings.Cut(os.Getenv("MINIPOD_FAULT"), ",")
	if !ok {
		return nil
	}
	where, nth, _ := strings.Cut(rest, ",")
	n, err := strconv.ParseInt(nth, 10, 64)
	if err != nil {
		panic("MINIPOD_FAULT wants fail|die,POINT,N: " + rest)
	}
	if where != point || reached(point) != n {
		return nil
	}
	// Whoever breaks step after step has to know when there are no more.
	fmt.Fprintf(os.Stderr, "minipod_fault: %s %s step %d\n", how, point, n)
	if how == "die" {
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {}
	}
	return fmt.Errorf("%w %s step %d", ErrInjected, point, n)
}

func reached(point string) int64 {
	i := map[string]int{before: 0, after: 1, beforeUndo: 2, afterUndo: 3}[point]
	return counts[i].Add(1)
}
