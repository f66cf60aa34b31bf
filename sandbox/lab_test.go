package sandbox_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/cgroup"
	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/internal/leak"
	"github.com/minipod/minipod/internal/testimage"
	"github.com/minipod/minipod/ipc"
	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/netns"
	"github.com/minipod/minipod/plan"
	"github.com/minipod/minipod/sandbox"
)

// lab is a run root with an image of busybox, in folders of the test's. When
// the test has ended, nothing of it may be left on the host.
type lab struct {
	t      testing.TB
	dir    string
	image  string // the image's only layer
	cgroup string
}

func newLab(t testing.TB) *lab {
	t.Helper()
	ability.Need(t, ability.Root, ability.Overlay, ability.Busybox)
	parent, err := cgroup.Parent()
	must(t, err)
	l := &lab{t: t, dir: t.TempDir(), image: testimage.Rootfs(t)}
	l.cgroup = filepath.Join(parent+"-test", strings.ReplaceAll(strings.TrimPrefix(l.dir, os.TempDir()), "/", "_"))
	for _, dir := range []string{"pods", "pod"} {
		must(t, os.Mkdir(filepath.Join(l.dir, dir), 0o755))
	}
	leak.Check(t, leak.Scope{Dirs: []string{l.dir}, Cgroup: filepath.Base(l.cgroup)})
	t.Cleanup(settle)
	return l
}

// settle waits for the end of threads that have done their work: OnThread
// returns a moment before the thread is gone.
func settle() {
	for {
		strays, _ := filepath.Glob("/proc/self/task/[0-9]*/ns/*") // the pattern is right
		if !slices.ContainsFunc(strays, foreign) {
			return
		}
		runtime.Gosched()
	}
}

func foreign(path string) bool {
	theirs, err := os.Readlink(path)
	if err != nil {
		return false
	}
	mine, err := os.Readlink("/proc/self/ns/" + filepath.Base(path))
	return err == nil && mine != theirs
}

// pod is the sandbox of one pod of the lab.
type pod struct {
	*lab
	run    *plan.Run
	memory *memory
	ground *sandbox.Ground
	pins   sandbox.Pins
	cgroup string
	n      *int
}

type memory struct{ Records [][]byte }

func (m *memory) Append(b []byte) error { m.Records = append(m.Records, b); return nil }

// bare is a pod of which nothing is done yet. It is undone with the test.
func (l *lab) bare(uid string) *pod {
	l.t.Helper()
	p := &pod{lab: l, memory: &memory{}, n: new(int), ground: &sandbox.Ground{Dir: filepath.Join(l.dir, "ns"), UID: uid}}
	p.run, p.pins, p.cgroup = &plan.Run{Journal: p.memory}, p.ground.Pins(), filepath.Join(l.cgroup, uid)
	l.t.Cleanup(p.undo)
	return p
}

func (l *lab) pod(uid string) *pod {
	l.t.Helper()
	p := l.bare(uid)
	p.do("", p.steps()...)
	return p
}

func (p *pod) steps() []plan.Step {
	return []plan.Step{
		p.ground, &netns.Namespace{Pin: p.pins.Net}, &ipc.Namespace{Pin: p.pins.IPC},
		&sandbox.UTS{Pin: p.pins.UTS, Hostname: "mc1"},
		&sandbox.Mounts{Template: p.ground.Template(), Pin: p.pins.Mount, Etc: map[string]string{"hosts": "127.0.0.1 mc1\n"}},
		&ipc.Shm{Mount: p.pins.Mount, Size: ipc.ShmSize},
		&cgroup.Group{Dir: p.lab.cgroup, Of: "test"},
		&cgroup.Group{Dir: p.cgroup, Of: "pod"},
	}
}

func (p *pod) do(group string, steps ...plan.Step) {
	p.t.Helper()
	must(p.t, p.run.Do(context.Background(), group, steps...))
}

