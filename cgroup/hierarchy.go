package cgroup

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// ErrNoHierarchy says that this host has no cgroup v2 hierarchy mounted.
var ErrNoHierarchy = errors.New("no cgroup v2 hierarchy is mounted (mount -t cgroup2 cgroup2 /sys/fs/cgroup, or boot with systemd.unified_cgroup_hierarchy=1)")

// Root is the directory of the cgroup v2 hierarchy.
func Root() (string, error) {
	// The two places where every distribution has it cost one statfs each.
	for _, dir := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		var fs unix.Statfs_t
		if err := unix.Statfs(dir, &fs); err == nil && fs.Type == unix.CGROUP2_SUPER_MAGIC {
			return dir, nil
		}
	}
	mounts, err := mountinfo.GetMounts(mountinfo.FSTypeFilter("cgroup2"))
	if err != nil {
		return "", fmt.Errorf("cgroup v2 hierarchy: %w", err)
	}
	if len(mounts) == 0 {
		return "", ErrNoHierarchy
	}
	return mounts[0].Mountpoint, nil
}

// Parent is the directory under which minipod keeps its groups.
func Parent() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, "minipod"), nil
}
