package sandbox_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/sandbox"
	"github.com/minipod/minipod/volume"
)

func TestContainerSeesOnlyItsPod(t *testing.T) {
	p := newLab(t).pod("u1")
	out := p.sh(`echo $$ $(hostname) $(cat /etc/hosts); ls -d /proc/[0-9]*
		ip -o link | cut -d: -f2 | tr '\n' ' '; ip addr show lo | grep -o LOOPBACK,UP
		ls /dev | tr '\n' ' '; df -k /dev/shm | awk 'NR==2{print $2}'; stat -c %a /dev/shm /dev/mqueue /dev /tmp`)
	want(t, "view", out, `1 mc1 127.0.0.1 mc1
/proc/1
 lo LOOPBACK,UP
fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero 65536
1777
1777
755
1777
`)
}

func TestContainerHasOnlyItsMounts(t *testing.T) {
	l := newLab(t)
	p := l.pod("u1")
	data := t.TempDir()
	out := p.sh("cut -d' ' -f5 /proc/self/mountinfo | sort | uniq -d; grep -c shared: /proc/self/mountinfo; "+
		"cut -d' ' -f5 /proc/self/mountinfo", withVolumes(hostVolume(data, "/data")))
	allowed := []string{"/", "/data", "/proc", "/proc/", "/sys", "/sys/", "/dev", "/dev/", "/etc/hosts"}
	for i, line := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
		if i == 0 {
			want(t, "shared mounts, and no mount twice", line, "0")
			continue
		}
		ok := false
		for _, a := range allowed {
			ok = ok || line == a || strings.HasSuffix(a, "/") && a != "/" && strings.HasPrefix(line, a)
		}
		if !ok {
			t.Errorf("foreign mount %s", line)
		}
	}
}

func TestContainerReachesNothingOfTheHost(t *testing.T) {
	l := newLab(t)
	p := l.pod("u1")
	secret := filepath.Join(l.dir, "pods", "..", "secret")
	must(t, os.WriteFile(secret, nil, 0o600))
	t.Cleanup(func() { must(t, os.Remove(secret)) })
	out := p.sh(`ls -1 /proc/self/fd | wc -l; for f in /proc/1/fd/*; do readlink $f; done
		ls -d /..` + secret + ` /../../../..` + secret + ` /proc/1/root` + secret + ` /proc/1/cwd/../../..` + secret + ` 2>/dev/null
		readlink /proc/1/cwd; readlink /proc/1/root`)
	lines := strings.Split(out, "\n")
	want(t, "descriptors", lines[0], "4") // ls has the folder open
	for i, target := range lines[1:4] {
		if i == 0 && target != "/dev/null" || i > 0 && !strings.HasSuffix(target, "stdout") {
			t.Errorf("descriptor %d is %s", i, target)
		}
	}
	want(t, "the rest", strings.Join(lines[4:], " "), "/ / ")
}

func TestMasks(t *testing.T) {
	p := newLab(t).pod("u1")
	out := p.sh(`cd /proc; for f in kcore keys timer_list interrupts latency_stats timer_stats sched_debug; do [ ! -e $f ] || wc -c <$f | sed "s/^/$f /"; done
		for d in acpi scsi asound; do [ ! -e $d ] || ls -A $d; done; ls -A /sys/firmware /sys/devices/virtual/powercap 2>/dev/null | grep -v :
		for f in sys/kernel/hostname sys/vm/drop_caches sysrq-trigger irq/default_smp_affinity /sys/kernel/mm/x /sys/x; do
		  (echo 1 >$f) 2>&1 | grep -q 'Read-only\|nonexistent\|Permission' || echo $f is writable; done
		mount -o remount,rw /proc/sys 2>/dev/null && echo remounted; umount /proc/keys 2>/dev/null && echo unmounted; true`)
	for line := range strings.Lines(out) {
		if !strings.HasSuffix(line, " 0\n") {
			t.Errorf("not masked: %s", line)
		}
	}
	wantIn(t, out, "keys 0\n")
	wantIn(t, p.sh("touch /proc/sys/kernel/hostname 2>&1; touch /sys/x 2>&1; true"), "hostname: Read-only", "/sys/x: Read-only")
}

// The tmpfs of /dev, the root and volumes are nodev: a node that the container
// makes opens nothing, even without a devices cgroup. The standard nodes are
// bound from the host's and work.
func TestDevices(t *testing.T) {
	l := newLab(t)
	p := l.pod("u1")
	p.do("", &volume.Tmpfs{Pin: p.pins.Mount, Name: "mem", Mode: 0o777})
	volumes := withVolumes(hostVolume(t.TempDir(), "/disk"), volume.Mount{Volume: "mem", Tree: volume.Root + "/mem", Target: "/mem"})
	out := p.sh(`for d in / /dev /dev/shm /tmp /disk /mem; do mknod $d/b b 254 0; mknod $d/c c 1 3; done
		/probe open /b /dev/b /dev/shm/b /tmp/b /disk/b /mem/b /c /dev/c /dev/shm/c /disk/c /mem/c`, withProbe(t), volumes,
		func(c *sandbox.Container) { c.Process.Env = []string{"SANDBOX_PROBE=1"} })
	for line := range strings.Lines(out) {
		if !strings.HasSuffix(line, " permission denied\n") {
			t.Errorf("a node opened: %s", line)
		}
	}
	if n := strings.Count(out, "\n"); n != 11 {
		t.Errorf("%d nodes were tried: %s", n, out)
	}
	out = p.sh(`echo x >/dev/null && head -c 3 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c; head -c 3 /dev/random | wc -c
		echo x 2>&1 >/dev/full | grep -o 'No space'; (: </dev/tty) 2>&1 | grep -o 'No such device'; cat /dev/fd/0 </dev/null`,
		as(sandbox.User{Image: "user"}))
	want(t, "standard nodes", out, "3\n3\n3\nNo space\nNo such device\n")
}

// A process that is not root must be able to open its output again (nginx and
// apache do).
func TestOutputOpensAgain(t *testing.T) {
	p := newLab(t).pod("u1")
	out := p.sh("echo out >/dev/stdout; echo err >>/dev/stderr; echo own >/proc/self/fd/1; cat </dev/stdin", as(sandbox.User{Image: "user"}))
	want(t, "output", out, "out\nerr\nown\n")
}

// The directory above the pipes lets nobody else of the host in.
func TestPipesAreOfTheirContainerAlone(t *testing.T) {
	p := newLab(t).pod("u1")
	c := p.prepare(shell("true"))
	for path, mode := range map[string]uint32{c.Stdout: 0o666, filepath.Dir(c.Stdout): 0o700} {
		var st unix.Stat_t
		must(t, unix.Stat(path, &st))
		if st.Mode&0o777 != mode {
			t.Errorf("mode of %s is %o, want %o", path, st.Mode&0o777, mode)
		}
	}
}

func TestTerminals(t *testing.T) {
	p := newLab(t).pod("u1")
	for _, u := range []sandbox.User{{}, {Image: "user"}} {
		want(t, "terminal", p.output(probe("terminal"), withProbe(t), as(u)), "\"through\\r\\n\"\n")
	}
}
