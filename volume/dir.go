package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
)

// Dir is the step that makes the directory of an emptyDir on disk.
type Dir struct {
	Name string
	Path string // in the host's mount namespace; its parent is the pod's own
	Mode uint32 // exact permission bits
}

// Kind implements plan.Step.
func (*Dir) Kind() string { return "volume.dir" }

// String implements plan.Step.
func (s *Dir) String() string {
	return fmt.Sprintf("volume   %s: emptyDir, directory %s %04o", s.Name, s.Path, s.Mode)
}

// Do implements plan.Step. Directories above Path are made with mode 0700.
func (s *Dir) Do(context.Context) error {
	if err := s.make(); err != nil {
		return fmt.Errorf("volume %s: %w", s.Name, err)
	}
	return nil
}

func (s *Dir) make() error {
	if err := os.MkdirAll(filepath.Dir(s.Path), 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(s.Path, 0o700); err != nil {
		return err
	}
	// Not os.Chmod: its bits differ from the kernel's above 0777.
	if err := unix.Chmod(s.Path, s.Mode); err != nil {
		return fmt.Errorf("mode %04o of %s: %w", s.Mode, s.Path, err)
	}
	return nil
}

// Undo removes the directory with its contents, and up to two directories
// above it if they are empty then. It follows no symlink, and lets go of
// mounts that a container left behind in the volume, so that nothing of theirs
// is removed.
func (s *Dir) Undo(context.Context) error {
	if err := unmountBelow(s.Path); err != nil {
		return err
	}
	return kernel.RemoveTree(s.Path, 2) // the pod's volumes, the pod
}

// unmountBelow detaches the mounts on and below path: a container with Bidirectional
// propagation can leave some there.
func unmountBelow(path string) error {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	below, err := mountinfo.GetMounts(func(i *mountinfo.Info) (skip, stop bool) {
		return i.Mountpoint != real && !strings.HasPrefix(i.Mountpoint, real+"/"), false
	})
	if err != nil {
		return fmt.Errorf("mount table of the host: %w", err)
	}
	// Later mounts lie on or below earlier ones.
	for _, m := range slices.Backward(below) {
		if err := kernel.Unmount(m.Mountpoint); err != nil {
			return err
		}
	}
	return nil
}
