package volume

import (
	"fmt"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/kernel"
)

func (m Mount) propagation() uint64 {
	switch m.Propagation {
	case v1.MountPropagationBidirectional:
		return unix.MS_SHARED // a clone of a shared mount stays its peer
	case v1.MountPropagationHostToContainer:
		return unix.MS_SLAVE
	default:
		return unix.MS_PRIVATE
	}
}

// checkPropagation refuses what would silently propagate nothing, with the
// conditions and words of containerd's CRI plugin. A volume in the pod's
// namespace needs no check: the step that made it knew the pod's mounts.
func (m Mount) checkPropagation(source *kernel.FD) error {
	if m.propagation() == unix.MS_PRIVATE || m.Tree != "" {
		return nil
	}
	id, err := source.MountID()
	if err != nil {
		return err
	}
	found, err := mountinfo.GetMounts(func(i *mountinfo.Info) (skip, stop bool) {
		return uint64(i.ID) != id, false
	})
	if err != nil {
		return fmt.Errorf("mount table of the host: %w", err)
	}
	if len(found) == 0 {
		return fmt.Errorf("path %q is on no mount of this namespace", m.Host)
	}
	on := found[0]
	shared := strings.Contains(on.Optional, "shared:")
	if m.Propagation == v1.MountPropagationBidirectional && !shared {
		return fmt.Errorf("path %q is mounted on %q but it is not a shared mount; mountPropagation Bidirectional needs one (mount --make-rshared %s)",
			m.Host, on.Mountpoint, on.Mountpoint)
	}
	if !shared && !strings.Contains(on.Optional, "master:") {
		return fmt.Errorf("path %q is mounted on %q but it is not a shared or slave mount; mountPropagation HostToContainer needs one (mount --make-rshared %s)",
			m.Host, on.Mountpoint, on.Mountpoint)
	}
	return nil
}
