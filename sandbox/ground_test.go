package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/cgroup"
	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/ipc"
	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/netns"
	"github.com/minipod/minipod/plan"
	"github.com/minipod/minipod/sandbox"
)

func inode(t testing.TB, path string) uint64 {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Stat(path, &st))
	return st.Ino
}

func TestPodsShareTheTemplate(t *testing.T) {
	l := newLab(t)
	a := l.pod("a")
	first := inode(t, a.ground.Template())
	b := l.pod("b")
	if n := inode(t, b.ground.Template()); n != first {
		t.Errorf("the template is %d, was %d", n, first)
	}
	a.undo()
	if n := inode(t, b.ground.Template()); n != first {
		t.Errorf("the template is %d after the first pod's end, was %d", n, first)
	}
	want(t, "the pod that is left", b.sh("echo ok"), "ok\n")
	b.undo()
	if _, err := os.Lstat(b.ground.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the ground is still there: %v", err)
	}
}

// A mount namespace copied from the host's also copies the pins of earlier
// pods: pod A's network lived on until B was gone. So does a hostPath above
// the pins.
func TestPodVanishesWhileAnotherLives(t *testing.T) {
	l := newLab(t)
	a := l.pod("a")
	b := l.pod("b")
	r, err := b.start(b.prepare(shell("echo up; ls /host/ns; exec sleep 1000"), withVolumes(hostVolume(l.dir, "/host"))))
	must(t, err)
	want(t, "line", r.line(), "up")
	gone := watch(t, a.pins.Net)
	a.undo()
	gone()
	must(t, kernel.Signal(r.Started().PidFD, syscall.SIGKILL))
	if _, out := r.wait(); out != "" {
		t.Errorf("the container saw the pins: %s", out)
	}
}

// watch gives a function that waits until the network namespace is destroyed:
// the kernel then takes back the number that we have for it.
func watch(t testing.TB, pin string) (gone func()) {
	t.Helper()
	const number, nsidGroup = 4711, 28 // RTNLGRP_NSID
	s, err := nl.Subscribe(unix.NETLINK_ROUTE, nsidGroup)
	must(t, err)
	t.Cleanup(s.Close)
	must(t, s.SetReceiveTimeout(&unix.Timeval{Sec: 20}))
	fd, err := kernel.Open(pin, unix.O_RDONLY)
	must(t, err)
	must(t, netlink.SetNetNsIdByFd(fd.Int(), number))
	must(t, fd.Close())
	return func() {
		t.Helper()
		for {
			messages, _, err := s.Receive()
			if err != nil {
				t.Errorf("the network namespace lives on: %v", err)
				return
			}
			for _, m := range messages {
				if m.Header.Type == unix.RTM_DELNSID {
					return
				}
			}
		}
	}
}

func TestUndoTwice(t *testing.T) {
	p := newLab(t).pod("u1")
	p.sh("true")
	due := p.run.Due()
	for range 2 {
		for _, s := range slices.Backward(due) {
			if err := s.Undo(t.Context()); err != nil {
				t.Errorf("undo of %s: %v", s, err)
			}
		}
	}
}

// Nothing was done yet, or the whole run root is gone after a reboot.
func TestUndoOfNothing(t *testing.T) {
	p := newLab(t).bare("u1")
	p.ground.Dir = filepath.Join(p.dir, "gone", "ns")
	for _, s := range slices.Backward(p.steps()) {
		if err := s.Undo(t.Context()); err != nil {
			t.Errorf("undo of %s: %v", s, err)
		}
	}
}

var kinds = plan.NewKinds(&sandbox.Ground{}, &sandbox.UTS{}, &sandbox.Mounts{}, &sandbox.Scratch{}, &sandbox.Container{},
	&netns.Namespace{}, &ipc.Namespace{}, &ipc.Shm{}, &cgroup.Group{})

