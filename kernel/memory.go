package kernel

import "golang.org/x/sys/unix"

// RAM is the memory of this machine in bytes.
func RAM() (int64, error) {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return 0, fail("sysinfo", "", err)
	}
	return int64(info.Totalram) * int64(info.Unit), nil
}
