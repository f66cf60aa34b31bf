package kernel

import "golang.org/x/sys/unix"

// Umask sets the mask of file modes of this thread alone, so that modes can
// be given exactly while other threads create files under the user's mask.
func (t *Thread) Umask(mask int) error {
	if err := t.UnshareFS(); err != nil {
		return err
	}
	old := unix.Umask(mask)
	if t.way != nil && !t.way.masked {
		t.way.mask, t.way.masked = old, true
	}
	return nil
}
