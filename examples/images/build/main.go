package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	recipes := flag.String("recipes", "examples/images", "folder of the recipes")
	out := flag.String("out", "build/images", "folder of the archives")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	if err := run(ctx, *recipes, *out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, recipes, out string, names []string) (err error) {
	all, err := readRecipes(recipes)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "minipod-images-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	b := &builder{out: out, work: work, recipes: all}
	wanted, err := all.order(names)
	if err != nil {
		return err
	}
	for _, r := range wanted {
		start := time.Now()
		built, err := b.ensure(ctx, r)
		if err != nil {
			return fmt.Errorf("image %s: %w", r.name, err)
		}
		if built {
			fmt.Fprintf(os.Stderr, "%s: built in %.1fs\n", b.archive(r), time.Since(start).Seconds())
		}
	}
	return nil
}
