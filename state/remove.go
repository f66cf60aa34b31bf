package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Remove deletes the run directory with everything in it and gives up the pod,
// also when it returns an error. Mounts inside must be gone: it unmounts
// nothing and reports what is busy. The name is free at once; who waits in
// AwaitGone is told when the files are gone too.
func (o *Owned) Remove() error {
	// Renamed first: nobody ever finds a pod with half of its files.
	err := discard(o.dirs, o.Dir())
	return errors.Join(err, o.close())
}

// Sweep deletes run directories that belong to nobody and hold no pod: what a
// killed Remove or a Claim killed before its first WriteSpec left behind.
func Sweep(d Dirs) error {
	entries, err := os.ReadDir(d.pods())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("run directories: %w", err)
	}
	var errs []error
	for _, e := range entries {
		errs = append(errs, sweep(d, filepath.Join(d.pods(), e.Name())))
	}
	return errors.Join(errs...)
}

func sweep(d Dirs, path string) error {
	gone := strings.HasPrefix(filepath.Base(path), gonePrefix)
	if _, err := os.Lstat(filepath.Join(path, specFile)); err == nil && !gone {
		return nil
	}
	lock, err := openLock(filepath.Join(path, lockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // its owner was faster
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	if got, err := takeUnowned(lock); err != nil || !got {
		return err
	}
	if same, err := locks(lock, path); err != nil || !same {
		return err // removed by its owner, and perhaps made anew
	}
	// Only now nobody can be about to write the specification.
	if _, err := os.Lstat(filepath.Join(path, specFile)); err == nil && !gone {
		return nil
	}
	return discard(d, path)
}

// discard renames a run directory away and deletes it. The caller holds the
// lock.
func discard(d Dirs, path string) error {
	away := path
	if !strings.HasPrefix(filepath.Base(path), gonePrefix) {
		var err error
		if away, err = renameAway(d, path); err != nil {
			return fmt.Errorf("run directory: %w", err)
		}
	}
	err := os.RemoveAll(away)
	for errors.Is(err, unix.ENOTEMPTY) {
		// A request for deletion was being written into it.
		err = os.RemoveAll(away)
	}
	if errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("run directory with something still mounted in it: %w", err)
	}
	return err
}

func renameAway(d Dirs, path string) (string, error) {
	for {
		away := filepath.Join(d.pods(), fmt.Sprintf("%s%d-%d", gonePrefix, os.Getpid(), temporaries.Add(1)))
		err := unix.Renameat2(unix.AT_FDCWD, path, unix.AT_FDCWD, away, unix.RENAME_NOREPLACE)
		if errors.Is(err, unix.EEXIST) {
			continue // left by a process that had our pid before us
		}
		if err != nil {
			return "", &os.LinkError{Op: "rename", Old: path, New: away, Err: err}
		}
		return away, nil
	}
}
