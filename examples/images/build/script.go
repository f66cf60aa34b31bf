package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed chroot.sh
var chroot string

// bootstrap makes a minimal Debian, its package manager included, as the
// well-known image of that name has it.
func (b *builder) bootstrap(ctx context.Context, r *recipe) error {
	lists := filepath.Join(b.work, "lists")
	if err := os.MkdirAll(lists, 0o755); err != nil {
		return err
	}
	args := []string{
		"--quiet", "--mode=root", "--variant=minbase", "--format=directory",
		// Those who install more packages on top need not ask for the lists again.
		"--customize-hook=cp -a \"$1/var/lib/apt/lists/.\" '" + lists + "/'",
		r.Debian, b.rootfs(r),
	}
	if mirror := os.Getenv("MINIPOD_DEBIAN_MIRROR"); mirror != "" {
		args = append(args, mirror)
	}
	return command(ctx, "mmdebstrap", args...)
}

// install runs the recipe's script in an overlay of its base, whose upper
// folder becomes the layer, and copies files/ over it.
func (b *builder) install(ctx context.Context, r *recipe) error {
	for _, dir := range []string{"lists", "debs", r.name + "/overlay", r.name + "/mnt"} {
		if err := os.MkdirAll(filepath.Join(b.work, dir), 0o755); err != nil {
			return err
		}
	}
	recipe, err := filepath.Abs(r.dir)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "--propagation", "private", "sh", "-euc", chroot)
	cmd.Env = environ("BASE="+b.rootfs(b.recipes[r.From]), "UPPER="+b.rootfs(r), "WORK="+filepath.Join(b.work, r.name, "overlay"),
		"MNT="+filepath.Join(b.work, r.name, "mnt"), "RECIPE="+recipe, "CACHE="+b.work)
	return output(cmd)
}

// script runs a recipe's script on this machine.
func script(ctx context.Context, path string, env ...string) error {
	cmd := exec.CommandContext(ctx, "sh", "-eu", path)
	cmd.Env = environ(env...)
	return output(cmd)
}

func command(ctx context.Context, name string, args ...string) error {
	return output(exec.CommandContext(ctx, name, args...))
}

func output(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, tail(out))
	}
	return nil
}

// environ is the same on every machine, but for the way to the packages.
func environ(more ...string) []string {
	env := []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
	}
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); strings.HasSuffix(strings.ToLower(name), "_proxy") {
			env = append(env, kv)
		}
	}
	return append(env, more...)
}
