package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// A rotated file is called after the live one, a dot, and the time of its
// rotation. The kubelet stops at seconds; a fast writer rotates many times in
// one, so the stamp goes on to nanoseconds and still sorts as text.
const (
	stampFormat = "20060102-150405.000000000"
	gzSuffix    = ".gz"
	tmpSuffix   = ".tmp"
)

// rotate makes the live file an old one and starts a new one. Its error does
// not concern what was written: that is in one of the files.
func (w *LogWriter) rotate(at time.Time) error {
	stamp := w.nextStamp(at)
	err := os.Rename(w.path, w.path+"."+stamp)
	missing := errors.Is(err, fs.ErrNotExist) // somebody tidied up: begin anew
	if err != nil && !missing {
		return fmt.Errorf("log rotation: %w", err)
	}
	old := w.file
	if err := w.open(); err != nil {
		if !missing { // without a new file the old one goes on, under its old name
			err = errors.Join(err, os.Rename(w.path+"."+stamp, w.path))
		}
		return err
	}
	w.lastStamp = stamp
	return errors.Join(old.Close(), w.prune())
}

// nextStamp makes stamps grow even if the clock does not.
func (w *LogWriter) nextStamp(at time.Time) string {
	if w.lastStamp == "" {
		if all, err := rotated(w.path); err == nil && len(all) > 0 {
			w.lastStamp = all[len(all)-1].stamp
		}
	}
	stamp := at.UTC().Format(stampFormat)
	if stamp > w.lastStamp {
		return stamp
	}
	last, err := time.Parse(stampFormat, w.lastStamp)
	if err != nil { // a name of the kubelet's form: same second, no fraction
		return w.lastStamp + ".000000001"
	}
	return last.Add(1).Format(stampFormat)
}

// prune removes the oldest files beyond the limit, and has all but the newest
// rotated one compressed. That one stays as it is for who still reads it.
func (w *LogWriter) prune() error {
	all, err := rotated(w.path)
	if err != nil {
		return err
	}
	var errs []error
	for len(all) > w.limits.Files-1 {
		errs = append(errs, removeFile(all[0].path))
		all = all[1:]
	}
	for _, r := range all[:max(0, len(all)-1)] {
		if !strings.HasSuffix(r.path, gzSuffix) {
			w.squeezer.add(r.path)
		}
	}
	return errors.Join(errs...)
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("old log: %w", err)
	}
	return nil
}

// rotatedFile is an old file of a log.
type rotatedFile struct{ path, stamp string }

// rotated lists the old files of the log at path, oldest first, each once: the
// compressed one is listed when both are there.
func rotated(path string) ([]rotatedFile, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // removed with its pod, while somebody reads
	}
	if err != nil {
		return nil, fmt.Errorf("log directory: %w", err)
	}
	var all []rotatedFile
	for _, e := range entries { // sorted: x.log.T comes before x.log.T.gz
		stamp, ok := strings.CutPrefix(e.Name(), filepath.Base(path)+".")
		if !ok || strings.HasSuffix(stamp, tmpSuffix) {
			continue
		}
		r := rotatedFile{filepath.Join(filepath.Dir(path), e.Name()), strings.TrimSuffix(stamp, gzSuffix)}
		if n := len(all); n > 0 && all[n-1].stamp == r.stamp {
			all[n-1] = r
			continue
		}
		all = append(all, r)
	}
	return all, nil
}

// squeezer compresses files one after another, beside the writer.
type squeezer struct {
	mu      sync.Mutex
	todo    []string
	running sync.WaitGroup
	busy    bool
	errs    []error
}

func (s *squeezer) add(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.todo, path) {
		return
	}
	s.todo = append(s.todo, path)
	if !s.busy {
		s.busy = true
		s.running.Go(s.run)
	}
}

func (s *squeezer) run() {
	var err error
	for path := s.next("", nil); path != ""; path = s.next(path, err) {
		err = squeeze(path)
	}
}

// next takes what is done off the list and returns what comes then.
func (s *squeezer) next(done string, err error) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if done != "" {
		s.todo = s.todo[1:]
	}
	if err != nil && len(s.errs) < 3 { // a broken disk has the same to say of each file
		s.errs = append(s.errs, err)
	}
	if len(s.todo) == 0 {
		s.busy = false
		return ""
	}
	return s.todo[0]
}

func (s *squeezer) wait() error {
	s.running.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.errs...)
}

// squeeze replaces a file by its compressed self. A file that was removed
// meanwhile is done.
func squeeze(path string) error {
	in, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("log compression: %w", err)
	}
	defer in.Close()
	tmp := path + tmpSuffix
	if err := squeezeInto(tmp, in); err != nil {
		return errors.Join(fmt.Errorf("log compression: %w", err), removeFile(tmp))
	}
	if err := os.Rename(tmp, path+gzSuffix); err != nil {
		return errors.Join(fmt.Errorf("log compression: %w", err), removeFile(tmp))
	}
	err = os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		// It was over the limit before it was compressed: so is this.
		return removeFile(path + gzSuffix)
	}
	return err
}

func squeezeInto(path string, in io.Reader) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	gz := gzip.NewWriter(out)
	_, err = io.Copy(gz, in)
	return errors.Join(err, gz.Close(), out.Close())
}
