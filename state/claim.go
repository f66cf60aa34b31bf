package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// ErrNotFound is wrapped by the errors of everything that looks for a pod
// which is not there.
var ErrNotFound = errors.New("not found")

// ErrVersion is wrapped when a file was written by another version of minipod.
var ErrVersion = errors.New("unknown format")

// Busy is the error of Claim and Adopt when the pod has a living owner.
type Busy struct {
	Namespace, Name string
	Pid             int // the owner's, 0 if it has not said yet
}

func (b *Busy) Error() string {
	if b.Pid == 0 {
		return fmt.Sprintf("pod %s/%s is owned by a running minipod", b.Namespace, b.Name)
	}
	return fmt.Sprintf("pod %s/%s is owned by a running minipod (pid %d)", b.Namespace, b.Name, b.Pid)
}

// Owned is a pod's run directory in the hands of its owner. Its methods belong
// to one goroutine, except that the channel of Deletions may be read by any.
// It ends with Release or Remove.
type Owned struct {
	dirs            Dirs
	namespace, name string

	dir  *os.Root
	lock *os.File

	spec     bool // pod.json is there
	finished bool // status.json says that all is over and undone
	adopted  bool // there was a pod.json when the lock was taken

	journal *Journal
	events  *Journal

	closing chan struct{}
	running sync.WaitGroup
}

type owner struct {
	header
	Pid   int       `json:"pid"`
	Since time.Time `json:"since"`
}

// errMoved says that the directory was replaced between two looks at it.
var errMoved = errors.New("run directory replaced")

// Claim makes the caller the owner of the named pod, and the run directory if
// there is none. The error is a *Busy when the pod has a living owner. Names
// are those of a validated pod. A directory that already held a pod shows as
// Orphan or Finished and must be dealt with before it is used anew.
func Claim(d Dirs, namespace, name string) (*Owned, error) {
	return claim(d, namespace, name, true)
}

// Adopt is Claim of a pod that exists; if none does, the error wraps
// ErrNotFound and nothing was made.
func Adopt(d Dirs, namespace, name string) (*Owned, error) {
	return claim(d, namespace, name, false)
}

func claim(d Dirs, namespace, name string, create bool) (*Owned, error) {
	for {
		o, err := claimOnce(d, namespace, name, create)
		switch {
		case err == nil:
			return o, nil
		case errors.Is(err, errMoved), create && errors.Is(err, fs.ErrNotExist):
			continue // each time round, another process has got on
		case errors.Is(err, fs.ErrNotExist):
			return nil, notFound(namespace, name)
		}
		return nil, err
	}
}

func claimOnce(d Dirs, namespace, name string, create bool) (*Owned, error) {
	path := d.PodDir(namespace, name)
	if create {
		if err := makeDir(d, path); err != nil {
			return nil, err
		}
	}
	dir, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("run directory: %w", err)
	}
	o := &Owned{dirs: d, namespace: namespace, name: name, dir: dir, closing: make(chan struct{})}
	if err := o.take(path); err != nil {
		return nil, errors.Join(err, o.close())
	}
	return o, nil
}

func makeDir(d Dirs, path string) error {
	if err := os.MkdirAll(d.pods(), 0o700); err != nil {
		return fmt.Errorf("run directory: %w", err)
	}
	// 0700 is a promise: the FIFOs inside are open to every user id.
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("run directory: %w", err)
	}
	return nil
}

func (o *Owned) take(path string) error {
	var err error
	if o.lock, err = openLock(path + "/" + lockFile); err != nil {
		return err
	}
	got, err := takeLock(o.lock)
	if err != nil {
		return err
	}
	// The previous owner may have removed the directory between our opening
	// and locking; then this lock guards a name that no longer exists.
	if same, err := locks(o.lock, path); err != nil || !same {
		return errors.Join(err, errMoved)
	}
	if !got {
		return &Busy{o.namespace, o.name, ownerPid(o.dir)}
	}
	if err := o.inspect(); err != nil {
		return err
	}
	return writeJSON(o.dir, ownerFile, owner{header{Version}, os.Getpid(), time.Now().UTC()})
}

// inspect finds out what the directory already holds.
func (o *Owned) inspect() error {
	_, err := o.dir.Stat(specFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	o.spec, o.adopted = true, true
	var s published
	err = readJSON(o.dir, statusFile, &s)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	o.finished = err == nil && s.Finished
	return err
}

func ownerPid(dir *os.Root) int {
	var w owner
	if err := readJSON(dir, ownerFile, &w); err != nil {
		return 0 // the new owner is just about to write it
	}
	return w.Pid
}

func notFound(namespace, name string) error {
	return fmt.Errorf("pod %s/%s: %w", namespace, name, ErrNotFound)
}

// Dir is the run directory's path.
func (o *Owned) Dir() string { return o.dirs.PodDir(o.namespace, o.name) }

// Orphan reports that the directory held a pod whose owner died: its Records
// must be undone, or the pod taken over, before anything else.
func (o *Owned) Orphan() bool { return o.adopted && !o.finished }

// Finished reports that the directory holds a pod that ended and was kept: all
// its steps are undone, the name is still taken.
func (o *Owned) Finished() bool { return o.finished }

// Release gives up the pod and keeps its files.
func (o *Owned) Release() error { return o.close() }

// close ends the goroutines first, and drops the lock last: who waits for it
// may count on all the rest.
func (o *Owned) close() error {
	close(o.closing)
	o.running.Wait()
	var errs []error
	for _, j := range []*Journal{o.journal, o.events} {
		if j != nil {
			errs = append(errs, j.close())
		}
	}
	errs = append(errs, o.dir.Close())
	if o.lock != nil {
		errs = append(errs, o.lock.Close())
	}
	return errors.Join(errs...)
}
