package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// options are what the flags say.
type options struct {
	runs    int    // of every contender
	only    string // letters of the lines; empty: all
	minipod string // the binary
	debian  string // the archive that is loaded
}

func main() {
	var o options
	flag.IntVar(&o.runs, "runs", 20, "measure each contender `N` times")
	flag.StringVar(&o.only, "only", "", "the `LETTERS` of the lines to measure, as abcdefgi")
	flag.StringVar(&o.minipod, "minipod", "build/minipod", "the `BINARY` to measure")
	flag.StringVar(&o.debian, "debian", "build/images/debian.tar", "the `ARCHIVE` to load")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1) //nolint:gocritic // nothing but the signals is left to stop
	}
}

// bench measures and prints. A line that minipod itself failed is an error; a
// target that was missed is not, it stands in the table.
func bench(ctx context.Context, o options) (err error) {
	l, err := openLab(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	r := newResults()
	for _, part := range []struct {
		letters string
		measure func(ctx context.Context, l *lab, r *results) error
	}{
		{"a", measureWarm},
		{"bcdeg", measurePods},
		{"i", measureSingle},
		{"f", measureLoad},
	} {
		if o.only != "" && !strings.ContainsAny(part.letters, o.only) {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring %s …\n", strings.Join(strings.Split(part.letters, ""), ", "))
		if err := part.measure(ctx, l, r); err != nil {
			return err
		}
	}
	fmt.Fprint(os.Stdout, machine(o.runs))
	fmt.Fprint(os.Stdout, r.table(lines))
	return r.failure()
}
