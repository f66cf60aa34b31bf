package cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/internal/testimage"
)

// Without root, what touches the kernel says so; what only reads works.
func TestWithoutRoot(t *testing.T) {
	ability.Need(t, ability.Root)
	program, err := exec.LookPath("minipod")
	must(t, err)
	binary, err := os.Open(program)
	must(t, err)
	defer binary.Close()
	tests := []struct {
		args []string
		code int
	}{
		{[]string{"run", "-"}, 125},
		{[]string{"run", "--dry-run", "-"}, 125},
		{[]string{"exec", "victim", "--", "true"}, 125},
		{[]string{"delete", "pod", "victim"}, 1},
		{[]string{"gc"}, 1},
		{[]string{"image", "ls"}, 1},
		{[]string{"run", "--dry-run=yaml", "-"}, 0},
		{[]string{"help"}, 0},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			// By a descriptor: nobody else may look into our folders.
			c := exec.Command("/proc/self/fd/3", tt.args...)
			c.Args[0] = "minipod"
			c.ExtraFiles = []*os.File{binary}
			c.Stdin = strings.NewReader(victim)
			c.Dir = "/"
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			var said bytes.Buffer
			c.Stderr = &said
			if code := exitCode(c.Run()); code != tt.code {
				t.Errorf("exit code %d, want %d: %s", code, tt.code, &said)
			}
			const want = "error: minipod makes namespaces and mounts, which only root may: run it with sudo\n"
			if tt.code != 0 && said.String() != want {
				t.Errorf("it says: %s", &said)
			}
		})
	}
}

// A disk that is full while an image is unpacked: one sentence, what to do, and
// no part of the image stays.
func TestFullDiskWhileUnpacking(t *testing.T) {
	ability.Need(t, ability.Root, ability.Overlay, ability.Busybox)
	archive := testimage.Busybox(t, "docker.io/library/busybox:latest")
	l := newLab(t)
	small := t.TempDir()
	must(t, unix.Mount("small", small, "tmpfs", 0, "size=1m,mode=0700"))
	t.Cleanup(func() { must(t, unix.Unmount(small, 0)) })
	l.dirs.Root = small
	if out, err := l.minipod("image", "prune").CombinedOutput(); err != nil { // makes the empty store
		t.Fatalf("image prune: %v: %s", err, out)
	}
	before := tree(t, small)
	for _, args := range [][]string{
		{"image", "load", archive},
		{"run", "--image", "busybox=" + archive, "-"},
	} {
		c := l.minipod(args...)
		c.Stdin = strings.NewReader(victim)
		out, err := c.CombinedOutput()
		if code, want := exitCode(err), map[string]int{"image": 1, "run": 125}[args[0]]; code != want {
			t.Errorf("%s: exit code %d, want %d", args[0], code, want)
		}
		said := string(out)
		if !strings.HasPrefix(said, "error: ") || !strings.Contains(said, "no space left on device") || !strings.Contains(said, "\n       make room on that file system") {
			t.Errorf("%s says: %s", args[0], said)
		}
		if after := tree(t, small); after != before {
			t.Errorf("%s left behind:\n%s\nbefore:\n%s", args[0], after, before)
		}
	}
}

func tree(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	must(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		all = append(all, path)
		return err
	}))
	return strings.Join(all, "\n")
}
