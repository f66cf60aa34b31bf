package sandbox

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
)

// maxInterpreters is how often the kernel lets one script name another as its
// interpreter (fs/exec.c, exec_binprm).
const maxInterpreters = 5

// checkProgram refuses a program that is, or is interpreted by, something
// behind a magic link: /proc/self/exe of the child that is about to exec is
// minipod itself, and a container in which that file runs can open it for
// writing (CVE-2019-5736). What a hostile container swaps between this look
// and the execve is not covered.
func checkProgram(root *kernel.FD, dir, name string) error {
	for range maxInterpreters {
		file := name
		if !path.IsAbs(file) {
			file = path.Join(dir, file)
		}
		next, err := interpreter(root, file)
		if err != nil {
			// As execve would say it; at this moment there is no /proc in
			// the root, so that a path through it does not exist either.
			return &kernel.CallError{Call: "exec of " + name, Err: errors.Unwrap(err)}
		}
		if next == "" {
			return nil
		}
		name = next
	}
	return nil
}

// interpreter gives the path in the first line of a script, or "".
func interpreter(root *kernel.FD, name string) (string, error) {
	fd, err := kernel.OpenIn(root, name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return "", err
	}
	f := os.NewFile(uintptr(fd.Int()), name)
	defer f.Close()
	head := make([]byte, 256) // BINPRM_BUF_SIZE
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", nil // a directory, say: execve tells what is wrong with it
	}
	line, _, _ := bytes.Cut(head[:n], []byte("\n"))
	rest, ok := bytes.CutPrefix(line, []byte("#!"))
	if !ok {
		return "", nil
	}
	words := bytes.Fields(rest)
	if len(words) == 0 {
		return "", nil
	}
	return string(words[0]), nil
}
