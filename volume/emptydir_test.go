package volume

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/kernel"
)

func TestTmpfsIsSharedByMountsAndHasItsMode(t *testing.T) {
	pin := newPod(t)
	do(t, &Tmpfs{Pin: pin, Name: "html", SizeBytes: 1 << 20, Mode: 0o777})
	one := mustOpen(t, pin, Mount{Volume: "html", Tree: "/vol/html", Target: "/a"})
	two := mustOpen(t, pin, Mount{Volume: "html", Tree: "/vol/html", Target: "/b", ReadOnly: true})
	if got := mode(t, one); got != 0o777 {
		t.Errorf("mode %o, want 777", got)
	}
	write(t, one+"/index.html", "hello")
	if got := read(t, two+"/index.html"); got != "hello" {
		t.Errorf("other container reads %q", got)
	}
	if err := os.WriteFile(two+"/x", nil, 0o600); !errors.Is(err, unix.EROFS) {
		t.Errorf("write through the read-only mount: %v, want EROFS", err)
	}
}

func TestTmpfsEnforcesItsSize(t *testing.T) {
	pin := newPod(t)
	do(t, &Tmpfs{Pin: pin, Name: "v", SizeBytes: 64 << 10, Mode: 0o1777})
	dir := mustOpen(t, pin, Mount{Volume: "v", Tree: "/vol/v", Target: "/v"})
	if got := mode(t, dir); got != 0o1777 {
		t.Errorf("mode %o, want 1777", got)
	}
	if err := os.WriteFile(dir+"/fits", bytes.Repeat([]byte("x"), 32<<10), 0o600); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(dir+"/big", bytes.Repeat([]byte("x"), 64<<10), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("write beyond the size: %v, want ENOSPC", err)
	}
}

func TestNoDeviceNodeWorksInAVolume(t *testing.T) {
	pin := newPod(t)
	host := mountTmpfs(t)
	do(t, &Tmpfs{Pin: pin, Name: "v", Mode: 0o777})
	for _, m := range []Mount{
		{Volume: "v", Tree: "/vol/v", Target: "/v"},
		{Volume: "h", Host: host, Target: "/h"},
	} {
		dir := mustOpen(t, pin, m)
		if err := unix.Mknod(dir+"/null", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Open(dir + "/null"); !errors.Is(err, unix.EACCES) {
			t.Errorf("%s: device opens with %v, want EACCES", m.Volume, err)
		}
	}
}

func TestTmpfsUndo(t *testing.T) {
	pin := newPod(t)
	step := &Tmpfs{Pin: pin, Name: "v", Mode: 0o777}
	do(t, step)
	inPod(t, pin, func() error { return os.WriteFile("/vol/v/f", nil, 0o600) })
	for range 2 {
		if err := step.Undo(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	inPod(t, pin, func() error {
		if _, err := os.Lstat("/vol/v"); !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("after undo: %w", err)
		}
		return nil
	})
	do(t, step) // can be done again
}

func TestUndoInAnotherProcess(t *testing.T) {
	for _, gone := range []string{"nothing", "namespace", "pin"} {
		t.Run(gone+" gone", func(t *testing.T) {
			base := t.TempDir()
			pin := base + "/mnt"
			if err := os.Symlink(newPod(t), pin); err != nil {
				t.Fatal(err)
			}
			disk := base + "/uid/volumes"
			j := do(t,
				&Tmpfs{Pin: pin, Name: "mem", Mode: 0o777},
				&Dir{Name: "disk", Path: disk + "/disk", Mode: 0o777},
				&Files{Pin: pin, Name: "conf", Count: 1, Contents: []File{{Path: "a", Data: []byte("secret")}}},
				&HostPath{Name: "h", Path: "/etc"})
			for _, r := range j.Records {
				if bytes.Contains(r, []byte("Contents")) {
					t.Errorf("journal holds the contents: %s", r)
				}
			}
			write(t, disk+"/disk/file", "x")
			if gone != "nothing" {
				if err := os.Remove(pin); err != nil {
					t.Fatal(err)
				}
			}
			if gone == "namespace" { // killed before it was mounted on its pin
				write(t, pin, "")
			}
			undoElsewhere(t, j)
			undoElsewhere(t, j)
			if _, err := os.Stat(base + "/uid"); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("directory on disk after undo: %v", err)
			}
			if gone == "nothing" {
				inPod(t, pin, rootIsEmpty)
			}
		})
	}
}

func rootIsEmpty() error {
	left, err := os.ReadDir(Root)
	if err == nil && len(left) > 0 {
		return fmt.Errorf("left in the pod: %v", left)
	}
	return err
}

func TestDir(t *testing.T) {
	ability.Need(t, ability.Root)
	base := t.TempDir()
	outside := mountTmpfs(t)
	write(t, outside+"/keep", "x")
	step := &Dir{Name: "v", Path: base + "/uid/volumes/v", Mode: 0o777}
	do(t, step)
	if got := mode(t, step.Path); got != 0o777 {
		t.Errorf("mode %o, want 777", got)
	}
	if got := mode(t, base+"/uid"); got != 0o700 {
		t.Errorf("mode of the directory above %o, want 700", got)
	}
	// What a container can leave behind: a link out, a deep tree, and with
	// Bidirectional propagation mounts in and on the volume.
	if err := os.Symlink(outside, step.Path+"/link"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(step.Path+"/a/b/c", 0); err != nil {
		t.Fatal(err)
	}
	for _, on := range []string{step.Path + "/a", step.Path} {
		if err := unix.Mount(outside, on, "", unix.MS_BIND, ""); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := step.Undo(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, outside+"/keep"); got != "x" {
		t.Errorf("outside file %q", got)
	}
	if left, err := os.ReadDir(base); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestDirLeavesTheDirectoriesOfOthers(t *testing.T) {
	base := t.TempDir()
	step := &Dir{Name: "v", Path: base + "/uid/volumes/v", Mode: 0o777}
	do(t, step)
	write(t, base+"/uid/other", "")
	if err := step.Undo(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(base + "/uid/other"); err != nil {
		t.Error(err)
	}
}

func BenchmarkTmpfs(b *testing.B) {
	step := &Tmpfs{Pin: newPod(b), Name: "v", SizeBytes: 1 << 20, Mode: 0o777}
	b.Run("do+undo", func(b *testing.B) {
		for b.Loop() {
			if err := errors.Join(step.Do(context.Background()), step.Undo(context.Background())); err != nil {
				b.Fatal(err)
			}
		}
	})
	if err := step.Do(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.Run("open", func(b *testing.B) {
		m := Mount{Volume: "v", Tree: "/vol/v", Target: "/v"}
		err := kernel.OnThread(func(t *kernel.Thread) error {
			if err := t.Enter(kernel.Mount, step.Pin); err != nil {
				return err
			}
			for b.Loop() {
				fd, err := m.Open()
				if err != nil {
					return err
				}
				fd.Close()
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	})
}
