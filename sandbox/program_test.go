package sandbox_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/sandbox"
	"github.com/minipod/minipod/volume"
)

func in(dir string) change { return func(c *sandbox.Container) { c.Process.Dir = dir } }

func TestProgramIsFound(t *testing.T) {
	p := newLab(t).pod("u1")
	must(t, os.WriteFile(filepath.Join(p.image, "tmp/run"), []byte("#!/bin/sh\necho $0\n"), 0o755))
	for name, tt := range map[string]struct {
		proc sandbox.Process
		want string
	}{
		"in the default PATH": {sandbox.Process{Argv: []string{"echo", "hi"}}, "hi\n"},
		"in the image's PATH": {sandbox.Process{Argv: []string{"run"}, Env: []string{"PATH=:relative:/no/such:/tmp"}}, "/tmp/run\n"},
		"by its path":         {sandbox.Process{Argv: []string{"/bin/echo", "hi"}}, "hi\n"},
		"from where it is":    {sandbox.Process{Argv: []string{"./run"}, Dir: "/tmp"}, "./run\n"},
		"below where it is":   {sandbox.Process{Argv: []string{"tmp/run"}}, "tmp/run\n"},
	} {
		want(t, name, p.output(tt.proc), tt.want)
	}
}

func TestProgramIsNotFound(t *testing.T) {
	p := newLab(t).pod("u1")
	if err := p.refused(sandbox.Process{Argv: []string{"nothing"}}); !errors.Is(err, sandbox.ErrProgramNotFound) {
		t.Errorf("got %v", err)
	}
	if err := p.refused(sandbox.Process{}); !errors.Is(err, sandbox.ErrNoCommand) {
		t.Errorf("got %v", err)
	}
	for path, errno := range map[string]error{
		"/bin/nothing": unix.ENOENT, "./nothing": unix.ENOENT, "/etc/passwd": unix.EACCES, "/bin": unix.EACCES, "/etc/passwd/x": unix.ENOTDIR,
	} {
		err := p.refused(sandbox.Process{Argv: []string{path}})
		var call *kernel.CallError
		if !errors.As(err, &call) || !errors.Is(err, errno) {
			t.Errorf("%s: got %v, want %v", path, err, errno)
			continue
		}
		want(t, "call", call.Call, "exec of "+path)
	}
}

func TestWorkingDirectory(t *testing.T) {
	p := newLab(t).pod("u1")
	must(t, os.Symlink("/srv/deep", filepath.Join(p.image, "link")))
	must(t, os.Symlink("../../../tmp", filepath.Join(p.image, "up")))
	for dir, real := range map[string]string{
		"": "/", "/": "/", "/tmp": "/tmp", "/made/for/it": "/made/for/it",
		"/link": "/srv/deep", "/up/new": "/tmp/new", "/../..": "/",
	} {
		want(t, "working directory "+dir, p.sh("readlink /proc/self/cwd", in(dir)), real+"\n")
	}
	wantIn(t, p.refused(shell("true"), in("/etc/passwd")).Error(), "working directory", "/etc/passwd", "not a directory")
}

// A descriptor of the owner's, kept until execve, would lead out
// (CVE-2024-21626).
func TestWorkingDirectoryLeadsNotOut(t *testing.T) {
	p := newLab(t).pod("u1")
	for n := 3; n < 40; n++ {
		c := p.prepare(shell("pwd"), in("/proc/self/fd/"+strconv.Itoa(n)))
		if r, err := p.start(c); err == nil {
			_, out := r.wait()
			t.Errorf("it ran in descriptor %d: %s", n, out)
		}
	}
}

