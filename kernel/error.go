package kernel

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Error is a system call that failed: what was tried, on what, and why.
type Error struct {
	Op     string // as in the manual: "mount", "setns"
	Object string // path or description; may be empty
	Err    error  // the errno
	Hint   string // what the errno means here, if it misleads
}

// Error implements error.
func (e *Error) Error() string {
	s := e.Op
	if e.Object != "" {
		s += " " + e.Object
	}
	if e.Hint != "" {
		return fmt.Sprintf("%s: %s (%v)", s, e.Hint, e.Err)
	}
	return s + ": " + e.Err.Error()
}

// Unwrap gives the errno.
func (e *Error) Unwrap() error { return e.Err }

func fail(op, object string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Object: object, Err: err, Hint: hint(op, err)}
}

// hint rewords what an errno says wrongly about a mount: ENOSPC is the limit
// fs.mount-max, not a full disk, and ENODEV a file system that is not built in.
func hint(op string, err error) string {
	switch {
	case mounts(op) && errors.Is(err, unix.ENOSPC):
		return "the limit on mounts (sysctl fs.mount-max) is reached"
	case mounts(op) && errors.Is(err, unix.ENODEV):
		return "this kernel does not have that file system"
	case op == "unshare" && errors.Is(err, unix.ENOSPC), op == "clone3" && errors.Is(err, unix.ENOSPC):
		return "a limit on namespaces (sysctl user.max_*_namespaces) is reached"
	case (op == "unshare" || op == "clone3") && errors.Is(err, unix.EINVAL):
		return "this kernel does not have that kind of namespace"
	case op == "clone3" && errors.Is(err, unix.EAGAIN):
		return "a limit on processes (ulimit -u, pids.max, kernel.pid_max) is reached"
	case errors.Is(err, unix.ENOSYS):
		return "this kernel does not have that system call, or a filter forbids it"
	}
	return ""
}

func mounts(op string) bool {
	switch op {
	case "mount", "fsopen", "fsconfig", "fsmount", "move_mount", "open_tree":
		return true
	}
	return false
}
