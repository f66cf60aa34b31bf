package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"text/template"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ociarchive"
)

// imageName is a name that no registry has, and that every engine takes as it
// is.
const imageName = "localhost/bench:1"

// lab is where everything of a benchmark is: a temporary directory with
// minipod's roots, an image around the program stamp, and manifests.
type lab struct {
	options
	dir     string
	rootfs  string // what is in the image, unpacked
	archive string // the image
	pod     string // manifest of two containers
	single  string // manifest of one
	env     []string
	stamps  *stamps
}

func openLab(ctx context.Context, o options) (l *lab, err error) {
	if o.minipod, err = filepath.Abs(o.minipod); err != nil {
		return nil, err
	}
	if o.debian, err = filepath.Abs(o.debian); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "minipod-bench-")
	if err != nil {
		return nil, err
	}
	l = &lab{options: o, dir: dir, rootfs: filepath.Join(dir, "rootfs"), archive: filepath.Join(dir, "image.tar")}
	l.env = append(os.Environ(), "LC_ALL=C", "TMPDIR="+dir, "MINIPOD_ROOT="+l.path("lib"),
		"MINIPOD_RUN_ROOT="+l.path("minipod-run"), "MINIPOD_LOG_ROOT="+l.path("log"))
	if err := l.fill(ctx); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

func (l *lab) path(name string) string { return filepath.Join(l.dir, name) }

// fill makes what is in the lab, from the program to the loaded image.
func (l *lab) fill(ctx context.Context) error {
	for _, d := range []string{"rootfs/bin", "rootfs/dev", "rootfs/etc", "rootfs/proc", "rootfs/sys", "rootfs/tmp", "rootfs/out", "out"} {
		if err := os.MkdirAll(l.path(d), 0o755); err != nil {
			return err
		}
	}
	if err := l.compile(ctx); err != nil {
		return err
	}
	if err := l.pack(); err != nil {
		return err
	}
	var err error
	if l.stamps, err = openStamps(l.path("out/stamps")); err != nil {
		return err
	}
	if l.pod, err = l.manifest("pod.yaml", "c1", "c2"); err != nil {
		return err
	}
	if l.single, err = l.manifest("single.yaml", "c1"); err != nil {
		return err
	}
	_, err = l.run(ctx, nil, l.minipod, "image", "load", l.archive)
	return err
}

// compile makes the static program that containers run, under its names.
func (l *lab) compile(ctx context.Context) error {
	program := filepath.Join(l.rootfs, "bin/stamp")
	out, err := exec.CommandContext(ctx, "gcc", "-Os", "-static", "-o", program, "bench/stamp.c").CombinedOutput()
	if err != nil {
		return fmt.Errorf("program of the containers: %w: %s", err, out)
	}
	return os.Link(program, filepath.Join(l.rootfs, "bin/true"))
}

func (l *lab) pack() error {
	layer, err := ociarchive.Layer(l.rootfs, l.path("layer"))
	if err != nil {
		return err
	}
	config := v1.ConfigFile{OS: "linux", Architecture: runtime.GOARCH, Config: v1.Config{Env: []string{"PATH=/bin"}, Cmd: []string{"/bin/true"}}}
	img, err := ociarchive.Image(nil, config, layer)
	if err != nil {
		return err
	}
	return ociarchive.Write(l.archive, ociarchive.Named{Names: []string{imageName}, Image: img})
}

func (l *lab) manifest(name string, containers ...string) (string, error) {
	path := l.path(name)
	return path, render(path, "bench/pod.yaml", map[string]any{"Out": l.path("out"), "Image": imageName, "Containers": containers})
}

// render writes a file from a template.
func render(path, from string, values any) error {
	t, err := template.ParseFiles(from)
	if err != nil {
		return err
	}
	var b strings.Builder
	if err := t.Execute(&b, values); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o600)
}

// close undoes what a failed run may have left, and removes the directory. It
// must work after an interrupt, so it takes no context.
func (l *lab) close() error {
	_, err := l.run(context.Background(), nil, l.minipod, "gc")
	if l.stamps != nil {
		err = errors.Join(err, l.stamps.close())
	}
	return errors.Join(err, os.RemoveAll(l.dir))
}

func processors() int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return runtime.NumCPU()
	}
	return set.Count()
}
