package testimage_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/internal/testimage"
)

func TestRootfsRunsItsShell(t *testing.T) {
	ability.Need(t, ability.Root)
	root := testimage.Rootfs(t)
	out, err := exec.Command("chroot", root, "/bin/sh", "-c", "id -un; echo $((6*7))").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := string(out); got != "root\n42\n" {
		t.Errorf("the shell says %q", got)
	}
}

func TestArchivesHoldAnIndexAndTheLayer(t *testing.T) {
	ability.Need(t, ability.Busybox)
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	for what, archive := range map[string]string{
		"busybox": testimage.Busybox(t, "docker.io/library/busybox:latest"),
		"static":  testimage.Static(t, busybox, "docker.io/library/one:latest"),
	} {
		dir := t.TempDir()
		if out, err := exec.Command("tar", "-xf", archive, "-C", dir).CombinedOutput(); err != nil {
			t.Fatalf("%s: tar: %v: %s", what, err, out)
		}
		index, err := os.ReadFile(filepath.Join(dir, "index.json"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(index), "docker.io/library/") {
			t.Errorf("%s: the index holds no name: %s", what, index)
		}
	}
}
