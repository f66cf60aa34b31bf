package kernel_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/kernel"
)

func TestTryWhatEveryPodNeeds(t *testing.T) {
	ability.Need(t, ability.Root, ability.Overlay)
	for name, try := range map[string]func() error{
		"tmpfs":   func() error { return kernel.TryMount("tmpfs") },
		"sysfs":   func() error { return kernel.TryMount("sysfs") },
		"pid":     func() error { return kernel.TryNamespace(kernel.PID) },
		"beneath": kernel.TryBeneath, "pidfd": kernel.TryPidfd,
		"close_range": kernel.TryCloseRange, "seccomp": kernel.TrySeccomp,
	} {
		if err := try(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTryOverlayLeavesNothing(t *testing.T) {
	ability.Need(t, ability.Root, ability.Overlay)
	dir := t.TempDir()
	if err := kernel.TryOverlay(dir); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in %s: %v, %v", dir, left, err)
	}
}

func TestTryMountNamesAnUnknownFileSystem(t *testing.T) {
	ability.Need(t, ability.Root)
	err := kernel.TryMount("no-such-fs")
	if !errors.Is(err, unix.ENODEV) {
		t.Errorf("got %v, want ENODEV", err)
	}
}

// tryEnv makes the test binary try things without privileges.
const tryEnv = "MINIPOD_TEST_TRY"

func TestTryFailsWithoutPrivileges(t *testing.T) {
	if os.Getenv(tryEnv) != "" {
		for name, err := range map[string]error{
			"capability": kernel.TryCapability(kernel.CapSysAdmin),
			"namespace":  kernel.TryNamespace(kernel.Net),
			"mount":      kernel.TryMount("tmpfs"),
			"writable":   kernel.TryWritable("/etc"),
		} {
			if !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EACCES) {
				t.Errorf("%s: got %v, want EPERM or EACCES", name, err)
			}
		}
		return
	}
	ability.Need(t, ability.Root)
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestTryFailsWithoutPrivileges$", "-test.v")
	cmd.Env = append(os.Environ(), tryEnv+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}
