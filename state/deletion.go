package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Deletion is somebody's wish that a pod should end.
type Deletion struct {
	// GracePeriodSeconds replaces the pod's terminationGracePeriodSeconds; nil
	// keeps it.
	GracePeriodSeconds *int64 `json:"gracePeriodSeconds,omitempty"`
	// Force: do not wait for what hangs.
	Force bool `json:"force,omitempty"`
	// At is when it was asked for.
	At time.Time `json:"at"`
}

type deletionFile struct {
	header
	Deletion
}

// ErrNoOwner is wrapped by the error of RequestDelete when no living process
// owns the pod. The wish is written all the same; who adopts the pod finds it.
var ErrNoOwner = errors.New("no living owner")

// RequestDelete asks the owner of a pod to end it. A later request replaces an
// earlier one. The error wraps ErrNotFound or ErrNoOwner.
func RequestDelete(d Dirs, namespace, name string, wish Deletion) error {
	path := d.PodDir(namespace, name)
	seen, err := look(path)
	if err == nil {
		err = writeWish(path, wish)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return notFound(namespace, name)
	}
	if err == nil && !seen.Owned {
		err = fmt.Errorf("pod %s/%s: %w", namespace, name, ErrNoOwner)
	}
	return err
}

func writeWish(path string, wish Deletion) error {
	dir, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return writeJSON(dir, deleteFile, deletionFile{header{Version}, wish})
}

// Deletions delivers every request for the pod's deletion, one that was there
// before included; of several at once, the last. The channel is closed by
// Release and Remove. It is asked for once.
func (o *Owned) Deletions() (<-chan Deletion, error) {
	news, err := inotify.watch(o.Dir(), unix.IN_MOVED_TO, deleteFile)
	if err != nil {
		return nil, err
	}
	wishes := make(chan Deletion)
	o.running.Go(func() {
		defer close(wishes)
		defer inotify.drop(news)
		var last fs.FileInfo
		for {
			last = o.deliver(wishes, last)
			select {
			case <-news.C:
			case <-o.closing:
				return
			}
		}
	})
	return wishes, nil
}

// deliver sends the wish on disk unless it is the last one still.
func (o *Owned) deliver(wishes chan<- Deletion, last fs.FileInfo) fs.FileInfo {
	now, err := o.dir.Stat(deleteFile)
	if err != nil || last != nil && os.SameFile(last, now) {
		return last
	}
	var wish deletionFile
	if err := readJSON(o.dir, deleteFile, &wish); err != nil {
		// Somebody wants the pod to end in terms that this version does not
		// know. Ending it on the pod's own terms is nearest to the wish.
		wish.Deletion = Deletion{}
	}
	select {
	case wishes <- wish.Deletion:
	case <-o.closing:
	}
	return now
}
