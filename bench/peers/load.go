package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// measureLoad loads the Debian image into empty stores.
func measureLoad(ctx context.Context, l *lab, r *results) (err error) {
	if why := l.cannotLoad(); why != "" {
		r.lack("loading Debian", why)
		return nil
	}
	all := []contender{{loadOurs, l.loadRound}}
	p, err := openPodman(ctx, l)
	if err != nil {
		r.lack(loadPodman, err.Error())
	} else {
		defer func() { err = errors.Join(err, p.close()) }()
		all = append(all, contender{loadPodman, p.loadRound})
	}
	return alternate(ctx, l.runs, r, all...)
}

func (l *lab) loadRound(ctx context.Context, r *results) error {
	return l.intoEmpty(r, loadOurs, func(dir string) (float64, error) {
		return l.run(ctx, nil, l.minipod, "--root", dir, "image", "load", l.debian)
	})
}

func (p *podman) loadRound(ctx context.Context, r *results) error {
	return p.intoEmpty(r, loadPodman, func(dir string) (float64, error) {
		return p.podman(ctx, "--root", dir+"/store", "--runroot", dir+"/run", "load", "-q", "-i", p.debian)
	})
}

// intoEmpty times load with a new directory. What others have written before
// is on the disk by then. The directory stays until the lab goes: ext4 searches
// past every inode that was freed in the last minutes, which makes whoever
// comes after a removal twice as slow.
func (l *lab) intoEmpty(r *results, name string, load func(dir string) (float64, error)) error {
	dir, err := os.MkdirTemp(l.dir, "store-")
	if err != nil {
		return err
	}
	unix.Sync()
	ms, err := load(dir)
	if err == nil {
		r.add(name, ms)
	}
	return err
}

// cannotLoad says why the line is left out, if it is.
func (l *lab) cannotLoad() string {
	archive, err := os.Stat(l.debian)
	if err != nil {
		return fmt.Sprintf("%v (make images builds it)", err)
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(l.dir, &disk); err != nil {
		return fmt.Sprintf("statfs: %v", err)
	}
	// Unpacked and packed, a store takes less than four times the archive.
	need, free := int64(l.runs+1)*2*4*archive.Size(), int64(disk.Bavail)*disk.Bsize
	if free < need {
		return fmt.Sprintf("all stores together need %d GB in %s, of which %d are free", need/1e9, l.dir, free/1e9)
	}
	return ""
}
