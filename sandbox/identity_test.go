package sandbox_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/sandbox"
)

func id(n int64) *int64 { return &n }

// defaultSet are containerd's 14 default capabilities as a mask.
const defaultSet = "00000000a80425fb"

const none = "0000000000000000"

// who prints identity and capabilities in one line each.
const who = `echo $(id -u) $(id -g) $(id -G) $HOME; awk '/^Cap|^NoNew/{printf "%s%s ",$1,$2}' /proc/self/status`

func TestUser(t *testing.T) {
	p := newLab(t).pod("u1")
	root := "CapInh:" + none + " CapPrm:" + defaultSet + " CapEff:" + defaultSet + " CapBnd:" + defaultSet + " CapAmb:" + none + " NoNewPrivs:0 "
	user := "CapInh:" + none + " CapPrm:" + none + " CapEff:" + none + " CapBnd:" + defaultSet + " CapAmb:" + none + " NoNewPrivs:0 "
	for name, tt := range map[string]struct {
		user sandbox.User
		want string
	}{
		"nobody said":               {sandbox.User{}, "0 0 0 /root\n" + root},
		"name":                      {sandbox.User{Image: "user"}, "1000 1000 1000 2000 /tmp\n" + user},
		"number with a name":        {sandbox.User{Image: "1000"}, "1000 1000 1000 2000 /tmp\n" + user},
		"name and group":            {sandbox.User{Image: "user:extra"}, "1000 2000 2000 /tmp\n" + user},
		"number and group":          {sandbox.User{Image: "7:8"}, "7 8 8 /\n" + user},
		"uid without a name":        {sandbox.User{UID: id(4242)}, "4242 0 0 /\n" + user},
		"uid before the image":      {sandbox.User{UID: id(4242), Image: "user"}, "4242 0 0 /\n" + user},
		"gid before the image":      {sandbox.User{GID: id(7), Image: "user"}, "1000 7 7 2000 /tmp\n" + user},
		"gid alone":                 {sandbox.User{GID: id(7)}, "0 7 7 /root\n" + root},
		"uid, gid and their groups": {sandbox.User{UID: id(1000), GID: id(7)}, "1000 7 7 2000 /tmp\n" + user},
	} {
		want(t, name, p.sh(who, as(tt.user)), tt.want)
	}
}

func TestUnknownUser(t *testing.T) {
	p := newLab(t).pod("u1")
	for _, image := range []string{"nobody-here", "user:nogroup", "99999999999"} {
		err := p.refused(shell("true"), as(sandbox.User{Image: image}))
		wantIn(t, err.Error(), `user "`+image+`"`)
	}
}

func TestNoNewPrivileges(t *testing.T) {
	p := newLab(t).pod("u1")
	for _, u := range []sandbox.User{{}, {UID: id(1000)}} {
		wantIn(t, p.sh(who, as(u), func(c *sandbox.Container) { c.Process.NoNewPrivileges = true }), "NoNewPrivs:1 ")
	}
}

// The bounding set does not limit what execve takes from the inheritable set:
// a minipod that was given capabilities to pass on (by a service manager, say)
// must not pass them on to a container.
func TestInheritedCapabilitiesStayOutside(t *testing.T) {
	ability.Need(t, ability.Root)
	if again(t, &syscall.SysProcAttr{AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_CHOWN}}) {
		return
	}
	p := newLab(t).pod("u1")
	wantIn(t, p.sh(who), "CapInh:"+none, "CapPrm:"+defaultSet, "CapAmb:"+none)
	wantIn(t, p.sh(who, as(sandbox.User{UID: id(1000)})), "CapInh:"+none, "CapPrm:"+none, "CapAmb:"+none)
}

// A file of accounts is the image's word: nothing outside the root is read by
// it, nothing blocks, and what is read is bounded.
func TestHostileAccounts(t *testing.T) {
	l := newLab(t)
	p := l.pod("u1")
	outside := filepath.Join(t.TempDir(), "passwd")
	must(t, os.WriteFile(outside, []byte("evil:x:7:7::/:/bin/sh\n"), 0o644))
	for name, tt := range map[string]struct {
		make func(path string) error
		want string
	}{
		"FIFO":      {func(path string) error { return unix.Mkfifo(path, 0o644) }, "not a regular file"},
		"symlink":   {func(path string) error { return os.Symlink(outside, path) }, `user "evil"`},
		"climbing":  {func(path string) error { return os.Symlink("../../../../../../../.."+outside, path) }, `user "evil"`},
		"directory": {func(path string) error { return os.Mkdir(path, 0o755) }, "not a regular file"},
		"huge": {func(path string) error {
			must(t, os.WriteFile(path, nil, 0o644))
			return os.Truncate(path, 1<<40)
		}, `user "evil"`},
	} {
		t.Run(name, func(t *testing.T) {
			layer := filepath.Join(t.TempDir(), "layer")
			must(t, os.MkdirAll(filepath.Join(layer, "etc"), 0o755))
			must(t, tt.make(filepath.Join(layer, "etc/passwd")))
			err := p.in(t).refused(shell("true"), as(sandbox.User{Image: "evil"}), func(c *sandbox.Container) {
				c.Root.Layers = append(c.Root.Layers, layer)
			})
			wantIn(t, err.Error(), tt.want)
		})
	}
}

// As runc does it (libcontainer/standard_init_linux.go, finalizeNamespace): a
// user who may not enter the image's working directory still starts in it.
func TestWorkingDirectoryOfAnotherUser(t *testing.T) {
	p := newLab(t).pod("u1")
	must(t, os.Chmod(filepath.Join(p.image, "root"), 0o700))
	out := p.sh("readlink /proc/self/cwd; ls . 2>&1 | grep -o denied", as(sandbox.User{Image: "user"}),
		func(c *sandbox.Container) { c.Process.Dir = "/root" })
	want(t, "output", out, "/root\ndenied\n")
}
