package kernel

import (
	"context"

	"golang.org/x/sys/unix"
)

// OneThread runs f with a context in which all calls of On share one thread.
// To start a thread, and to wait for it, is dear where a processor has to be
// woken for it: a row of small works in namespaces is done in half the time.
func OneThread(ctx context.Context, f func(context.Context) error) error {
	return onReturning(func(t *Thread) error {
		return f(context.WithValue(ctx, shared{}, t))
	})
}

// shared is the key of the thread in a context of OneThread. Nobody but the
// goroutine that is locked to it may use that context.
type shared struct{}

// On runs f as OnThread does, or on the thread of ctx, if OneThread made ctx.
// That one is taken back to the mount namespace and the umask that it had;
// its other namespaces stay as f leaves them, so f may depend on those that it
// has entered itself, and on no others.
func On(ctx context.Context, f func(*Thread) error) error {
	t, ok := ctx.Value(shared{}).(*Thread)
	if !ok {
		return onReturning(f)
	}
	err := f(t)
	if back := t.comeBack(); back != nil {
		return back // what runs next would run in the wrong place
	}
	return err
}

func onReturning(f func(*Thread) error) error {
	return OnThread(func(t *Thread) error {
		t.way = &wayBack{}
		defer t.way.close()
		return f(t)
	})
}

// wayBack is what a thread needs to come back from another mount namespace,
// which may not hold a procfs.
type wayBack struct {
	own, mount, root, dir *FD // /proc/thread-self/ns, and what was the thread's
	away                  bool
	mask                  int
	masked                bool
}

func (w *wayBack) close() {
	for _, f := range []*FD{w.own, w.mount, w.root, w.dir} {
		_ = f.Close() // nothing was written through it
	}
}

// leaving is called before the thread changes its mount namespace.
func (t *Thread) leaving() error {
	w := t.way
	if w == nil || w.away {
		return nil
	}
	if w.own == nil {
		for path, f := range map[string]**FD{"/proc/thread-self/ns": &w.own, "/proc/thread-self/ns/mnt": &w.mount, "/": &w.root, ".": &w.dir} {
			flags := unix.O_PATH
			if f == &w.mount {
				flags = unix.O_RDONLY
			}
			var err error
			if *f, err = Open(path, flags); err != nil {
				return err
			}
		}
	}
	w.away = true
	return nil
}

// comeBack undoes what the thread's last user did to its place and umask.
func (t *Thread) comeBack() error {
	w := t.way
	if w.masked {
		unix.Umask(w.mask)
		w.masked = false
	}
	if !w.away {
		return nil
	}
	if err := fail("setns", w.mount.Name(), unix.Setns(w.mount.Int(), unix.CLONE_NEWNS)); err != nil {
		return err
	}
	// setns takes the namespace's root; the process may have had another.
	if err := fail("fchdir", w.root.Name(), unix.Fchdir(w.root.Int())); err != nil {
		return err
	}
	if err := fail("chroot", w.root.Name(), unix.Chroot(".")); err != nil {
		return err
	}
	w.away = false
	return fail("fchdir", w.dir.Name(), unix.Fchdir(w.dir.Int()))
}

// mountNamespace opens the mount namespace in which the thread is.
func (t *Thread) mountNamespace() (*FD, error) {
	return openRetry("mount namespace", func() (int, error) {
		return unix.Openat(t.way.own.Int(), "mnt", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	})
}