func (p *pod) undo() {
	p.t.Helper()
	if err := p.run.UndoAll(context.Background()); err != nil {
		p.t.Error(err)
	}
}

// in is the pod in a subtest.
func (p *pod) in(t testing.TB) *pod {
	sub, l := *p, *p.lab
	sub.lab, l.t = &l, t
	return &sub
}

type change func(c *sandbox.Container)

// prepare does all steps of a container but the last, and returns that.
func (p *pod) prepare(proc sandbox.Process, changes ...change) *sandbox.Container {
	p.t.Helper()
	*p.n++
	name := "c" + strconv.Itoa(*p.n)
	group := &cgroup.Group{Dir: filepath.Join(p.cgroup, name), Of: name}
	scratch := &sandbox.Scratch{
		Of: name, Dir: filepath.Join(p.dir, "pods", p.ground.UID, name+".0"),
		Pipes: filepath.Join(p.dir, "pod", p.ground.UID, "ctr", name),
	}
	p.do(name, group, scratch)
	c := &sandbox.Container{
		Of: name, Cgroup: group.Dir, Pins: p.pins, Process: proc, Etc: []string{"hosts"},
		Root:   sandbox.Root{LayerRoot: filepath.Dir(p.image), Layers: []string{filepath.Base(p.image)}, Skeleton: p.ground.Skeleton(), Scratch: *scratch},
		Stdout: scratch.Stdout(), Stderr: scratch.Stdout(),
	}
	for _, change := range changes {
		change(c)
	}
	return c
}

// running is a container that was started.
type running struct {
	*sandbox.Container
	t    testing.TB
	pipe *os.File
	out  *bufio.Reader
}

func (p *pod) start(c *sandbox.Container) (*running, error) {
	p.t.Helper()
	pipe, err := os.OpenFile(c.Stdout, os.O_RDONLY|unix.O_NONBLOCK, 0)
	must(p.t, err)
	p.t.Cleanup(func() { pipe.Close() })
	if err := p.run.Do(context.Background(), c.Of, c); err != nil {
		return nil, err
	}
	return &running{c, p.t, pipe, bufio.NewReader(pipe)}, nil
}

// line waits for the container's next line of output.
func (r *running) line() string {
	r.t.Helper()
	line, err := r.out.ReadString('\n')
	if err != nil {
		r.t.Fatalf("after %q: %v", line, err)
	}
	return strings.TrimSuffix(line, "\n")
}

// wait gives the exit of the container and the rest of its output.
func (r *running) wait() (kernel.Exit, string) {
	r.t.Helper()
	exit, err := kernel.Await(r.Started().PidFD)
	must(r.t, err)
	out, err := io.ReadAll(r.out)
	must(r.t, err)
	return exit, string(out)
}

// sh runs a shell script as a container that must succeed, and gives all its
// output.
func (p *pod) sh(script string, changes ...change) string {
	p.t.Helper()
	return p.output(shell(script), changes...)
}

func (p *pod) output(proc sandbox.Process, changes ...change) string {
	p.t.Helper()
	r, err := p.start(p.prepare(proc, changes...))
	must(p.t, err)
	exit, out := r.wait()
	if exit.Code != 0 {
		p.t.Fatalf("exit %+v of %q: %s", exit, proc.Argv, out)
	}
	return out
}

// refused gives the error with which a container did not start.
func (p *pod) refused(proc sandbox.Process, changes ...change) error {
	p.t.Helper()
	r, err := p.start(p.prepare(proc, changes...))
	if err == nil {
		exit, out := r.wait()
		p.t.Fatalf("%q ran: exit %+v, %s", proc.Argv, exit, out)
	}
	return err
}

func shell(script string) sandbox.Process { return sandbox.Process{Argv: []string{"sh", "-c", script}} }

// as sets who the container is.
func as(u sandbox.User) change { return func(c *sandbox.Container) { c.Process.User = u } }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func wantIn(t testing.TB, got string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("%q does not hold %q", got, part)
		}
	}
}
