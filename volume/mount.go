package volume

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/kernel"
)

// Mount is a volume as one container sees it: where it is and how it gets
// there. It survives JSON.
type Mount struct {
	Volume string // its name, for messages
	// Exactly one of the two says where the volume is: an absolute path in
	// the host's mount namespace, or one in the pod's.
	Host string `json:",omitempty"`
	Tree string `json:",omitempty"`
	// SubPath is the directory or file in the volume that is mounted,
	// relative and without "..". Empty: the volume itself.
	SubPath string `json:",omitempty"`
	Target  string // absolute path in the container
	// ReadOnly is the mount's own. What is mounted below it in the volume
	// stays writable, as with the kubelet, unless RecursiveReadOnly is set.
	ReadOnly          bool                    `json:",omitempty"`
	RecursiveReadOnly bool                    `json:",omitempty"`
	Propagation       v1.MountPropagationMode `json:",omitempty"` // empty: None
}

// Open gives the detached mount that belongs on Target: a directory, or a file
// (see kernel.FD.IsDir). The calling thread is in the host's mount namespace
// if Host is set, and in the pod's, or a copy of it, if Tree is. The caller
// closes the result.
func (m Mount) Open() (*kernel.FD, error) {
	fd, err := m.open()
	if err != nil {
		return nil, fmt.Errorf("volume %s for %s: %w", m.Volume, m.Target, err)
	}
	return fd, nil
}

func (m Mount) open() (*kernel.FD, error) {
	source, err := m.source()
	if err != nil {
		return nil, err
	}
	defer source.Close()
	if err := m.checkPropagation(source); err != nil {
		return nil, err
	}
	// As with the kubelet (pkg/volume/util/subpath, doBindSubPath), what is
	// mounted below a volume comes along, but not what is below a subPath.
	tree, err := kernel.CloneTree(source, m.SubPath == "")
	if err != nil {
		return nil, err
	}
	if err := m.restrict(tree); err != nil {
		return nil, errors.Join(err, tree.Close())
	}
	return tree, nil
}

func (m Mount) source() (*kernel.FD, error) {
	path := m.Host
	if path == "" {
		path = m.Tree
	}
	if m.SubPath == "" {
		return kernel.Open(path, unix.O_PATH)
	}
	root, err := kernel.Open(path, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	sub, err := openSubPath(root, m.SubPath)
	if err != nil {
		return nil, fmt.Errorf("subPath %s: %w", m.SubPath, err)
	}
	return sub, nil
}

// restrict sets the flags before anyone can see the mount. No volume has
// working device nodes: containers make or find none but those in /dev.
func (m Mount) restrict(tree *kernel.FD) error {
	if err := kernel.SetMountAttr(tree, true, unix.MOUNT_ATTR_NODEV, m.propagation()); err != nil {
		return err
	}
	if !m.ReadOnly {
		return nil
	}
	return kernel.SetMountAttr(tree, m.RecursiveReadOnly, unix.MOUNT_ATTR_RDONLY, 0)
}
