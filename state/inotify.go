package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// A user may have no more than 128 inotify instances on an ordinary kernel, and
// one process may own hundreds of pods: all share one instance, which lives
// from the first bell to the last.
var inotify hub

type hub struct {
	mu    sync.Mutex
	file  *os.File // nil without bells
	bells map[int32][]*bell
}

// bell rings when something happens in a directory. Rings that nobody has
// heard yet are one ring.
type bell struct {
	C     chan struct{} // never closed
	wd    int32
	mask  uint32
	names []string // none: every name
}

// watch hangs a bell on a directory, for the events of mask, for the given
// names in it or for all. The bell also rings when the directory goes away.
func (h *hub) watch(dir string, mask uint32, names ...string) (*bell, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.open(); err != nil {
		return nil, err
	}
	raw, err := h.file.SyscallConn()
	if err != nil {
		return nil, err
	}
	b := &bell{C: make(chan struct{}, 1), mask: mask, names: names}
	var addErr error
	err = raw.Control(func(fd uintptr) {
		var wd int
		wd, addErr = unix.InotifyAddWatch(int(fd), dir, mask|unix.IN_MASK_ADD|unix.IN_ONLYDIR)
		b.wd = int32(wd)
	})
	if err = errors.Join(err, addErr); err != nil {
		h.closeIdle()
		return nil, watchError(dir, err)
	}
	h.bells[b.wd] = append(h.bells[b.wd], b)
	return b, nil
}

func watchError(dir string, err error) error {
	if errors.Is(err, unix.ENOSPC) {
		// The errno speaks of a disk; the limit is on watches.
		return fmt.Errorf("watch on %s: fs.inotify.max_user_watches is used up: %w", dir, err)
	}
	return fmt.Errorf("watch on %s: %w", dir, err)
}

func (h *hub) open() error {
	if h.file != nil {
		return nil
	}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if errors.Is(err, unix.EMFILE) {
		return fmt.Errorf("inotify: fs.inotify.max_user_instances or the limit on open files is used up: %w", err)
	}
	if err != nil {
		return fmt.Errorf("inotify: %w", err)
	}
	h.file = os.NewFile(uintptr(fd), "inotify")
	h.bells = map[int32][]*bell{}
	go h.listen(h.file)
	return nil
}

// drop takes a bell down. It may still ring once.
func (h *hub) drop(b *bell) {
	h.mu.Lock()
	defer h.mu.Unlock()
	left := slices.DeleteFunc(h.bells[b.wd], func(o *bell) bool { return o == b })
	if len(left) > 0 {
		h.bells[b.wd] = left
		return
	}
	if _, watched := h.bells[b.wd]; watched {
		delete(h.bells, b.wd)
		if raw, err := h.file.SyscallConn(); err == nil {
			// The only error left is that the directory went away just now.
			_ = raw.Control(func(fd uintptr) { _, _ = unix.InotifyRmWatch(int(fd), uint32(b.wd)) })
		}
	}
	h.closeIdle()
}

// closeIdle ends the instance, and with it the listener.
func (h *hub) closeIdle() {
	if h.file != nil && len(h.bells) == 0 {
		_ = h.file.Close()
		h.file = nil
	}
}

func (h *hub) listen(file *os.File) {
	buf := make([]byte, 16<<10)
	for {
		n, err := file.Read(buf)
		if err != nil {
			return // closed by closeIdle; inotify knows no other error
		}
		h.ring(file, buf[:n])
	}
}

func (h *hub) ring(file *os.File, events []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(events) >= unix.SizeofInotifyEvent {
		wd := int32(binary.NativeEndian.Uint32(events[0:]))
		mask := binary.NativeEndian.Uint32(events[4:])
		end := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(events[12:]))
		name := strings.TrimRight(string(events[unix.SizeofInotifyEvent:end]), "\x00")
		events = events[end:]
		if h.file == file { // else these are the last words of a closed instance
			h.ringOne(wd, mask, name)
		}
	}
}

func (h *hub) ringOne(wd int32, mask uint32, name string) {
	if mask&unix.IN_Q_OVERFLOW != 0 { // events were lost: everybody looks
		for _, bells := range h.bells {
			for _, b := range bells {
				b.ring()
			}
		}
		return
	}
	for _, b := range h.bells[wd] {
		forMe := mask&b.mask != 0 && (len(b.names) == 0 || slices.Contains(b.names, name))
		if forMe || mask&unix.IN_IGNORED != 0 {
			b.ring()
		}
	}
	if mask&unix.IN_IGNORED != 0 {
		delete(h.bells, wd) // the kernel has dropped the watch
	}
}

func (b *bell) ring() {
	select {
	case b.C <- struct{}{}:
	default:
	}
}
