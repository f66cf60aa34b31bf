package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Watcher tells that something about some pods has changed: one appeared or
// went, published something, recorded an event, found or lost its owner. What
// it was, the caller learns by reading again. It belongs to one goroutine.
type Watcher struct {
	root string
	only string // the one run directory that matters, or ""
	dirs *bell
	news chan struct{}
	pods map[string]*watched
}

// watched is the part of a Watcher that looks at one pod.
type watched struct {
	files *bell
	lock  *os.File // nil while nobody owns the pod
	quit  chan struct{}
	ended sync.WaitGroup
	died  chan struct{} // closed when the owner has gone
}

// NewWatcher watches one pod, which need not exist yet, or all for "". What
// happens after it returns is not missed: read first, then call Next, then
// read again.
func NewWatcher(d Dirs, namespace, name string) (*Watcher, error) {
	if err := os.MkdirAll(d.pods(), 0o700); err != nil {
		return nil, fmt.Errorf("run directories: %w", err)
	}
	w := &Watcher{root: d.pods(), news: make(chan struct{}, 1), pods: map[string]*watched{}}
	if name != "" {
		w.only = filepath.Base(d.PodDir(namespace, name))
	}
	var err error
	w.dirs, err = inotify.watch(w.root, unix.IN_CREATE|unix.IN_MOVED_FROM|unix.IN_MOVED_TO|unix.IN_DELETE)
	if err != nil {
		return nil, err
	}
	if err := w.scan(); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// Next blocks until something has changed since the last Next (or since
// NewWatcher), or ctx ends. It may return without a change.
func (w *Watcher) Next(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.dirs.C:
	case <-w.news:
	}
	return w.scan()
}

// Close ends the watch.
func (w *Watcher) Close() {
	inotify.drop(w.dirs)
	for _, p := range w.pods {
		p.close()
	}
	w.pods = nil
}

// scan brings the watched pods in line with the directories that exist.
func (w *Watcher) scan() error {
	entries, err := os.ReadDir(w.root)
	if err != nil {
		return fmt.Errorf("run directories: %w", err)
	}
	found := map[string]bool{}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || w.only != "" && e.Name() != w.only {
			continue
		}
		found[e.Name()] = true
		if err := w.add(e.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for name, p := range w.pods {
		if !found[name] {
			p.close()
			delete(w.pods, name)
		}
	}
	return nil
}

// add watches a directory from now on. One that stays watched under its name
// may be another than before, or have another owner: it is looked at anew once
// its owner has gone.
func (w *Watcher) add(name string) error {
	if p := w.pods[name]; p != nil {
		if p.lock != nil && !p.over() {
			return nil
		}
		p.close()
		delete(w.pods, name)
	}
	path := filepath.Join(w.root, name)
	p := &watched{quit: make(chan struct{}), died: make(chan struct{})}
	var err error
	p.files, err = inotify.watch(path, unix.IN_MOVED_TO|unix.IN_MODIFY, ownerFile, specFile, statusFile, eventsFile)
	if err != nil {
		return err
	}
	w.pods[name] = p
	if lock, err := lookLock(filepath.Join(path, lockFile)); err == nil {
		p.arm(lock)
	}
	p.ended.Go(func() { p.listen(w.news) })
	return nil
}

// arm waits for the end of the present owner, if there is one.
func (p *watched) arm(lock *os.File) {
	if owned, err := held(lock); err != nil || !owned {
		_ = lock.Close()
		return
	}
	p.lock = lock
	p.ended.Go(func() {
		if hangup(lock) == nil {
			close(p.died)
		}
	})
}

func (p *watched) over() bool {
	select {
	case <-p.died:
		return true
	default:
		return false
	}
}

func (p *watched) listen(news chan<- struct{}) {
	died := p.died
	for {
		select {
		case <-p.files.C:
		case <-died:
			died = nil
		case <-p.quit:
			return
		}
		select {
		case news <- struct{}{}:
		default:
		}
	}
}

func (p *watched) close() {
	close(p.quit)
	if p.lock != nil {
		_ = p.lock.Close() // wakes the goroutine that waits for the hang-up
	}
	p.ended.Wait()
	inotify.drop(p.files)
}
