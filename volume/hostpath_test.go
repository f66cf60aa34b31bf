package volume

import (
	"context"
	"net"
	"testing"

	"golang.org/x/sys/unix"
	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/internal/ability"
)

func TestHostPathTypes(t *testing.T) {
	ability.Need(t, ability.Root)
	dir := t.TempDir()
	write(t, dir+"/file", "")
	l, err := net.Listen("unix", dir+"/socket")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, kind := range map[string]uint32{"char": unix.S_IFCHR, "block": unix.S_IFBLK, "fifo": unix.S_IFIFO} {
		if err := unix.Mknod(dir+"/"+name, kind|0o600, int(unix.Mkdev(7, 250))); err != nil {
			t.Fatal(err)
		}
	}
	objects := map[string]v1.HostPathType{
		dir: v1.HostPathDirectory, dir + "/file": v1.HostPathFile, dir + "/socket": v1.HostPathSocket,
		dir + "/char": v1.HostPathCharDev, dir + "/block": v1.HostPathBlockDev,
	}
	for path, is := range objects {
		for asked, name := range typeNames {
			err := (&HostPath{Name: "v", Path: path, Type: asked}).Do(context.Background())
			want := "volume v: hostPath type check failed: " + path + " is not a " + name + ", it's a " + string(is)
			if asked == "" || name == typeNames[is] {
				want = ""
			}
			if got := message(err); got != want {
				t.Errorf("%s as %s: %q, want %q", path, asked, got, want)
			}
		}
	}
	err = (&HostPath{Name: "v", Path: dir + "/fifo", Type: v1.HostPathFile}).Do(context.Background())
	if want := "volume v: hostPath type check failed, " + dir + "/fifo is not a file, unable to determine its type: " +
		"only recognise file, directory, socket, block device and character device"; message(err) != want {
		t.Errorf("fifo: %q", message(err))
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestHostPathMissing(t *testing.T) {
	dir := t.TempDir()
	path := dir + "/missing"
	for asked, name := range typeNames {
		if asked == "" || asked == v1.HostPathDirectoryOrCreate || asked == v1.HostPathFileOrCreate {
			continue
		}
		err := (&HostPath{Name: "v", Path: path, Type: asked}).Do(context.Background())
		want := "volume v: hostPath type check failed, " + path + " is not a " + name +
			`, unable to determine its type: path "` + path + `" does not exist`
		if message(err) != want {
			t.Errorf("%s: %q, want %q", asked, message(err), want)
		}
	}
}

func TestHostPathCreates(t *testing.T) {
	ability.Need(t, ability.Root)
	dir := t.TempDir()
	for asked, want := range map[v1.HostPathType]struct {
		path string
		mode uint32
	}{
		v1.HostPathUnset:             {dir + "/unset/deep", 0o755},
		v1.HostPathDirectoryOrCreate: {dir + "/dir/deep", 0o755},
		v1.HostPathFileOrCreate:      {dir + "/file", 0o644},
	} {
		step := &HostPath{Name: "v", Path: want.path, Type: asked}
		do(t, step)
		do(t, step)
		if got := mode(t, want.path); got != want.mode {
			t.Errorf("%s: mode %o, want %o", asked, got, want.mode)
		}
		// It may be in use by now: it stays.
		if err := step.Undo(context.Background()); err != nil || !exists(want.path) {
			t.Errorf("%s after undo: %v", asked, err)
		}
	}
	err := (&HostPath{Name: "v", Path: dir + "/no/parent", Type: v1.HostPathFileOrCreate}).Do(context.Background())
	if want := "volume v: open " + dir + "/no/parent: no such file or directory"; message(err) != want {
		t.Errorf("FileOrCreate below nothing: %q, want %q", message(err), want)
	}
}
