package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

// measureWarm runs the Go benchmark that puts the start of a pod in a process
// that owns another one beside the bare system calls in C, and takes over its
// medians.
func measureWarm(ctx context.Context, l *lab, r *results) error {
	if _, err := os.Stat("build/floor"); err != nil {
		r.lack(warmFloor, fmt.Sprintf("%v (make floor builds it)", err))
		return nil
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkFloor$",
		"-benchtime", fmt.Sprintf("%dx", max(l.runs, 20)), "./pod/")
	cmd.Env = append(os.Environ(), "TMPDIR="+l.dir)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		r.lack(warmOurs, fmt.Sprintf("BenchmarkFloor: %v: %s", err, lastLine(string(out))))
		return nil
	}
	for unit, name := range map[string]string{"ms-minipod": warmOurs, "ms-floor": warmFloor} {
		value, found := metric(out, unit)
		if !found {
			r.lack(warmOurs, "BenchmarkFloor does not report "+unit)
			return nil
		}
		r.add(name, value)
	}
	return nil
}

// metric finds the number before a unit in the output of a Go benchmark.
func metric(output []byte, unit string) (float64, bool) {
	words := bytes.Fields(output)
	for i, w := range words {
		if i > 0 && string(w) == unit {
			v, err := strconv.ParseFloat(string(words[i-1]), 64)
			return v, err == nil
		}
	}
	return 0, false
}
