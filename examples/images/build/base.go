package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// base returns the image that r stands on, nil if none, and sees to it that
// its root file system is unpacked.
func (b *builder) base(ctx context.Context, r *recipe) (v1.Image, error) {
	if r.From == "" {
		return nil, nil //nolint:nilnil,nolintlint // no base is an ordinary answer
	}
	from := b.recipes[r.From]
	dir := filepath.Join(b.work, from.name, "archive")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := command(ctx, "tar", "-xf", b.archive(from), "-C", dir); err != nil {
		return nil, err
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	img, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		return nil, err
	}
	return img, b.unpack(ctx, from, img, dir)
}

// unpack needs no care for whiteouts: a recipe's base has one layer.
func (b *builder) unpack(ctx context.Context, r *recipe, img v1.Image, dir string) error {
	if r.From != "" {
		return fmt.Errorf("%s stands on %s: a base of a base is not supported", r.name, r.From)
	}
	if _, err := os.Stat(b.rootfs(r)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	h, err := layers[0].Digest()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(b.rootfs(r), 0o755); err != nil {
		return err
	}
	return command(ctx, "tar", "-xzf", filepath.Join(dir, "blobs", h.Algorithm, h.Hex),
		"--numeric-owner", "--xattrs", "--xattrs-include=*", "-p", "-C", b.rootfs(r))
}