// The owner's umask is its own: a container's files have the modes that the
// image and the kubelet give them, and its processes have 0022.
func TestUmaskOfTheOwner(t *testing.T) {
	l := newLab(t)
	must(t, os.RemoveAll(filepath.Join(l.image, "dev")))
	must(t, os.RemoveAll(filepath.Join(l.image, "sys")))
	old := unix.Umask(0o077)
	t.Cleanup(func() { unix.Umask(old) })
	p := l.pod("u1")
	data := t.TempDir()
	must(t, os.Chmod(data, 0o755))
	script := "umask; stat -c %a / /dev /sys /proc /etc/hosts /data/deep /work; mkdir /tmp/x; stat -c %a /tmp/x; ls /data/deep/vol /dev/pts /work"
	out := p.sh(script, as(sandbox.User{Image: "user"}), in("/work"), func(c *sandbox.Container) {
		c.Mounts = append(c.Mounts, volume.Mount{Volume: "data", Host: data, Target: "/data/deep/vol"})
	})
	wantIn(t, out, "0022\n755\n755\n555\n555\n644\n755\n755\n755\n/data/deep/vol:\n")
	out = p.sh("stat -c %a / /etc", func(c *sandbox.Container) {
		// An image of one program: even /etc is minipod's.
		layer := filepath.Join(t.TempDir(), "tiny")
		must(t, os.MkdirAll(filepath.Join(layer, "bin"), 0o755))
		must(t, os.Chmod(layer, 0o755))
		must(t, os.Chmod(filepath.Join(layer, "bin"), 0o755))
		b, err := os.ReadFile(filepath.Join(p.image, "bin/busybox"))
		must(t, err)
		for _, name := range []string{"sh", "stat"} {
			must(t, os.WriteFile(filepath.Join(layer, "bin", name), b, 0o700))
		}
		c.Root.Layers = []string{layer}
	})
	want(t, "modes in an image of one program", out, "755\n755\n")
}

func TestReadOnlyRoot(t *testing.T) {
	p := newLab(t).pod("u1")
	data := t.TempDir()
	out := p.sh(`for f in /x /tmp/x /etc/x /vol/x /dev/shm/x /dev/x; do touch $f 2>/dev/null && echo $f; done; pwd`, in("/new"),
		func(c *sandbox.Container) {
			c.Root.ReadOnly = true
			c.Mounts = append(c.Mounts, volume.Mount{Volume: "data", Host: data, Target: "/vol"})
		})
	want(t, "writable", out, "/vol/x\n/dev/shm/x\n/dev/x\n/new\n")
}

// A value of fsconfig(2) has at most 255 bytes, and an image 127 layers.
func TestManyLayers(t *testing.T) {
	p := newLab(t).pod("u1")
	root := t.TempDir()
	layers := []string{"base"}
	must(t, os.Rename(p.image, filepath.Join(root, "base")))
	for i := range 126 {
		layer := "l" + strconv.Itoa(i)
		must(t, os.MkdirAll(filepath.Join(root, layer, "layers"), 0o755))
		must(t, os.WriteFile(filepath.Join(root, layer, "layers", layer), nil, 0o644))
		must(t, os.WriteFile(filepath.Join(root, layer, "top"), []byte(layer), 0o644))
		layers = append(layers, layer)
	}
	out := p.sh("ls /layers | wc -l; cat /top; touch /new", func(c *sandbox.Container) {
		c.Root.LayerRoot, c.Root.Layers = root, layers
	})
	want(t, "output", out, "126\nl125")
}

// So does a long path of the writable layer.
func TestLongRoot(t *testing.T) {
	p := newLab(t).pod("u1")
	out := p.sh("touch /new; echo ok", func(c *sandbox.Container) {
		long := filepath.Join(t.TempDir(), strings.Repeat("d", 200), strings.Repeat("e", 200))
		must(t, os.MkdirAll(long, 0o700))
		c.Root.Scratch.Dir = filepath.Join(long, "s")
		c.Root.Scratch.Pipes = filepath.Join(long, "p")
		must(t, c.Root.Scratch.Do(t.Context()))
		c.Stdout, c.Stderr = c.Root.Scratch.Stdout(), c.Root.Scratch.Stdout()
	})
	want(t, "output", out, "ok\n")
}
