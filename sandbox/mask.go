package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/moby/sys/capability"
	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
)

// The paths that containerd's CRI plugin masks and makes read-only by default
// (internal/cri/opts/spec_linux_opts.go and pkg/oci/spec.go).
var (
	maskedPaths = []string{
		"/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
		"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
		"/sys/firmware", "/sys/devices/virtual/powercap",
	}
	readOnlyPaths = []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}
)

// hostFacts are what confinement depends on and what only the host's own /proc
// and /sys can tell: which of the paths this kernel has, and its capabilities.
// They do not change while minipod runs, so they are looked up once.
type hostFacts struct {
	maskedFiles, maskedDirs, readOnly, sysDirs []string
	lastCapability                             capability.Cap
}

// lookAtHost must be called before a thread leaves the host's mount namespace:
// in a pod's there is no /proc to look at.
var lookAtHost = sync.OnceValues(func() (p hostFacts, err error) {
	thermal, _ := filepath.Glob("/sys/devices/system/cpu/cpu[0-9]*/thermal_throttle") // the pattern is right
	for _, path := range append(thermal, maskedPaths...) {
		info, err := os.Stat(path)
		name := strings.TrimPrefix(path, "/")
		switch {
		case err != nil: // not on this kernel
		case strings.HasPrefix(name, "sys/"):
			p.sysDirs = append(p.sysDirs, strings.TrimPrefix(name, "sys/"))
		case info.IsDir():
			p.maskedDirs = append(p.maskedDirs, name)
		default:
			p.maskedFiles = append(p.maskedFiles, name)
		}
	}
	for _, path := range readOnlyPaths {
		if _, err := os.Stat(path); err == nil {
			p.readOnly = append(p.readOnly, strings.TrimPrefix(path, "/"))
		}
	}
	if len(p.readOnly) == 0 {
		return p, errors.New("the host's /proc is not mounted")
	}
	p.lastCapability, err = capability.LastCap()
	return p, err
})

// mountProc has the child mount /proc, which only a process inside the PID
// namespace can, and mask it. The working directory is the new root; "/" is
// still the pod's, whose /dev/null no image can have replaced.
func (paths hostFacts) mountProc(p *kernel.Program) {
	const safe = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	p.Mount("proc", "proc", "proc", safe, "")
	for _, f := range paths.maskedFiles {
		// What this kernel shows to the host only is not there to mask.
		p.Mount(deviceTree+"/null", f, "", unix.MS_BIND, "", syscall.ENOENT)
	}
	for _, d := range paths.maskedDirs {
		p.Mount("tmpfs", d, "tmpfs", safe|unix.MS_RDONLY, "", syscall.ENOENT)
	}
	for _, r := range paths.readOnly {
		p.Mount(r, r, "", unix.MS_BIND|unix.MS_REC, "")
		p.Mount("", r, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|safe, "")
	}
}
