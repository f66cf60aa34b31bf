package sandbox_test

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// A stage that was begun and is not wanted any more leaves nothing, whether the
// pod's namespaces were there or not, or it could not be built.
func TestAbandonedStage(t *testing.T) {
	p := newLab(t).pod("u1")
	open, closed := make(chan struct{}), make(chan struct{})
	close(closed)
	for _, ready := range []<-chan struct{}{open, closed} {
		c := p.prepare(shell("echo it ran"))
		c.Prepare(ready)
		c.Abandon()
		broken := p.prepare(shell("true"))
		broken.Stdout = "/no/such/pipe"
		broken.Prepare(ready)
		broken.Abandon()
	}
}

func TestPreparedContainer(t *testing.T) {
	p := newLab(t).pod("u1")
	ready := make(chan struct{})
	c := p.prepare(shell("echo it ran"))
	c.Prepare(ready)
	broken := p.prepare(shell("true"))
	broken.Stdout = "/no/such/pipe"
	broken.Prepare(ready)
	if err := broken.Do(t.Context()); !errors.Is(err, unix.ENOENT) {
		t.Errorf("got %v", err)
	}
	close(ready)
	r, err := p.start(c)
	must(t, err)
	_, out := r.wait()
	want(t, "output", out, "it ran\n")
}
