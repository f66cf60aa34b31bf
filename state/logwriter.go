package state

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// LogLimits bound the log of one container instance. A zero field means the
// kubelet's default.
type LogLimits struct {
	MaxBytes int64 // of one file, before it is rotated; 10 MiB
	Files    int   // of one instance, the live one included, at least 2; 5
}

// The kubelet's containerLogMaxSize and containerLogMaxFiles
// (pkg/kubelet/apis/config/v1beta1/defaults.go).
const (
	defaultLogBytes = 10 << 20
	defaultLogFiles = 5
)

// maxBatch bounds what one write(2) takes, and so the memory of a writer.
const maxBatch = 256 << 10

// LogWriter writes the log of one container instance in the format of the CRI.
// Its methods may be called by several goroutines: the two streams share it.
type LogWriter struct {
	path   string
	limits LogLimits

	mu   sync.Mutex
	file *os.File
	size int64
	buf  []byte
	head []byte // "TIME STREAM F " of the batch

	lastStamp string // of the newest rotated file
	squeezer  squeezer
}

// OpenLog opens the log at path (see LogPath) for appending, and makes it and
// its directories if need be. A record that a killed predecessor left torn is
// cut off: its bytes have not left the container's pipe yet.
func OpenLog(path string, limits LogLimits) (*LogWriter, error) {
	if limits.MaxBytes == 0 {
		limits.MaxBytes = defaultLogBytes
	}
	if limits.Files == 0 {
		limits.Files = defaultLogFiles
	}
	if limits.MaxBytes < 0 || limits.Files < 2 {
		return nil, fmt.Errorf("log limits of %d bytes in %d files: at least 1 byte in 2 files", limits.MaxBytes, limits.Files)
	}
	w := &LogWriter{path: path, limits: limits}
	if err := w.open(); err != nil {
		return nil, err
	}
	return w, nil
}

func (w *LogWriter) open() error {
	// Modes as a kubelet's and containerd's, for the tools that ship logs.
	if err := os.MkdirAll(filepath.Dir(w.path), 0o755); err != nil {
		return fmt.Errorf("log directory: %w", err)
	}
	f, err := os.OpenFile(w.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	size, torn, err := wholeLines(f)
	if err == nil && torn {
		err = f.Truncate(size)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("log: %w", err), f.Close())
	}
	w.file, w.size = f, size
	return nil
}

// wholeLines is the length of f up to its last newline, and whether there is
// more.
func wholeLines(f *os.File) (size int64, torn bool, err error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return 0, false, err
	}
	buf := make([]byte, maxLine)
	for end := info.Size(); end > 0; {
		start := max(0, end-int64(len(buf)))
		part := buf[:end-start]
		if _, err := f.ReadAt(part, start); err != nil {
			return 0, false, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			size = start + int64(i) + 1
			return size, size < info.Size(), nil
		}
		end = start
	}
	return 0, true, nil
}

// Write puts the lines of chunk into the log with the time at, by one write,
// and returns how many bytes of chunk those are. An unfinished last line is
// left out, for the caller to present again when more of it has come, unless
// end says that nothing will. Those bytes, and no others, survive the death of
// this process, whatever the error: a rotation can fail after a write.
func (w *LogWriter) Write(stream Stream, chunk []byte, at time.Time, end bool) (taken int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return 0, fmt.Errorf("log %s: %w", w.path, fs.ErrClosed)
	}
	taken = w.format(stream, chunk, at, end)
	if taken == 0 {
		return 0, nil
	}
	n, err := w.file.Write(w.buf)
	if err != nil {
		if n > 0 { // a full disk: readers must not meet half a record
			err = errors.Join(err, w.file.Truncate(w.size))
		}
		return 0, fmt.Errorf("log: %w", err)
	}
	w.size += int64(n)
	if w.size < w.limits.MaxBytes {
		return taken, nil
	}
	return taken, w.rotate(at)
}

func (w *LogWriter) format(stream Stream, chunk []byte, at time.Time, end bool) (taken int) {
	w.head = at.UTC().AppendFormat(w.head[:0], time.RFC3339Nano)
	w.head = append(w.head, ' ')
	w.head = append(w.head, stream...)
	w.head = append(w.head, ' ', tagFull, ' ')
	tag := len(w.head) - 2
	w.buf = w.buf[:0]
	for len(w.buf) < maxBatch {
		text, partial, n := cutLine(chunk[taken:], end)
		if n == 0 {
			break
		}
		w.head[tag] = tagFull
		if partial {
			w.head[tag] = tagPartial
		}
		w.buf = append(w.buf, w.head...)
		w.buf = append(w.buf, text...)
		w.buf = append(w.buf, '\n')
		taken += n
	}
	return taken
}

// Close closes the log and waits until its old files are compressed. The error
// of a compression is returned here: no line depends on it.
func (w *LogWriter) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return nil
	}
	err := w.file.Close()
	w.file = nil
	return errors.Join(err, w.squeezer.wait())
}
