package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/minipod/minipod/cgroup"
	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/state"
	"github.com/minipod/minipod/volume"
)

// checks lists everything that doctor tries, in the order of what depends on
// what.
func checks(d state.Dirs) []check {
	all := []check{
		{name: "root", try: asRoot, cure: "run minipod with sudo", decides: true},
		{
			name: "capability SYS_ADMIN", try: capability(kernel.CapSysAdmin), decides: true,
			cure: "run minipod outside of a container, or in a privileged one",
		},
		{
			name: "capability NET_ADMIN", try: capability(kernel.CapNetAdmin), lack: "only pods with hostNetwork can run",
			cure: "run minipod outside of a container, or in a privileged one",
		},
		{
			name: "capability SYS_RESOURCE", try: capability(kernel.CapSysResource),
			lack: "hard limits and oom scores of containers stay as they are",
			cure: "run minipod outside of a container, or add the capability",
		},
	}
	for _, n := range []kernel.Namespace{kernel.Mount, kernel.PID, kernel.IPC, kernel.UTS, kernel.Net, kernel.Cgroup} {
		all = append(all, check{
			name: n.String() + " namespace", try: plain(func() error { return kernel.TryNamespace(n) }),
			cure: "use a kernel that has it, and look at sysctl user.max_" + n.String() + "_namespaces",
		})
	}
	all = append(all, systemCalls()...)
	for _, fs := range []string{"tmpfs", "sysfs", "devpts", "mqueue"} {
		all = append(all, check{
			name: "file system " + fs, try: plain(func() error { return kernel.TryMount(fs) }),
			cure: "use a kernel that has it; Debian's and Ubuntu's have",
		})
	}
	return append(append(all, places(d)...), extras()...)
}

func plain(try func() error) func() (string, error) {
	return func() (string, error) { return "", try() }
}

func asRoot() (string, error) {
	if uid := os.Geteuid(); uid != 0 {
		return "", fmt.Errorf("uid is %d", uid)
	}
	return "", nil
}

func capability(number int) func() (string, error) {
	return plain(func() error { return kernel.TryCapability(number) })
}

func systemCalls() []check {
	newer := func(version string) string {
		return "use Linux " + version + " or newer, and if minipod runs in a container, a seccomp profile that allows the call"
	}
	return []check{
		{name: "openat2", try: plain(kernel.TryBeneath), cure: newer("5.6")},
		{name: "fsopen and mount_setattr", try: plain(func() error { return kernel.TryMount("tmpfs") }), cure: newer("5.12")},
		{name: "pidfd", try: plain(kernel.TryPidfd), cure: newer("5.3")},
		{name: "close_range", try: plain(kernel.TryCloseRange), cure: newer("5.9")},
	}
}

// places are the things that depend on where minipod keeps its files.
func places(d state.Dirs) []check {
	dir := existing(d.Root)
	all := []check{
		{
			name: "overlay in " + dir, try: plain(func() error { return kernel.TryOverlay(dir) }),
			cure: "modprobe overlay; where that is not it, put --root on a file system like ext4, xfs or tmpfs (overlay on overlay does not work)",
		},
		{name: "cgroup v2", try: cgroups, cure: "mount -t cgroup2 cgroup2 /sys/fs/cgroup, or boot with systemd.unified_cgroup_hierarchy=1"},
	}
	for _, path := range []string{d.Run, d.Log} {
		dir := existing(path)
		all = append(all, check{
			name: "writing in " + dir, try: plain(func() error { return kernel.TryWritable(dir) }),
			cure: "choose other directories with --run-root and --log-root",
		})
	}
	return all
}

func cgroups() (string, error) {
	root, err := cgroup.Root()
	if err != nil {
		return "", err
	}
	return root, kernel.TryWritable(root)
}

// existing is the directory itself, or the nearest one above that exists:
// doctor makes none.
func existing(dir string) string {
	for dir != "/" {
		if s, err := os.Stat(dir); err == nil && s.IsDir() {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return dir
}

// extras are the things that a pod can do without, and the limits that many
// pods reach.
func extras() []check {
	return []check{
		{name: "IPv6", try: plain(ipv6), lack: "pods have IPv4 only", cure: "boot without ipv6.disable=1"},
		{
			name: "seccomp", try: plain(kernel.TrySeccomp), lack: "seccomp profiles are not applied",
			cure: "use a kernel with CONFIG_SECCOMP_FILTER",
		},
		{
			name: "cgroup.kill", try: plain(cgroupKill), lack: "processes are killed one by one, which is slower",
			cure: "use Linux 5.14 or newer",
		},
		{name: "memory", try: memory, lack: "the default size of emptyDir is not known", cure: "mount /proc"},
		limit("fs.mount-max", "mounts of one mount namespace"),
		limit("kernel.pid_max", "processes"),
		limit("user.max_mnt_namespaces", "mount namespaces"),
		limit("user.max_net_namespaces", "network namespaces"),
	}
}

func limit(sysctl, of string) check {
	return check{
		name: "limit " + sysctl,
		try: func() (string, error) {
			value, err := kernel.Sysctl(sysctl)
			return value + " " + of, err
		},
		lack: "how many pods fit is not known", cure: "mount /proc",
	}
}

func ipv6() error {
	_, err := os.Stat("/proc/net/if_inet6")
	return err
}

// cgroupKill looks into some group: the root has no such file.
func cgroupKill() error {
	root, err := cgroup.Root()
	if err != nil {
		return err
	}
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(own)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok && path != "/" {
			_, err := os.Stat(filepath.Join(root, path, "cgroup.kill"))
			return err
		}
	}
	found, err := filepath.Glob(filepath.Join(root, "*", "cgroup.kill"))
	if err == nil && len(found) == 0 {
		return nil // no group to look into: it comes with the first pod
	}
	return err
}

func memory() (string, error) {
	ram, err := kernel.RAM()
	return volume.FormatSize(ram) + ", of which an emptyDir without sizeLimit takes up to half", err
}
