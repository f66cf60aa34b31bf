package ability

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// The abilities that tests ask for.
var (
	// Root is uid 0 with the capability to administer the system.
	Root = named("root", tryRoot)
	// Overlay is the overlay file system.
	Overlay = named("overlay", func() error { return tryFilesystem("overlay") })
	// CgroupV1 is a host with v1 hierarchies, hybrid or not.
	CgroupV1 = named("cgroup1", tryCgroupV1)
	// CgroupV2 is a host with the controllers on the unified hierarchy.
	CgroupV2 = named("cgroup2", tryCgroupV2)
	// SysResource is CAP_SYS_RESOURCE: hard limits and oom scores go up and down.
	SysResource = named("sysresource", func() error { return tryCapability(unix.CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE") })
	// SysPtrace is CAP_SYS_PTRACE.
	SysPtrace = named("sysptrace", func() error { return tryCapability(unix.CAP_SYS_PTRACE, "CAP_SYS_PTRACE") })
	// NetNS is the right to make a network namespace.
	NetNS = named("netns", func() error { return tryUnshare("--net") })
	// UserNS is the right to make a user namespace.
	UserNS = named("userns", func() error { return tryUnshare("--user") })
	// Veth is the kernel's pairs of virtual links.
	Veth = named("veth", func() error {
		return tryUnshare("--net", "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
	})
	// IPv6 is a kernel with IPv6.
	IPv6 = named("ipv6", func() error { return stat("/proc/net/if_inet6") })
	// Seccomp is a kernel with seccomp filters.
	Seccomp = named("seccomp", func() error { return stat("/proc/sys/kernel/seccomp/actions_avail") })
	// Busybox is a static busybox, the content of the tests' images.
	Busybox = named("busybox", func() error { return tryCommand("busybox") })
	// GCC compiles the C programs of the examples.
	GCC = named("gcc", func() error { return tryCommand("gcc") })
	// GoTool is a Go toolchain, which the virtual machine does not have.
	GoTool = named("gotool", func() error { return tryCommand("go") })
	// Long is a run of make test-long.
	Long = named("long", tryLong)
)

func tryRoot() error {
	if uid := os.Geteuid(); uid != 0 {
		return fmt.Errorf("uid is %d", uid)
	}
	return tryCapability(unix.CAP_SYS_ADMIN, "CAP_SYS_ADMIN")
}

func tryCapability(bit int, name string) error {
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&hdr, &data[0]); err != nil {
		return err
	}
	if data[bit/32].Effective&(1<<(bit%32)) == 0 {
		return errors.New(name + " is not in the effective set")
	}
	return nil
}

func tryFilesystem(name string) error {
	b, err := os.ReadFile("/proc/filesystems")
	if err != nil {
		return err
	}
	if slices.Contains(strings.Fields(string(b)), name) {
		return nil
	}
	// The kernel loads the module when somebody opens the file system.
	fd, err := unix.Fsopen(name, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return fmt.Errorf("fsopen %s: %w", name, err)
	}
	return unix.Close(fd)
}

func tryCgroupV1() error {
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(b)) {
		if !strings.HasPrefix(line, "0:") {
			return nil
		}
	}
	return errors.New("no v1 hierarchy is mounted")
}

func tryCgroupV2() error {
	b, err := os.ReadFile("/sys/fs/cgroup/cgroup.controllers")
	if err != nil {
		return err
	}
	if !slices.Contains(strings.Fields(string(b)), "memory") {
		return errors.New("the unified hierarchy has no memory controller")
	}
	return nil
}

// tryUnshare asks another process, so that this one keeps its namespaces.
func tryUnshare(args ...string) error {
	if len(args) == 1 {
		args = append(args, "true")
	}
	out, err := exec.Command("unshare", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("unshare %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

func tryCommand(name string) error {
	_, err := exec.LookPath(name)
	return err
}

func tryLong() error {
	if os.Getenv("MINIPOD_TEST_LONG") == "" {
		return errors.New("MINIPOD_TEST_LONG is not set")
	}
	return nil
}

// Image is an archive of an example image, built by make images: debian,
// nginx, webapp or ch6_ipc.
func Image(name string) *Ability {
	return named("image-"+name, func() error { return stat(filepath.Join(ImageDir(), name+".tar")) })
}

func stat(path string) error {
	_, err := os.Stat(path)
	return err
}
