package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func openRoot(t *testing.T) (*FD, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "root")
	must(t, os.Mkdir(dir, 0o755))
	root, err := Open(dir, unix.O_PATH)
	must(t, err)
	t.Cleanup(func() { root.Close() })
	for link, to := range map[string]string{
		"abs": "/a/b", "rel": "x/y", "up": "../../../..", "loop": "loop", "ping": "pong", "pong": "ping",
		"chain": "/rel/z", "to-file": "etc/new", "dots": "x/../q",
	} {
		must(t, os.Symlink(to, filepath.Join(dir, link)))
	}
	must(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o644))
	return root, dir
}

func TestMakeInRoot(t *testing.T) {
	for name, tt := range map[string]struct {
		where string
		err   error
	}{
		"plain/deep": {"plain/deep", nil}, "/abs/c": {"a/b/c", nil}, "rel": {"x/y", nil}, "chain/1": {"x/y/z/1", nil},
		"up/n": {"n", nil}, "../../m": {"m", nil}, "up/../abs/k": {"a/b/k", nil}, "dots/r": {"q/r", nil}, "a//b/./c/": {"a/b/c", nil},
		"loop/x": {"", unix.ELOOP}, "ping": {"", unix.ELOOP}, "file/x": {"", unix.ENOTDIR}, "file/x/y": {"", unix.ENOTDIR},
	} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			for kind, makeIt := range map[string]func(root *FD) (*FD, error){
				"directory": func(root *FD) (*FD, error) { return MkdirIn(root, name, 0o755) },
				"file":      func(root *FD) (*FD, error) { return CreateIn(root, name) },
			} {
				root, dir := openRoot(t)
				for range 2 { // made, and then found
					f, err := makeIt(root)
					if !errors.Is(err, tt.err) {
						t.Fatalf("%s: got %v, want %v", kind, err, tt.err)
					}
					if err != nil {
						break
					}
					info, serr := os.Lstat(filepath.Join(dir, tt.where))
					if serr != nil || info.IsDir() != (kind == "directory") {
						t.Errorf("%s: %v, %v", kind, info, serr)
					}
					must(t, f.Close())
				}
				others, err := os.ReadDir(filepath.Dir(dir))
				if err != nil || len(others) != 1 {
					t.Errorf("%s: beside the root are %v, %v", kind, others, err)
				}
			}
		})
	}
}

func TestIsIn(t *testing.T) {
	root, _ := openRoot(t)
	open := func(name string) *FD {
		f, err := MkdirIn(root, name, 0o755)
		must(t, err)
		t.Cleanup(func() { f.Close() })
		return f
	}
	proc := open("proc")
	for name, want := range map[string]bool{"proc": true, "proc/1/fd": true, "process": false, ".": false, "a/proc": false} {
		if got, err := open(name).IsIn(proc, root); err != nil || got != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
