package sandbox

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/volume"
)

// openHostVolumes takes what comes from the host's mount namespace as detached
// mounts, before the thread leaves it.
func (s *stage) openHostVolumes() error {
	slices.SortStableFunc(s.container.Mounts, byDepth)
	s.host = make([]*kernel.FD, len(s.container.Mounts))
	for i, m := range s.container.Mounts {
		if m.Host == "" {
			continue
		}
		tree, err := s.keep(m.Open())
		if err != nil {
			return err
		}
		s.host[i] = tree
	}
	return nil
}

// byDepth puts a mount before those that go inside it, as containerd does.
func byDepth(a, b volume.Mount) int {
	return cmp.Compare(strings.Count(path.Clean(a.Target), "/"), strings.Count(path.Clean(b.Target), "/"))
}

func (s *stage) placeVolumes() error {
	for i, m := range s.container.Mounts {
		if err := s.placeVolume(m, s.host[i]); err != nil {
			return fmt.Errorf("volume %q at %s: %w", m.Volume, m.Target, err)
		}
	}
	return nil
}

func (s *stage) placeVolume(m volume.Mount, tree *kernel.FD) (err error) {
	target := path.Clean("/" + m.Target)
	if target == "/" || target == "/proc" || strings.HasPrefix(target, "/proc/") {
		return fmt.Errorf("a volume cannot be mounted on %s", target)
	}
	if tree == nil {
		if tree, err = s.keep(m.Open()); err != nil {
			return err
		}
	}
	return attach(tree, s.root, kernel.Relative(target))
}
