package volume

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
)

// Tmpfs is the step that mounts an emptyDir in memory on Root/Name in the
// pod's mount namespace.
type Tmpfs struct {
	Pin       string // of the pod's mount namespace
	Name      string
	SizeBytes int64  // 0: the kernel's default, half of the RAM
	Mode      uint32 // exact permission bits
	// Shared lets mounts that one container makes in the volume appear in
	// others. Whoever unmounts a copy of the pod's tree with all that is in
	// it makes the copy private first.
	Shared bool `json:",omitempty"`
}

// Kind implements plan.Step.
func (*Tmpfs) Kind() string { return "volume.tmpfs" }

// String implements plan.Step.
func (s *Tmpfs) String() string {
	size := "half of the RAM"
	if s.SizeBytes > 0 {
		size = FormatSize(s.SizeBytes)
	}
	line := fmt.Sprintf("volume   %s: emptyDir, tmpfs %04o, size %s", s.Name, s.Mode, size)
	if s.Shared {
		line += ", shared"
	}
	return line
}

// Do implements plan.Step.
func (s *Tmpfs) Do(ctx context.Context) error {
	err := onVolumeThread(ctx, func(t *kernel.Thread) error {
		mount, err := newTmpfs(s.SizeBytes, s.Mode)
		if err != nil {
			return err
		}
		if s.Shared {
			err = kernel.SetMountAttr(mount, false, 0, unix.MS_SHARED)
		}
		if err == nil {
			err = attach(t, s.Pin, s.Name, mount)
		}
		return errors.Join(err, mount.Close())
	})
	if err != nil {
		return fmt.Errorf("volume %s: %w", s.Name, err)
	}
	return nil
}

// Undo unmounts the volume; its contents are lost with the last container
// that has it.
func (s *Tmpfs) Undo(ctx context.Context) error { return detach(ctx, s.Pin, s.Name) }

// newTmpfs makes a tmpfs that is mounted nowhere. The mode option is not
// subject to the umask.
func newTmpfs(size int64, mode uint32) (*kernel.FD, error) {
	options := []kernel.Option{
		{Key: "source", Value: "tmpfs"}, // what df shows
		{Key: "mode", Value: strconv.FormatUint(uint64(mode), 8)},
	}
	if size > 0 {
		options = append(options, kernel.Option{Key: "size", Value: strconv.FormatInt(size, 10)})
	}
	return kernel.NewMount("tmpfs", unix.MOUNT_ATTR_NODEV, options...)
}
