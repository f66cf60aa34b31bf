package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// ErrNoLog is wrapped by the error of ReadLogs when there is nothing to read:
// the container has not started, or has no previous instance.
var ErrNoLog = errors.New("no log")

// LogOptions say which lines ReadLogs delivers.
type LogOptions struct {
	Previous bool      // the instance before the newest one; Follow is ignored
	Tail     *int64    // only so many last lines, at least 0; nil is all
	Since    time.Time // only lines not older; the zero Time is all
	Follow   bool      // go on with what is written later, in later instances too
	// Done ends Follow, after everything that is in the log by then: the pod
	// has finished. nil follows until ctx ends.
	Done <-chan struct{}
}

// ReadLogs calls out with the lines of a container's newest instance, oldest
// first, out of rotated files too (which a kubelet leaves out). dir is a
// ContainerLogDir. A record that is not one of the CRI is delivered as it is,
// without a time and a stream. ReadLogs returns the first error of out, or
// that of ctx.
func ReadLogs(ctx context.Context, dir string, o LogOptions, out func(Line) error) error {
	o.Follow = o.Follow && !o.Previous
	r := logReader{dir: dir, options: o, out: out}
	var written *bell
	if o.Follow {
		// Before the first look: what comes after it rings.
		var err error
		written, err = inotify.watch(dir, unix.IN_MODIFY|unix.IN_CREATE|unix.IN_MOVED_TO)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: %w", dir, ErrNoLog)
		}
		if err != nil {
			return err
		}
		defer inotify.drop(written)
	}
	defer r.close()
	if err := r.begin(); err != nil {
		return err
	}
	if err := r.drain(ctx); err != nil || !o.Follow {
		return err
	}
	return r.follow(ctx, written)
}

// logReader reads one instance after another.
type logReader struct {
	dir     string
	options LogOptions
	out     func(Line) error

	instance int32
	files    []*logFile // those still to be read, opened; the last may be live
	after    string     // the stamp of the newest file that was read to its end
	skip     int64      // lines to be left out
}

func (r *logReader) close() {
	for _, f := range r.files {
		_ = f.file.Close() // opened for reading: nothing to lose
	}
}

func (r *logReader) begin() error {
	all, err := LogInstances(r.dir)
	if err != nil {
		return err
	}
	nth := 1
	if r.options.Previous {
		nth = 2
	}
	if len(all) < nth {
		return fmt.Errorf("%s: %w", r.dir, ErrNoLog)
	}
	r.instance = all[len(all)-nth]
	if err := r.openAll(); err != nil {
		return err
	}
	if r.options.Tail != nil {
		return r.skipToTail(*r.options.Tail)
	}
	return nil
}

// openAll opens every file of the instance at once: none can go away then.
func (r *logReader) openAll() error {
	for after := ""; ; {
		f, err := openAfter(r.path(), after)
		if err != nil || f == nil {
			return err
		}
		r.files = append(r.files, f)
		var live bool
		if after, live = f.stamp(); live || after == "" {
			return nil
		}
	}
}

func (r *logReader) path() string { return LogPath(r.dir, r.instance) }

// skipToTail drops the files, and counts the lines of the first one left, that
// come before the tail.
func (r *logReader) skipToTail(tail int64) error {
	lines := int64(0)
	for i, f := range slices.Backward(r.files) {
		n, err := f.lines()
		if err != nil {
			return err
		}
		if lines += n; lines < tail {
			continue
		}
		r.skip = lines - tail
		for _, before := range r.files[:i] {
			_ = before.file.Close()
		}
		r.files = r.files[i:]
		return nil
	}
	return nil
}

// drain delivers all there is of the instance.
func (r *logReader) drain(ctx context.Context) error {
	for {
		if len(r.files) == 0 {
			f, err := openAfter(r.path(), r.after)
			if err != nil || f == nil {
				return err
			}
			r.files = append(r.files, f)
		}
		f := r.files[0]
		// Asked before the last reading: nothing is written to a file after
		// it was renamed.
		stamp, live := f.stamp()
		err := f.each(func(record []byte) error { return r.deliver(ctx, record) })
		if err != nil || live {
			return err
		}
		r.after = max(r.after, stamp)
		r.files = r.files[1:]
		if err := f.file.Close(); err != nil {
			return fmt.Errorf("log: %w", err)
		}
	}
}

func (r *logReader) deliver(ctx context.Context, record []byte) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	line, err := parseLine(record)
	if err != nil {
		line = Line{Text: record}
	}
	if r.skip > 0 {
		if !line.Partial {
			r.skip--
		}
		return nil
	}
	if err == nil && line.Time.Before(r.options.Since) {
		return nil
	}
	return r.out(line)
}

func (r *logReader) follow(ctx context.Context, written *bell) error {
	for over := false; ; {
		if err := r.drain(ctx); err != nil {
			return err
		}
		further, err := r.nextInstance(ctx)
		if err != nil {
			return err
		}
		if further {
			continue
		}
		if over {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.options.Done:
			over = true
		case <-written.C:
		}
	}
}

// nextInstance goes on to the container's next instance if it has begun. The
// owner opens its log after it has closed the one before.
func (r *logReader) nextInstance(ctx context.Context) (bool, error) {
	all, err := LogInstances(r.dir)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(all, func(n int32) bool { return n > r.instance })
	if i < 0 {
		return false, nil
	}
	if err := r.drain(ctx); err != nil {
		return false, err
	}
	r.close()
	r.files, r.after, r.skip, r.instance = nil, "", 0, all[i]
	return true, nil
}
