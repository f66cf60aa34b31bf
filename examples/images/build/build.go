package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/minipod/minipod/internal/ociarchive"
)

// builder keeps what one run has made so far under work.
type builder struct {
	out, work string
	recipes   recipes
}

func (b *builder) archive(r *recipe) string { return filepath.Join(b.out, r.name+".tar") }
func (b *builder) stamp(r *recipe) string   { return filepath.Join(b.out, "."+r.name+".recipe") }
func (b *builder) rootfs(r *recipe) string  { return filepath.Join(b.work, r.name, "root") }

// ensure builds the image unless its archive is there and of this recipe.
func (b *builder) ensure(ctx context.Context, r *recipe) (built bool, err error) {
	hash, err := b.recipes.hash(r)
	if err != nil {
		return false, err
	}
	old, _ := os.ReadFile(b.stamp(r)) // no stamp is as good as a wrong one
	if _, err := os.Stat(b.archive(r)); err == nil && string(old) == hash {
		return false, nil
	}
	if os.Geteuid() != 0 {
		return false, fmt.Errorf("only root can make a root file system: run make under sudo")
	}
	if err := b.build(ctx, r); err != nil {
		return false, err
	}
	return true, os.WriteFile(b.stamp(r), []byte(hash), 0o644)
}

func (b *builder) build(ctx context.Context, r *recipe) error {
	base, err := b.base(ctx, r)
	if err != nil {
		return err
	}
	if err := b.populate(ctx, r); err != nil {
		return err
	}
	layer, err := ociarchive.Layer(b.rootfs(r), filepath.Join(b.work, r.name, "layer"))
	if err != nil {
		return err
	}
	img, err := ociarchive.Image(base, v1.ConfigFile{
		OS:           "linux",
		Architecture: runtime.GOARCH,
		Created:      v1.Time{Time: time.Now().UTC().Truncate(time.Second)},
		Config:       r.Config,
	}, layer)
	if err != nil {
		return err
	}
	return ociarchive.Write(b.archive(r), ociarchive.Named{Names: r.fullNames(), Image: img})
}

// populate fills the root of the image, or of its own layer.
func (b *builder) populate(ctx context.Context, r *recipe) error {
	if err := os.MkdirAll(b.rootfs(r), 0o755); err != nil {
		return err
	}
	switch {
	case r.Debian != "":
		return b.bootstrap(ctx, r)
	case r.From != "":
		return b.install(ctx, r)
	default:
		return script(ctx, filepath.Join(r.dir, "install"), "ROOT="+b.rootfs(r), "RECIPE="+r.dir)
	}
}

func tail(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
