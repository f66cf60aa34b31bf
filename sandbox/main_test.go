package sandbox_test

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/minipod/minipod/sandbox"
	"github.com/minipod/minipod/volume"
)

// The test binary is also the program that containers run where a shell cannot
// ask the kernel: a probe, which prints what it found.
func TestMain(m *testing.M) {
	if os.Getenv("SANDBOX_PROBE") == "" {
		os.Exit(m.Run())
	}
	if err := probes[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// probe is a process that runs one of the probes.
func probe(args ...string) sandbox.Process {
	return sandbox.Process{Argv: append([]string{"/probe"}, args...), Env: []string{"SANDBOX_PROBE=1"}}
}

// withProbe mounts the test binary into the container, and its libraries where
// it has any (it has under -race).
func withProbe(t testing.TB) change {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	mounts := []volume.Mount{{Volume: "probe", Host: self, Target: "/probe", ReadOnly: true}}
	f, err := elf.Open(self)
	must(t, err)
	defer f.Close()
	libraries, err := f.ImportedLibraries()
	must(t, err)
	for _, dir := range []string{"/lib", "/lib64"} {
		if _, err := os.Stat(dir); err == nil && len(libraries) > 0 {
			mounts = append(mounts, volume.Mount{Volume: "libraries", Host: dir, Target: dir, ReadOnly: true})
		}
	}
	return func(c *sandbox.Container) { c.Mounts = append(c.Mounts, mounts...) }
}

// again runs the calling test in another process, of which it may change what
// holds for all threads. In that process it returns false.
func again(t *testing.T, attr *syscall.SysProcAttr, env ...string) (parent bool) {
	t.Helper()
	const mark = "SANDBOX_TEST_AGAIN"
	if os.Getenv(mark) == t.Name() {
		return false
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$", "-test.v")
	cmd.Env = append(append(os.Environ(), mark+"="+t.Name()), env...)
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in another process: %v\n%s", err, out)
	}
	return true
}
