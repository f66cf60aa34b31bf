package cgroup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
)

// Group is the step that makes a group. Its undo kills all that is in the
// group and in those below it, waits until they are gone, and removes them.
type Group struct {
	Dir string // absolute
	Of  string // "pod mc1", "container mc1/web"
}

// Kind implements plan.Step.
func (*Group) Kind() string { return "cgroup.group" }

// String implements plan.Step.
func (g *Group) String() string {
	return fmt.Sprintf("cgroup   %s for %s", filepath.Base(g.Dir), g.Of)
}

// Do makes the directory and those above it.
func (g *Group) Do(context.Context) error {
	// The parent may vanish between two calls: another pod that ends
	// removes it when it seems empty. Then the one below it cannot be made,
	// or was there a moment ago and is not any more.
	for {
		err := os.MkdirAll(g.Dir, 0o755)
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := inTheWay(g.Dir); err != nil {
			return err
		}
	}
}

// inTheWay returns an error when one of the kernel's own files has the name
// of dir or of a directory above it.
func inTheWay(dir string) error {
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if at, err := os.Lstat(dir); err == nil && !at.IsDir() {
			return fmt.Errorf("mkdir %s: that name belongs to a file of the kernel", dir)
		}
	}
	return nil
}

// Undo implements plan.Step.
func (g *Group) Undo(ctx context.Context) error {
	if err := Kill(ctx, g.Dir); err != nil {
		return err
	}
	if err := removeTree(g.Dir); err != nil {
		return err
	}
	// The common parent goes with the last group in it.
	err := os.Remove(filepath.Dir(g.Dir))
	if errors.Is(err, unix.EBUSY) || errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeTree(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Kill sends SIGKILL to every process in the group and below it and waits
// until none is left. A group that does not exist is empty.
func Kill(ctx context.Context, dir string) error {
	if err := Signal(dir); err != nil {
		return err
	}
	return AwaitEmpty(ctx, dir)
}

// Signal sends SIGKILL to every process in the group and below it, at once and
// with those that they fork meanwhile (cgroup.kill, Linux 5.14).
func Signal(dir string) error {
	// Without O_CREATE: the kernel answers that with EACCES, not ENOENT.
	kill, err := os.OpenFile(filepath.Join(dir, "cgroup.kill"), os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("kill of the processes in %s: this kernel has no cgroup.kill, minipod needs Linux 5.14", dir)
	}
	if err == nil {
		_, err = kill.WriteString("1")
		err = errors.Join(err, kill.Close())
	}
	// The group was removed meanwhile.
	if errors.Is(err, unix.ENODEV) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("kill of the processes in %s: %w", dir, err)
	}
	return nil
}

// Processes lists the process ids in the group itself, not in those below it.
// A group that does not exist has none.
func Processes(dir string) ([]int, error) {
	b, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var pids []int
	for line := range strings.Lines(string(b)) {
		pid, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			return nil, fmt.Errorf("cgroup.procs of %s: %w", dir, err)
		}
		pids = append(pids, pid)
	}
	slices.Sort(pids)
	return pids, nil
}

// AwaitEmpty waits for the kernel's notice that no process is left in the
// group and below it.
func AwaitEmpty(ctx context.Context, dir string) error {
	events, err := os.Open(filepath.Join(dir, "cgroup.events"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer events.Close()
	return kernel.AwaitChange(ctx, events, func() (bool, error) { return empty(events) })
}

func empty(events *os.File) (bool, error) {
	if _, err := events.Seek(0, 0); err != nil {
		return false, err
	}
	lines := bufio.NewScanner(events)
	for lines.Scan() {
		if lines.Text() == "populated 0" {
			return true, nil
		}
	}
	err := lines.Err()
	if errors.Is(err, unix.ENODEV) { // the group was removed meanwhile
		return true, nil
	}
	return false, err
}