func TestUndoInAnotherProcess(t *testing.T) {
	if again := os.Getenv("SANDBOX_JOURNAL"); again != "" {
		b, err := os.ReadFile(again)
		must(t, err)
		m := &memory{}
		must(t, json.Unmarshal(b, m))
		run, err := plan.Recover(kinds, m.Records)
		must(t, err)
		run.Journal = m
		must(t, run.UndoAll(t.Context()))
		return
	}
	l := newLab(t)
	for step := range l.bare("").steps() {
		p := l.bare("u" + strconv.Itoa(step))
		p.do("", p.steps()[:step+1]...)
		if step == len(p.steps())-1 {
			r, err := p.start(p.prepare(shell("echo up; sleep 1000 & exec sleep 1000")))
			must(t, err)
			want(t, "line", r.line(), "up")
			defer r.wait()
		}
		journal := filepath.Join(t.TempDir(), "journal")
		b, err := json.Marshal(p.memory)
		must(t, err)
		must(t, os.WriteFile(journal, b, 0o600))
		again(t, nil, "SANDBOX_JOURNAL="+journal)
		p.run = &plan.Run{Journal: p.memory}
		if _, err := os.Lstat(p.ground.Dir); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("after step %d the ground is still there: %v", step, err)
		}
	}
}

// What a crash leaves half made is finished by the next pod, and all goes with
// the last.
func TestHalfMadeGround(t *testing.T) {
	for name, breakIt := range map[string]func(g *sandbox.Ground) error{
		"folder":            func(g *sandbox.Ground) error { return os.Mkdir(g.Dir, 0o700) },
		"template":          func(g *sandbox.Ground) error { return half(g, g.Template(), false) },
		"skeleton":          func(g *sandbox.Ground) error { return half(g, g.Skeleton()+".new", true) },
		"no skeleton":       func(g *sandbox.Ground) error { return half(g, "", false) },
		"pod without a pin": func(g *sandbox.Ground) error { return half(g, g.Pins().Net, false) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			a := l.bare("a")
			must(t, breakIt(a.ground))
			if name == "pod without a pin" {
				must(t, a.ground.Undo(t.Context()))
			}
			b := l.pod("b")
			want(t, "container", b.sh("cat /etc/hosts; ls -d /dev /sys"), "127.0.0.1 mc1\n/dev\n/sys\n")
		})
	}
}

// half makes a ground of which template and skeleton are missing, but for what
// is at path.
func half(g *sandbox.Ground, path string, dir bool) error {
	err := g.Do(context.Background())
	if path == g.Pins().Net {
		return errors.Join(err, os.WriteFile(path, nil, 0o400))
	}
	err = errors.Join(err, os.Remove(filepath.Dir(g.Pins().Net)), kernel.Unpin(g.Template()), os.RemoveAll(g.Skeleton()))
	if path == "" {
		return err
	}
	if dir {
		return errors.Join(err, os.MkdirAll(filepath.Join(path, "etc"), 0o755))
	}
	return errors.Join(err, os.WriteFile(path, nil, 0o400))
}

// Several commands make, use and drop the ground of one run root at a time.
func TestGroundOfManyProcesses(t *testing.T) {
	const mark = "SANDBOX_GROUND"
	if dir := os.Getenv(mark); dir != "" {
		for n := range 10 {
			g := &sandbox.Ground{Dir: dir, UID: strconv.Itoa(os.Getpid()) + "-" + strconv.Itoa(n)}
			m := &sandbox.Mounts{Template: g.Template(), Pin: g.Pins().Mount}
			run := &plan.Run{Journal: &memory{}}
			must(t, run.Do(t.Context(), "", g, m))
			must(t, run.UndoAll(t.Context()))
		}
		return
	}
	l := newLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all []*exec.Cmd
	for range 4 {
		cmd := exec.CommandContext(ctx, "/proc/self/exe", "-test.run=^TestGroundOfManyProcesses$")
		cmd.Env = append(os.Environ(), mark+"="+filepath.Join(l.dir, "ns"))
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		must(t, cmd.Start())
		all = append(all, cmd)
	}
	for _, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// Outside the initial mount namespace the kernel refuses to pin a namespace
// with a lower number than the caller's, and numbers come in batches, one for
// each processor.
func TestInAnotherMountNamespace(t *testing.T) {
	ability.Need(t, ability.Root)
	if again(t, &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}) {
		return
	}
	l := newLab(t)
	for n := range 30 {
		p := l.bare("u" + strconv.Itoa(n))
		p.do("", p.ground, &sandbox.Mounts{Template: p.ground.Template(), Pin: p.pins.Mount})
		p.undo()
	}
	want(t, "container", l.pod("u").sh("echo ok"), "ok\n")
}

// A service manager makes every mount of the host shared.
func TestOnASharedMount(t *testing.T) {
	ability.Need(t, ability.Root)
	if again(t, &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}) {
		return
	}
	must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""))
	a := newLab(t).pod("a")
	want(t, "shared mounts", a.sh("grep -c shared: /proc/self/mountinfo; true"), "0\n")
}
