package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Each Try* function tries one thing that pods need, undoes it, and returns
// why it did not work. Nothing is guessed from the kernel's version: what
// counts is whether this process may do it here.

// TryCapability looks for a CAP_* number among the effective capabilities.
func TryCapability(number int) error {
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&hdr, &data[0]); err != nil {
		return fail("capget", "", err)
	}
	if data[number/32].Effective&(1<<(number%32)) == 0 {
		return unix.EPERM
	}
	return nil
}

// Capabilities that TryCapability is asked for.
const (
	CapSysAdmin    = unix.CAP_SYS_ADMIN
	CapNetAdmin    = unix.CAP_NET_ADMIN
	CapSysResource = unix.CAP_SYS_RESOURCE
)

// TryNamespace gives a thread that ends right after a new namespace.
func TryNamespace(n Namespace) error {
	return OnThread(func(t *Thread) error { return t.Unshare(n) })
}

// TryMount makes a file system that is mounted nowhere, and sets an attribute
// of it, by the calls fsopen, fsmount and mount_setattr. It happens in
// namespaces of a thread that ends right after: sysfs and mqueue belong to one.
func TryMount(fstype string) error {
	return OnThread(func(t *Thread) error {
		for _, n := range []Namespace{IPC, Net, Mount} {
			if err := t.Unshare(n); err != nil {
				return err
			}
		}
		m, err := NewMount(fstype, unix.MOUNT_ATTR_NOSUID)
		if err != nil {
			return err
		}
		defer m.Close()
		return SetMountAttr(m, false, unix.MOUNT_ATTR_NODEV, unix.MS_PRIVATE)
	})
}

// TryOverlay makes a writable overlay whose directories lie in dir, which must
// exist; nothing is left in it. Some file systems, overlay among them, cannot
// hold the upper directory.
func TryOverlay(dir string) (err error) {
	base, err := os.MkdirTemp(dir, ".minipod-try-")
	if err != nil {
		return err
	}
	defer func() {
		if rerr := os.RemoveAll(base); err == nil {
			err = rerr
		}
	}()
	var options []Option
	for _, key := range []string{"lowerdir", "upperdir", "workdir"} {
		path := filepath.Join(base, key)
		if err := os.Mkdir(path, 0o755); err != nil {
			return err
		}
		options = append(options, Option{key, path})
	}
	return OnThread(func(t *Thread) error {
		if err := t.Unshare(Mount); err != nil {
			return err
		}
		m, err := NewMount("overlay", unix.MOUNT_ATTR_NODEV, options...)
		if err != nil {
			return err
		}
		return m.Close()
	})
}

// TryBeneath opens a directory by openat2.
func TryBeneath() error {
	root, err := Open("/", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer root.Close()
	f, err := OpenBeneath(root, ".", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	return f.Close()
}

// TryPidfd opens this process by pidfd_open.
func TryPidfd() error {
	n, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return fail("pidfd_open", "", err)
	}
	return NewFD(n, "pidfd").Close()
}

// TryCloseRange closes a range that holds no descriptor.
func TryCloseRange() error {
	const none = 1<<31 - 1
	return fail("close_range", "", unix.CloseRange(none, none, 0))
}

// TrySeccomp asks for the filter mode of seccomp without entering it.
func TrySeccomp() error {
	// With a null filter the kernel answers EFAULT if it knows the mode,
	// EINVAL if not.
	err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, 0, 0, 0)
	if err == unix.EFAULT {
		return nil
	}
	return fail("prctl", "PR_SET_SECCOMP", err)
}

// TryWritable looks whether this process may write in path.
func TryWritable(path string) error { return fail("access", path, unix.Access(path, unix.W_OK)) }

// Release is the version of the running kernel, as uname -r prints it.
func Release() (string, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "", fail("uname", "", err)
	}
	return unix.ByteSliceToString(u.Release[:]) + " " + unix.ByteSliceToString(u.Machine[:]), nil
}

// Sysctl reads a parameter of the kernel, as in "fs.mount-max".
func Sysctl(name string) (string, error) {
	b, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
	if err != nil {
		return "", fmt.Errorf("sysctl %s: %w", name, err)
	}
	return strings.TrimSpace(string(b)), nil
}
