package volume

import (
	"errors"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
)

// openSubPath opens name in the volume, and makes the directories that are
// missing with the mode of the volume's root, as pkg/volume/util/subpath of
// the kubelet does. A container that shares the volume may swap files for
// symlinks meanwhile: existing ones are resolved by the kernel, which refuses
// every way out (EXDEV), and new directories are walked into one at a time
// without following a link.
func openSubPath(root *kernel.FD, name string) (*kernel.FD, error) {
	name = path.Clean(name)
	sub, err := kernel.OpenBeneath(root, name, unix.O_PATH)
	if !errors.Is(err, unix.ENOENT) {
		return sub, err
	}
	dir, missing, err := openExisting(root, name)
	if err != nil {
		return nil, err
	}
	mode, err := root.Mode()
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	for _, part := range missing {
		child, err := makeDirectory(dir, part, mode&0o7777)
		dir.Close()
		if err != nil {
			return nil, err
		}
		dir = child
	}
	return dir, nil
}

// openExisting opens the longest prefix of name that exists and splits off
// the rest.
func openExisting(root *kernel.FD, name string) (dir *kernel.FD, rest []string, err error) {
	parts := strings.Split(name, "/")
	for n := len(parts) - 1; n > 0; n-- {
		dir, err = kernel.OpenBeneath(root, strings.Join(parts[:n], "/"), unix.O_PATH|unix.O_DIRECTORY)
		if !errors.Is(err, unix.ENOENT) {
			return dir, parts[n:], err
		}
	}
	dir, err = kernel.OpenBeneath(root, ".", unix.O_PATH|unix.O_DIRECTORY)
	return dir, parts, err
}

// makeDirectory makes and opens one directory. Another container may have
// made it first; then its mode is left alone.
func makeDirectory(parent *kernel.FD, name string, mode uint32) (*kernel.FD, error) {
	made := kernel.Mkdirat(parent, name, mode&0o777)
	if made != nil && !errors.Is(made, unix.EEXIST) {
		return nil, made
	}
	dir, err := kernel.OpenBeneath(parent, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if err != nil || made != nil {
		return dir, err
	}
	if err := dir.Chmod(mode); err != nil { // the umask took its part
		return nil, errors.Join(err, dir.Close())
	}
	return dir, nil
}
