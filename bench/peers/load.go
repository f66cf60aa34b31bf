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
	if _, err := os.Stat(l.debian); err != nil {
		r.lack("loading Debian", fmt.Sprintf("%v (make images builds it)", err))
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

// intoEmpty times load with a directory that is new and goes again. What
// others have written before is on the disk by then.
func (l *lab) intoEmpty(r *results, name string, load func(dir string) (float64, error)) error {
	dir, err := os.MkdirTemp(l.dir, "store-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	unix.Sync()
	ms, err := load(dir)
	if err == nil {
		r.add(name, ms)
	}
	return err
}
