package cli

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/minipod/minipod/manifest"
)

// The exit codes that have a meaning of their own; see cli.md in docs.
const (
	exitFailed  = 1
	exitUsage   = 2
	exitTimeout = 124
	exitUnable  = 125
	exitNoExec  = 126
	exitNoFile  = 127
)

// exitError ends the program with a code of its own. Without Err nothing is
// printed: the code says it all.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(err error) error { return &exitError{exitUsage, err} }

// unable marks an error as minipod's own inability, for run and exec.
func unable(err error) error {
	var e *exitError
	if err == nil || errors.As(err, &e) {
		return err
	}
	return &exitError{exitUnable, err}
}

// report prints err, and says what code to exit with.
func (a *app) report(err error) int {
	if err == nil {
		return 0
	}
	code := exitFailed
	var e *exitError
	if errors.As(err, &e) {
		code = e.code
		if e.err == nil {
			return code
		}
	}
	a.printError(err)
	return code
}

// printError writes one sentence: what failed, on what, why, and what to do.
func (a *app) printError(err error) {
	var invalid *manifest.Invalid
	if errors.As(err, &invalid) {
		for _, w := range invalid.Warnings {
			a.warnFinding(w)
		}
		for _, f := range invalid.Findings {
			a.printFinding("error: ", f)
		}
		return
	}
	fmt.Fprintf(a.Err, "error: %s\n", strings.ReplaceAll(err.Error(), "\n", "\n       "))
	if h := advice(err); h != "" {
		fmt.Fprintf(a.Err, "       %s\n", h)
	}
	if a.verbose {
		for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
			fmt.Fprintf(a.Err, "  caused by: %s\n", cause)
		}
	}
}

func (a *app) printFinding(label string, f manifest.Finding) {
	fmt.Fprintf(a.Err, "%s%s\n", label, f)
	if f.Hint != "" {
		fmt.Fprintf(a.Err, "       %s\n", f.Hint)
	}
}

func (a *app) warnFinding(f manifest.Finding) { a.printFinding("warning: ", f) }

// advice says what to do about a cause that does not say it itself.
func advice(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "make room on that file system, or move minipod's folders with --root, --run-root and --log-root"
	case errors.Is(err, syscall.EPERM): // not EACCES: that may be a file in a container
		return "minipod needs root with all capabilities; `minipod doctor` tells what is missing here"
	}
	return ""
}
