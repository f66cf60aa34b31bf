package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Ending says how the ownership of a pod ended.
type Ending int

// The endings.
const (
	Gone     Ending = iota // the run directory is gone
	Kept                   // the pod finished and its files were kept
	Orphaned               // the owner died; the pod can be adopted
)

func (e Ending) String() string {
	switch e {
	case Gone:
		return "gone"
	case Kept:
		return "kept"
	case Orphaned:
		return "orphaned"
	}
	return fmt.Sprintf("Ending(%d)", int(e))
}

// AwaitGone blocks until no process owns the pod, and says how that came. A
// pod that does not exist is Gone. The error is the context's, or one of
// reading the run directory.
func AwaitGone(ctx context.Context, d Dirs, namespace, name string) (Ending, error) {
	path := d.PodDir(namespace, name)
	for {
		lock, err := lookLock(path + "/" + lockFile)
		if errors.Is(err, fs.ErrNotExist) {
			return Gone, nil
		}
		if err != nil {
			return Gone, err
		}
		err = awaitHangup(ctx, lock)
		owned, heldErr := held(lock)
		if err = errors.Join(err, heldErr, lock.Close()); err != nil {
			return Gone, err
		}
		if owned {
			continue // adopted at once
		}
		seen, err := look(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return Gone, nil
		case err != nil:
			return Gone, err
		case seen.Owned:
			continue
		case seen.Finished:
			return Kept, nil
		}
		return Orphaned, nil
	}
}

func awaitHangup(ctx context.Context, lock *os.File) error {
	// The error of a deadline that is no longer wanted means nothing.
	stop := context.AfterFunc(ctx, func() { _ = lock.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	err := hangup(lock)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ctx.Err()
	}
	return err
}

// AwaitPod blocks until ok holds of the pod. ok is asked at once and after
// every change, with Get's results: it sees a pod that does not exist as an
// error that wraps ErrNotFound. AwaitPod returns what ok was content with, or
// the context's error with what was seen last.
func AwaitPod(ctx context.Context, d Dirs, namespace, name string, ok func(Seen, error) bool) (Seen, error) {
	w, err := NewWatcher(d, namespace, name)
	if err != nil {
		return Seen{}, err
	}
	defer w.Close()
	for {
		seen, err := Get(d, namespace, name)
		if ok(seen, err) {
			return seen, err
		}
		if err := w.Next(ctx); err != nil {
			return seen, err
		}
	}
}
