package state

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
	v1 "k8s.io/api/core/v1"
)

// Seen is a pod as a reader finds it at one moment.
type Seen struct {
	Pod      *v1.Pod // the defaulted specification with the status published last; the reader's own copy
	Owned    bool    // a living process owns it
	OwnerPid int     // that process, as it sees itself; 0 if there is none
	Finished bool    // the pod has ended, its steps are undone, its files are kept
}

// Orphan reports that the pod's owner died and left it to be adopted.
func (s Seen) Orphan() bool { return !s.Owned && !s.Finished }

// Get reads one pod. The error wraps ErrNotFound when there is none.
func Get(d Dirs, namespace, name string) (Seen, error) {
	s, err := look(d.PodDir(namespace, name))
	if errors.Is(err, fs.ErrNotExist) {
		return Seen{}, notFound(namespace, name)
	}
	return s, err
}

// List reads the pods of a namespace, or of all for "", ordered by namespace
// and name. A pod that cannot be read does not hide the others: they are
// returned together with the error.
func List(d Dirs, namespace string) ([]Seen, error) {
	entries, err := os.ReadDir(d.pods())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("run directories: %w", err)
	}
	var all []Seen
	var errs []error
	for _, e := range entries {
		s, err := look(filepath.Join(d.pods(), e.Name()))
		switch {
		case errors.Is(err, fs.ErrNotExist): // just claimed, or on its way out
		case err != nil:
			errs = append(errs, err)
		case namespace == "" || s.Pod.Namespace == namespace:
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b Seen) int {
		return cmp.Or(cmp.Compare(a.Pod.Namespace, b.Pod.Namespace), cmp.Compare(a.Pod.Name, b.Pod.Name))
	})
	return all, errors.Join(errs...)
}

// look reads one run directory. All files are reached from one descriptor:
// they belong to the same pod even if the name changes hands meanwhile. The
// error satisfies fs.ErrNotExist when the directory holds no pod.
func look(path string) (Seen, error) {
	if filepath.Base(path)[0] == '.' {
		return Seen{}, fs.ErrNotExist
	}
	dir, err := os.OpenRoot(path)
	if err != nil {
		return Seen{}, err
	}
	defer dir.Close()
	// The owner first: one that finishes the pod between two looks is then
	// seen as still there, never the pod as an orphan.
	var s Seen
	if s.Owned, err = ownedNow(dir); err != nil {
		return Seen{}, err
	}
	if s.Owned {
		s.OwnerPid = ownerPid(dir)
	}
	if s.Pod, s.Finished, err = readPod(dir); err != nil {
		return Seen{}, err
	}
	return s, stillAt(dir, path)
}

// ownedNow finds no lock only where the directory is being removed: it is made
// before the specification.
func ownedNow(dir *os.Root) (bool, error) {
	lock, err := dir.OpenFile(lockFile, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return false, err
	}
	defer lock.Close()
	return held(lock)
}

// stillAt makes sure that what was read was not half removed.
func stillAt(dir *os.Root, path string) error {
	read, err := dir.Stat(".")
	if err != nil {
		return err
	}
	now, err := os.Stat(path)
	if err == nil && !os.SameFile(read, now) {
		err = fs.ErrNotExist
	}
	return err
}

func readPod(dir *os.Root) (*v1.Pod, bool, error) {
	var spec asked
	if err := readJSON(dir, specFile, &spec); err != nil {
		return nil, false, err
	}
	var s published
	err := readJSON(dir, statusFile, &s)
	if errors.Is(err, fs.ErrNotExist) {
		return spec.Pod, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	spec.Pod.ObjectMeta, spec.Pod.Status = s.Metadata, s.Status
	return spec.Pod, s.Finished, nil
}
