package kernel

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// RemoveTree removes path with all that is below it, and then as many of the
// directories above it, at most parents, as it leaves empty. It follows no
// symlink. What is not there is no error.
func RemoveTree(path string, parents int) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	for range parents {
		path = filepath.Dir(path)
		err := os.Remove(path)
		if errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EBUSY) || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}
