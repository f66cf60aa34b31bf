package sandbox

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
)

// Entry says how one more process enters a running container.
type Entry struct {
	Init     *kernel.FD // pidfd of the container's first process
	Cgroup   string     // directory of the container's group
	Process  Process
	Identity Identity // the container's, unless Process.User says otherwise

	// Stdin, Stdout and Stderr become the process's; the caller closes them.
	// With TTY they are not used.
	Stdin, Stdout, Stderr *kernel.FD
	TTY                   bool
}

// Entered is a process that entered a container. The holder closes its
// descriptors. Terminal is the master side, where Entry.TTY was set.
type Entered struct {
	kernel.Process
	Terminal *kernel.FD
}

// Enter starts the process with the container's own namespaces, group,
// capabilities and user.
//
// It keeps the memory of this process from being read by others for good: the
// container's processes see the child, which shares it until it execs.
func Enter(e Entry) (in Entered, err error) {
	if err := kernel.HideMemory(); err != nil {
		return in, err
	}
	host, err := lookAtHost()
	if err != nil {
		return in, err
	}
	err = kernel.OnThread(func(t *kernel.Thread) error {
		cgroup, err := kernel.Open(e.Cgroup, unix.O_RDONLY|unix.O_DIRECTORY)
		if err != nil {
			return err
		}
		defer cgroup.Close()
		root, err := e.join(t)
		if err != nil {
			return err
		}
		defer root.Close()
		in, err = e.fork(t, host, root, cgroup)
		return err
	})
	return in, err
}

// join takes the thread into all namespaces of the container at once. The root
// directory that setns leaves it in is the container's, which pivoted there.
func (e *Entry) join(t *kernel.Thread) (*kernel.FD, error) {
	if err := t.EnterFD(kernel.Net|kernel.IPC|kernel.UTS|kernel.PID|kernel.Mount, e.Init); err != nil {
		return nil, err
	}
	return kernel.Open("/", unix.O_PATH|unix.O_DIRECTORY)
}

func (e *Entry) fork(t *kernel.Thread, host hostFacts, root, cgroup *kernel.FD) (in Entered, err error) {
	who, home := e.Identity, "/"
	if e.Process.User != (User{}) {
		if who, home, err = resolveUser(root, e.Process.User); err != nil {
			return in, err
		}
	}
	if err := e.Process.complete(root, home); err != nil {
		return in, err
	}
	if e.TTY {
		var terminal *kernel.FD
		in.Terminal, terminal, err = openTerminal(root, who.UID)
		if err != nil {
			return in, err
		}
		defer terminal.Close()
		e.Stdin, e.Stdout, e.Stderr = terminal, terminal, terminal
	}
	in.Process, err = t.Spawn(e.program(host, who), kernel.Cloning{Cgroup: cgroup})
	if err != nil {
		err = errors.Join(err, in.Terminal.Close())
	}
	return in, err
}

func (e *Entry) program(host hostFacts, who Identity) *kernel.Program {
	p := &kernel.Program{}
	p.Stdio(e.Stdin, e.Stdout, e.Stderr)
	p.DefaultSignals()
	p.Setsid()
	if e.TTY {
		p.ControllingTerminal()
	}
	p.Umask(0o022)
	p.CloseAll()
	p.Chdir(e.Process.dir())
	e.Process.confine(p, host, who)
	p.Exec(e.Process.path, e.Process.Argv, e.Process.Env)
	return p
}

// openTerminal makes a pseudo terminal of the container's own devpts that the
// user may open again by its name.
func openTerminal(root *kernel.FD, user uint32) (master, slave *kernel.FD, err error) {
	master, err = kernel.OpenIn(root, "dev/pts/ptmx", unix.O_RDWR|unix.O_NOCTTY)
	if err != nil {
		return nil, nil, err
	}
	if err := unix.IoctlSetPointerInt(master.Int(), unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("unlock of the terminal: %w", err), master.Close())
	}
	n, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(master.Int()), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno != 0 {
		return nil, nil, errors.Join(fmt.Errorf("terminal: %w", errno), master.Close())
	}
	slave = kernel.NewFD(int(n), "terminal")
	if err := unix.Fchown(slave.Int(), int(user), -1); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("owner of the terminal: %w", err), slave.Close(), master.Close())
	}
	return master, slave, nil
}
