package kernel

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
)

// Works that share a thread do not see where the one before them went.
func TestOneThreadComesBack(t *testing.T) {
	ability.Need(t, ability.Root)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "seen"), nil, 0o600))
	before, err := os.Getwd()
	must(t, err)
	err = OneThread(t.Context(), func(ctx context.Context) error {
		first := unix.Gettid()
		must(t, On(ctx, func(th *Thread) error {
			if unix.Gettid() != first {
				t.Error("a thread of its own")
			}
			must(t, th.Umask(0o777))
			must(t, th.Unshare(Mount))
			must(t, MakePrivate("/"))
			must(t, unix.Mount("tmpfs", dir, "tmpfs", 0, ""))
			return unix.Chdir("/")
		}))
		return On(ctx, func(*Thread) error {
			if _, err := os.Lstat(filepath.Join(dir, "seen")); err != nil {
				t.Errorf("still in the other mount namespace: %v", err)
			}
			must(t, os.Mkdir(filepath.Join(dir, "made"), 0o700))
			info, err := os.Lstat(filepath.Join(dir, "made"))
			if err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("still with the other umask: %v, %v", info, err)
			}
			if now, err := unix.Getwd(); err != nil || now != before {
				t.Errorf("in %s, %v; not %s", now, err, before)
			}
			return nil
		})
	})
	must(t, err)
}

// A program that was given another root finds it again.
func TestOneThreadComesBackToItsRoot(t *testing.T) {
	ability.Need(t, ability.Root)
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "inside"), 0o700))
	must(t, OnThread(func(th *Thread) error {
		must(t, th.UnshareFS())
		th.way = &wayBack{}
		defer th.way.close()
		// procfs is opened before the root is changed, as one is there then.
		must(t, th.leaving())
		root, err := Open(dir, unix.O_PATH)
		must(t, err)
		must(t, th.way.root.Close())
		th.way.root = root
		must(t, unix.Unshare(unix.CLONE_NEWNS))
		must(t, th.comeBack())
		if _, err := os.Lstat("/inside"); err != nil {
			t.Errorf("another root: %v", err)
		}
		return nil
	}))
}
