package kernel

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Pin keeps the namespace behind file (see Thread.NamespaceFile) alive by a
// mount on path, which is created.
func Pin(file, path string) error {
	f, err := Create(path, unix.O_RDONLY|unix.O_EXCL, 0o400)
	if err != nil {
		return err
	}
	f.Close()
	return Bind(file, path)
}

// Unpin drops what Pin made; what is not there is no error.
func Unpin(path string) error {
	if err := Unmount(path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// numberBatch is how many numbers of namespaces a processor takes at a time
// (COOKIE_LOCAL_BATCH of the kernel's linux/cookie.h).
const numberBatch = 4096

// PinMount pins the thread's own mount namespace, on a thread of On, which is
// back in the namespace of the process afterwards: a namespace cannot hold its
// own pin.
//
// Where that is not the machine's first one, the kernel also refuses (EINVAL)
// the pin of a namespace whose number is lower, and numbers come in batches,
// one for each processor. Then the thread takes a copy of its namespace, on
// the next processor: on the one where the process got its own, numbers are
// higher. Where that one is not for us, they are when the batch is used up.
func (t *Thread) PinMount(path string) error {
	var processors []int
	for try := 0; ; try++ {
		own, err := t.pinFromOutside(path)
		if !errors.Is(err, unix.EINVAL) {
			return errors.Join(err, own.Close())
		}
		if try == 0 {
			processors = allowedProcessors()
		}
		if try == len(processors)+numberBatch {
			return errors.Join(err, own.Close())
		}
		if try < len(processors) {
			t.moveTo(processors[try])
		}
		if err := errors.Join(t.EnterFD(Mount, own), own.Close()); err != nil {
			return err
		}
		if err := t.Unshare(Mount); err != nil {
			return err
		}
	}
}

// pinFromOutside leaves the namespace, pins it, and gives it for another try.
func (t *Thread) pinFromOutside(path string) (*FD, error) {
	own, err := t.mountNamespace()
	if err != nil {
		return nil, err
	}
	if err := t.comeBack(); err != nil {
		return own, err
	}
	err = Pin(own.Path(), path)
	if errors.Is(err, unix.EINVAL) {
		err = errors.Join(err, Unpin(path))
	}
	return own, err
}

func allowedProcessors() (list []int) {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	for n := range len(set) * 64 {
		if set.IsSet(n) {
			list = append(list, n)
		}
	}
	return list
}

// moveTo is tried only: no decision depends on where the thread runs.
func (t *Thread) moveTo(processor int) {
	var set unix.CPUSet
	set.Set(processor)
	_ = unix.SchedSetaffinity(0, &set)
}
