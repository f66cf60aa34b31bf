package state

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// logFile is one file of an instance's log, open for reading. It stays the
// same file while the writer renames, compresses or removes it.
type logFile struct {
	file *os.File
	off  int64 // where the records begin that were not read yet; of the text, if compressed
}

// openAfter opens the file that follows the rotated one with the given stamp:
// the next rotated one, or the live one. nil means that there is none now.
func openAfter(path, stamp string) (*logFile, error) {
	for {
		next, err := rotatedAfter(path, stamp)
		if err != nil {
			return nil, err
		}
		name := path
		if next != nil {
			name = next.path
		}
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			// Either rotated or compressed just now, and there under another
			// name, or there is no such log.
			if now, err := rotatedAfter(path, stamp); err != nil || now == nil && next == nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("log: %w", err)
		}
		l := &logFile{file: f}
		if next == nil {
			// While the live one was opened, another may have come before it.
			first, err := l.isFirstAfter(path, stamp)
			if err == nil && first {
				return l, nil
			}
			if err = errors.Join(err, f.Close()); err != nil {
				return nil, err
			}
			continue
		}
		return l, nil
	}
}

// isFirstAfter reports whether no other rotated file comes before l.
func (l *logFile) isFirstAfter(path, stamp string) (bool, error) {
	now, err := rotatedAfter(path, stamp)
	if err != nil || now == nil {
		return err == nil, err
	}
	mine, _ := l.stamp()
	return now.stamp == mine, nil
}

func rotatedAfter(path, stamp string) (*rotatedFile, error) {
	all, err := rotated(path)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(r rotatedFile) bool { return r.stamp > stamp })
	if i < 0 {
		return nil, nil
	}
	return &all[i], nil
}

// stamp is the time in the file's present name; live says that it is the live
// log of its instance. The kernel knows the name of an open file, and its last
// one after it was removed.
func (l *logFile) stamp() (stamp string, live bool) {
	name, err := os.Readlink(fmt.Sprintf("/proc/thread-self/fd/%d", l.file.Fd()))
	if err != nil {
		name = l.file.Name() // without /proc, rotation is not followed
	}
	name, removed := strings.CutSuffix(filepath.Base(name), " (deleted)")
	_, stamp, old := strings.Cut(name, ".log.")
	return strings.TrimSuffix(stamp, gzSuffix), !old && !removed
}

func (l *logFile) compressed() bool { return strings.HasSuffix(l.file.Name(), gzSuffix) }

// each calls f with every whole record after the last one it was called with.
func (l *logFile) each(f func(record []byte) error) error {
	r, err := l.reader()
	if err != nil {
		return err
	}
	var stopped error // by f: no fault of the file
	n, err := eachRecord(r, func(record []byte) error {
		stopped = f(record)
		return stopped
	})
	l.off += n
	if stopped != nil {
		return stopped
	}
	if err != nil {
		return fmt.Errorf("log %s: %w", l.file.Name(), err)
	}
	return nil
}

// reader reads from where each left off. Reading a live log by its own offset
// would lose the beginning of a record that was half written.
func (l *logFile) reader() (io.Reader, error) {
	if !l.compressed() {
		return io.NewSectionReader(l.file, l.off, math.MaxInt64-l.off), nil
	}
	gz, err := gzip.NewReader(io.NewSectionReader(l.file, 0, math.MaxInt64))
	if err != nil {
		return nil, fmt.Errorf("log %s: %w", l.file.Name(), err)
	}
	if _, err := io.CopyN(io.Discard, gz, l.off); err != nil {
		return nil, fmt.Errorf("log %s: %w", l.file.Name(), err)
	}
	return gz, nil
}

// eachRecord returns how many bytes the records took for which f returned nil.
func eachRecord(r io.Reader, f func(record []byte) error) (done int64, err error) {
	buf := make([]byte, 0, 64<<10)
	for {
		if len(buf) == cap(buf) { // a record longer than any of minipod's
			buf = append(make([]byte, 0, 2*cap(buf)), buf...)
		}
		n, readErr := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		used := 0
		for {
			end := bytes.IndexByte(buf[used:], '\n')
			if end < 0 {
				break
			}
			if err := f(buf[used : used+end]); err != nil {
				return done, err
			}
			used += end + 1
			done += int64(end) + 1
		}
		buf = append(buf[:0], buf[used:]...)
		if errors.Is(readErr, io.EOF) {
			return done, nil
		}
		if readErr != nil {
			return done, readErr
		}
	}
}

// lines counts the lines in the part that was not read yet. The parts of a
// line count as one.
func (l *logFile) lines() (n int64, err error) {
	at := l.off
	open := false
	err = l.each(func(record []byte) error {
		line, err := parseLine(record)
		open = err == nil && line.Partial
		if !open {
			n++
		}
		return nil
	})
	l.off = at
	if open {
		n++
	}
	return n, err
}
