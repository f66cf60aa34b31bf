package volume

import (
	"errors"
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// makeVolume is a volume of the host beside a secret file.
func makeVolume(t *testing.T) (dir, secret string) {
	t.Helper()
	base := mountTmpfs(t)
	dir, secret = base+"/volume", base+"/secret"
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Chmod(dir, 0o2775); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(secret, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, secret+"/key", "secret")
	return dir, secret
}

func link(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}

func TestSubPathMakesDirectoriesWithTheModeOfTheRoot(t *testing.T) {
	dir, _ := makeVolume(t)
	link(t, "a/b", dir+"/inside") // existing links within the volume are followed
	mustOpen(t, "", Mount{Volume: "v", Host: dir, SubPath: "a/b", Target: "/v"})
	got := mustOpen(t, "", Mount{Volume: "v", Host: dir, SubPath: "inside/c/d/", Target: "/v"})
	write(t, got+"/file", "x")
	if read(t, dir+"/a/b/c/d/file") != "x" {
		t.Error("subPath is not the directory of that name")
	}
	for _, made := range []string{"/a", "/a/b", "/a/b/c", "/a/b/c/d"} {
		if m := mode(t, dir+made); m != 0o2775 {
			t.Errorf("mode of %s is %o, want that of the volume, 2775", made, m)
		}
	}
}

func TestSubPathOfAFile(t *testing.T) {
	dir, _ := makeVolume(t)
	write(t, dir+"/nginx.conf", "conf")
	got := mustOpen(t, "", Mount{Volume: "v", Host: dir, SubPath: "nginx.conf", Target: "/etc/nginx.conf", ReadOnly: true})
	if read(t, got) != "conf" {
		t.Error("not that file")
	}
	if f, err := os.OpenFile(got, os.O_WRONLY, 0); !errors.Is(err, unix.EROFS) {
		f.Close()
		t.Errorf("write: %v, want EROFS", err)
	}
}

func TestSubPathCannotLeadOut(t *testing.T) {
	dir, secret := makeVolume(t)
	link(t, secret, dir+"/absolute")
	link(t, "../secret", dir+"/relative")
	link(t, "/proc/self/root", dir+"/magic")
	link(t, "nowhere", dir+"/dangling")
	link(t, "loop", dir+"/loop")
	write(t, dir+"/file", "")
	for sub, want := range map[string]error{
		"absolute":      unix.EXDEV,
		"absolute/key":  unix.EXDEV,
		"absolute/new":  unix.EXDEV,
		"relative":      unix.EXDEV,
		"relative/new":  unix.EXDEV,
		"../secret":     unix.EXDEV,
		"magic/etc":     unix.EXDEV,
		"dangling":      unix.ENOTDIR, // not followed: O_NOFOLLOW with O_DIRECTORY
		"dangling/deep": unix.ENOTDIR,
		"loop":          unix.ELOOP,
		"file/below":    unix.ENOTDIR,
	} {
		_, err := open(t, "", Mount{Volume: "v", Host: dir, SubPath: sub, Target: "/v"})
		if !errors.Is(err, want) {
			t.Errorf("subPath %s: %v, want %v", sub, err, want)
		}
	}
	if left, err := os.ReadDir(secret); err != nil || len(left) != 1 {
		t.Errorf("outside the volume: %v, %v", left, err)
	}
}

// Another container exchanges a directory and a symlink all the time.
func TestSubPathRace(t *testing.T) {
	dir, secret := makeVolume(t)
	if err := os.Mkdir(dir+"/sub", 0o777); err != nil {
		t.Fatal(err)
	}
	link(t, secret, dir+"/other")
	stop := make(chan struct{})
	var attacker sync.WaitGroup
	attacker.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				err := unix.Renameat2(unix.AT_FDCWD, dir+"/sub", unix.AT_FDCWD, dir+"/other", unix.RENAME_EXCHANGE)
				if err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	m := Mount{Volume: "v", Host: dir, Target: "/v"}
	var good, bad int
	for n := range 5000 {
		m.SubPath = []string{"sub", "sub/new", "sub/deep/er"}[n%3]
		fd, err := m.Open()
		if err != nil {
			bad++
			continue
		}
		good++
		if _, err := os.Stat(fd.Path() + "/key"); err == nil {
			t.Fatal("the mount shows what is outside the volume")
		}
		fd.Close()
	}
	close(stop)
	attacker.Wait()
	if good == 0 || bad == 0 {
		t.Errorf("no race: %d mounts, %d refusals", good, bad)
	}
	if left, err := os.ReadDir(secret); err != nil || len(left) != 1 {
		t.Errorf("outside the volume: %v, %v", left, err)
	}
}
