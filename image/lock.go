package image

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lock takes the store's lock, as how says (LOCK_SH for those who add,
// LOCK_EX for those who remove), and gives the file whose closing frees it.
// It waits until it has the lock or ctx is done.
func (s *Store) lock(ctx context.Context, how int) (*os.File, error) {
	f, err := s.openLock("lock")
	if err != nil {
		return nil, err
	}
	err = flock(f, how|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return waitLock(ctx, f, how)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("flock %s: %w", f.Name(), err)
	}
	return f, nil
}

// lockIfIdle gives nil where lock would have to wait.
func (s *Store) lockIfIdle(how int) *os.File {
	f, err := s.openLock("lock")
	if err != nil {
		return nil
	}
	if flock(f, how|unix.LOCK_NB) != nil {
		f.Close()
		return nil
	}
	return f
}

// waitLock blocks in a goroutine, since flock cannot be told of ctx. When ctx
// is done first, the goroutine stays until the lock is free, and frees it.
func waitLock(ctx context.Context, f *os.File, how int) (*os.File, error) {
	got := make(chan error)
	go func() {
		err := flock(f, how)
		select {
		case got <- err:
		case <-ctx.Done():
			f.Close()
		}
	}()
	select {
	case err := <-got:
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("flock %s: %w", f.Name(), err)
		}
		return f, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for another command to finish with the image store: %w", ctx.Err())
	}
}

// change runs fn while no other process makes a change visible. fn is short.
func (s *Store) change(fn func() error) error {
	f, err := s.openLock("commit")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := flock(f, unix.LOCK_EX); err != nil {
		return fmt.Errorf("flock %s: %w", f.Name(), err)
	}
	return fn()
}

// Hold keeps images from being removed by others until release is called:
// from before Resolve until the caller has recorded that it uses the image,
// where Remove's inUse will find it.
func (s *Store) Hold(ctx context.Context) (release func(), err error) {
	f, err := s.lock(ctx, unix.LOCK_SH)
	if err != nil {
		return nil, err
	}
	return func() { f.Close() }, nil
}

func (s *Store) openLock(name string) (*os.File, error) {
	f, err := os.OpenFile(s.path(name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("image store: %w", err)
	}
	return f, nil
}

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
