package sandbox_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/sandbox"
)

// What a container writes into the file for its message is read when it is
// gone, wherever the file is and whoever the container runs as.
func TestTerminationMessage(t *testing.T) {
	p := newLab(t).pod("u1")
	uid := int64(1000)
	for path, change := range map[string]change{
		"/dev/termination-log": func(*sandbox.Container) {},
		"/some/where/else":     func(*sandbox.Container) {},
		"/etc/passwd":          func(c *sandbox.Container) { c.Process.User.UID = &uid },
		"/dev/ro":              func(c *sandbox.Container) { c.Root.ReadOnly = true },
	} {
		for range 2 { // as a container is started again
			r, err := p.start(p.prepare(shell("echo the last words > "+path), change, func(c *sandbox.Container) { c.Message = path }))
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			if exit, _ := r.wait(); exit.Code != 0 {
				t.Errorf("%s: exit %d", path, exit.Code)
			}
			text := make([]byte, 100)
			n, err := unix.Pread(r.Started().Message.Int(), text, 0)
			must(t, err)
			want(t, path, string(text[:n]), "the last words\n")
			must(t, r.Started().Message.Close())
		}
	}
}

// A place that cannot be, like those of volumes, is one error.
func TestTerminationMessageOnNoPlace(t *testing.T) {
	p := newLab(t).pod("u1")
	for _, path := range []string{"/", "/proc/x", "/bin"} {
		_, err := p.start(p.prepare(shell("true"), func(c *sandbox.Container) { c.Message = path }))
		if err == nil {
			t.Errorf("%s: it started", path)
			continue
		}
		t.Log(err)
	}
}
