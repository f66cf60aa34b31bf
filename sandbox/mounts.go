package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/volume"
)

// openHostVolumes takes what comes from the host's mount namespace as detached
// mounts, before the thread leaves it.
func (s *stage) openHostVolumes() error {
	slices.SortStableFunc(s.container.Mounts, byDepth)
	s.volumes = make([]*kernel.FD, len(s.container.Mounts))
	for i, m := range s.container.Mounts {
		if m.Host == "" {
			continue
		}
		tree, err := s.keep(m.Open())
		if err != nil {
			return err
		}
		s.volumes[i] = tree
	}
	return nil
}

// byDepth puts a mount before those that go inside it, as containerd does.
func byDepth(a, b volume.Mount) int {
	return cmp.Compare(strings.Count(path.Clean(a.Target), "/"), strings.Count(path.Clean(b.Target), "/"))
}

// placeVolumes opens those of the pod first and mounts all then. In between,
// the thread's copy of the pod's tree becomes private: with the old root the
// child unmounts that copy, and from a shared volume this would take the
// mounts that other containers made in it. What was opened before stays a peer.
func (s *stage) placeVolumes() (err error) {
	for i, m := range s.container.Mounts {
		if s.volumes[i] == nil {
			if s.volumes[i], err = s.keep(m.Open()); err != nil {
				return err
			}
		}
	}
	if err := kernel.MakePrivate("/"); err != nil {
		return err
	}
	for i, m := range s.container.Mounts {
		if err := s.place(s.volumes[i], m.Target); err != nil {
			return fmt.Errorf("volume %q at %s: %w", m.Volume, m.Target, err)
		}
	}
	return nil
}

// place mounts a detached tree in the root.
func (s *stage) place(tree *kernel.FD, target string) error {
	target = path.Clean("/" + target)
	if target == "/" || target == "/proc" || strings.HasPrefix(target, "/proc/") {
		return fmt.Errorf("a volume cannot be mounted on %s", target)
	}
	at, err := s.keep(mountPoint(tree, s.root, target))
	if err != nil {
		return err
	}
	if err := s.checkTarget(at, target); err != nil {
		return err
	}
	return kernel.MoveMount(tree, at)
}

// placeMessage makes the file for the container's last message, on the pod's
// small tmpfs. Once it is mounted its name goes: the file is gone with its mount
// and descriptor, however often the container is started.
func (s *stage) placeMessage() (err error) {
	if s.container.Message == "" {
		return nil
	}
	source := path.Join(etcTree, "message."+path.Base(s.container.Cgroup))
	if s.message, err = kernel.Create(source, unix.O_RDWR|unix.O_TRUNC, 0o666); err != nil {
		return err
	}
	tree, err := s.keep(kernel.CloneTree(s.message, false))
	if err != nil {
		return err
	}
	return errors.Join(s.place(tree, s.container.Message), os.Remove(source))
}

// checkTarget refuses where the image's symlinks lead to what is not to be
// covered: the root, of which the child could not let go of the old one, and
// /proc, which will cover the volume.
func (s *stage) checkTarget(at *kernel.FD, target string) error {
	if same, err := at.Same(s.root); err != nil {
		return err
	} else if same {
		return fmt.Errorf("a volume cannot be mounted on /, to which %s leads", target)
	}
	dir := at
	if isDir, err := at.IsDir(); err != nil {
		return err
	} else if !isDir {
		if dir, err = s.keep(kernel.OpenIn(s.root, path.Dir(target), unix.O_PATH|unix.O_DIRECTORY)); err != nil {
			return err
		}
	}
	if inside, err := dir.IsIn(s.proc, s.root); err != nil {
		return err
	} else if inside {
		return fmt.Errorf("a volume cannot be mounted on /proc, to which %s leads", target)
	}
	return nil
}
