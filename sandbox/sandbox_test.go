package sandbox_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/cgroup"
	"github.com/minipod/minipod/ipc"
	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/netns"
	"github.com/minipod/minipod/plan"
	"github.com/minipod/minipod/sandbox"
)

// lab is one pod's sandbox on real namespaces, in directories of the test's.
type lab struct {
	tb     testing.TB
	run    *plan.Run
	ground *sandbox.Ground
	dir    string
	layer  string
	cgroup string
	n      int
}

type memory struct{ records [][]byte }

func (m *memory) Append(b []byte) error { m.records = append(m.records, b); return nil }

func newLab(tb testing.TB) *lab {
	tb.Helper()
	dir := tb.TempDir()
	parent, err := cgroup.Parent()
	if err != nil {
		tb.Fatal(err)
	}
	l := &lab{
		tb: tb, dir: dir, layer: filepath.Join(dir, "layer"), cgroup: filepath.Join(parent+"-test", filepath.Base(dir)+"-"+tb.Name()),
		run:    &plan.Run{Journal: &memory{}},
		ground: &sandbox.Ground{Dir: filepath.Join(dir, "ns"), UID: "u1"},
	}
	busybox(tb, l.layer)
	tb.Cleanup(func() {
		if err := l.run.UndoAll(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	pins := l.ground.Pins()
	l.do("", l.ground, &netns.Namespace{Pin: pins.Net}, &ipc.Namespace{Pin: pins.IPC},
		&sandbox.UTS{Pin: pins.UTS, Hostname: "mc1"},
		&sandbox.Mounts{Template: l.ground.Template(), Pin: pins.Mount, Etc: map[string]string{"hosts": "127.0.0.1 mc1\n"}},
		&ipc.Shm{Mount: pins.Mount, Size: ipc.ShmSize},
		&cgroup.Group{Dir: l.cgroup, Of: "test"})
	return l
}

func (l *lab) do(group string, steps ...plan.Step) {
	l.tb.Helper()
	if err := l.run.Do(context.Background(), group, steps...); err != nil {
		l.tb.Fatal(err)
	}
}

// busybox makes a root filesystem of a static busybox with its applets.
func busybox(tb testing.TB, dir string) {
	tb.Helper()
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		tb.Fatal(err)
	}
	b, err := os.ReadFile("/bin/busybox")
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "busybox"), b, 0o755); err != nil {
		tb.Fatal(err)
	}
	list, err := exec.Command("/bin/busybox", "--list").Output()
	if err != nil {
		tb.Fatal(err)
	}
	for name := range strings.FieldsSeq(string(list)) {
		if name != "busybox" {
			if err := os.Symlink("busybox", filepath.Join(bin, name)); err != nil {
				tb.Fatal(err)
			}
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "etc"), 0o755); err != nil {
		tb.Fatal(err)
	}
	passwd := "root:x:0:0::/root:/bin/sh\nweb:x:101:102::/srv:/bin/sh\n"
	if err := os.WriteFile(filepath.Join(dir, "etc/passwd"), []byte(passwd), 0o644); err != nil {
		tb.Fatal(err)
	}
	group := "root:x:0:\nweb:x:102:\nlog:x:103:web\n"
	if err := os.WriteFile(filepath.Join(dir, "etc/group"), []byte(group), 0o644); err != nil {
		tb.Fatal(err)
	}
}

// prepare does all steps of a container but the last, and returns that.
func (l *lab) prepare(p sandbox.Process) *sandbox.Container {
	l.tb.Helper()
	l.n++
	name := string(rune('a'+l.n%26)) + filepath.Base(l.tb.TempDir())
	group := &cgroup.Group{Dir: filepath.Join(l.cgroup, name), Of: name}
	scratch := &sandbox.Scratch{Of: name, Dir: filepath.Join(l.dir, "pods/u1", name, "0"), Pipes: filepath.Join(l.dir, "pod/ctr", name, "0")}
	l.do(name, group, scratch)
	return &sandbox.Container{
		Of: name, Cgroup: group.Dir, Pins: l.ground.Pins(), Process: p, Etc: []string{"hosts"},
		Root:   sandbox.Root{LayerRoot: l.dir, Layers: []string{"layer"}, Skeleton: l.ground.Skeleton(), Scratch: *scratch},
		Stdout: scratch.Stdout(), Stderr: scratch.Stderr(),
	}
}

// sh runs a shell script as a container and gives its exit and all output.
func (l *lab) sh(c *sandbox.Container) (kernel.Exit, string) {
	l.tb.Helper()
	c.Stderr = c.Stdout
	r, err := os.OpenFile(c.Stdout, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		l.tb.Fatal(err)
	}
	defer r.Close()
	l.do(c.Of, c)
	exit, err := kernel.Await(c.Started().PidFD)
	if err != nil {
		l.tb.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		l.tb.Fatal(err)
	}
	return exit, string(out)
}

func script(s string) sandbox.Process { return sandbox.Process{Argv: []string{"sh", "-c", s}} }

func TestContainerSeesOnlyItsPod(t *testing.T) {
	l := newLab(t)
	exit, out := l.sh(l.prepare(script(`
		echo pid $$; hostname; id -u; cat /etc/hosts; ls /; ls /dev; ls /proc/self/fd
		grep Cap /proc/self/status; cat /proc/1/cgroup | tail -1 | wc -l
		touch /proc/sys/kernel/hostname 2>/dev/null || echo ro; ip addr show lo | grep -o LOOPBACK,UP
		echo x > /dev/null && head -c 3 /dev/zero | wc -c; cat /proc/kcore | wc -c; df /dev/shm | tail -1 | awk '{print $2}'
		awk '{print $5}' /proc/self/mountinfo | sort | tr '\n' ' '; exit 3`)))
	if exit.Code != 3 {
		t.Errorf("exit %+v", exit)
	}
	t.Log(out)
}
