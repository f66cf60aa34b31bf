package main

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
)

// cell is a thread with mount and network namespaces of its own, in which the
// peers run: their bridges, firewall rules, runtime directories and locks are
// gone with it, and they do not meet what the host has of these. A nil cell
// is the host.
type cell struct {
	work chan func()
	over chan error
}

func openCell() (*cell, error) {
	c := &cell{work: make(chan func()), over: make(chan error, 1)}
	ready := make(chan error)
	go func() {
		c.over <- kernel.OnThread(func(t *kernel.Thread) error {
			err := isolate(t)
			ready <- err
			if err != nil {
				return err
			}
			for f := range c.work {
				f()
			}
			return nil
		})
	}()
	if err := <-ready; err != nil {
		return nil, err
	}
	return c, nil
}

// do runs f on the cell's thread: what f forks is in the cell.
func (c *cell) do(f func() error) error {
	if c == nil {
		return f()
	}
	done := make(chan error, 1)
	c.work <- func() { done <- f() }
	return <-done
}

// close ends the thread. The namespaces go with the last process in them.
func (c *cell) close() error {
	close(c.work)
	return <-c.over
}

func isolate(t *kernel.Thread) error {
	for _, n := range []kernel.Namespace{kernel.Mount, kernel.Net} {
		if err := t.Unshare(n); err != nil {
			return err
		}
	}
	if err := kernel.MakePrivate("/"); err != nil {
		return err
	}
	for _, dir := range []string{"/run", "/dev/shm"} {
		if err := cover(dir); err != nil {
			return err
		}
	}
	// crun refuses a hybrid host whose v2 hierarchy has controllers.
	if _, err := os.Stat("/sys/fs/cgroup/unified"); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return kernel.Unmount("/sys/fs/cgroup/unified")
}

// cover mounts an empty tmpfs over a directory.
func cover(dir string) error {
	m, err := kernel.NewMount("tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, kernel.Option{Key: "mode", Value: "0755"})
	if err != nil {
		return err
	}
	defer m.Close()
	target, err := kernel.Open(dir, unix.O_PATH)
	if err != nil {
		return err
	}
	defer target.Close()
	return kernel.MoveMount(m, target)
}
