package pod

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
)

// mostOutput is how much is kept of what a probe's or hook's command writes;
// what follows is read and dropped.
const mostOutput = 16 << 10

// command runs a command in the instance whose first process is behind init,
// as exec does, and gives what it wrote to stdout and stderr and its exit code.
// It is killed when ctx ends; the error is then that of ctx. What it leaves
// running ends with the container. It takes over init.
func (e *entry) command(ctx context.Context, init *kernel.FD, argv []string) (output []byte, code int, err error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, 0, errors.Join(err, init.Close())
	}
	defer null.Close()
	read, write, err := os.Pipe()
	if err != nil {
		return nil, 0, errors.Join(err, init.Close())
	}
	defer read.Close()
	x, err := e.run(init, ExecOptions{Argv: argv, Stdin: null, Stdout: write, Stderr: write})
	err = errors.Join(err, write.Close(), init.Close())
	if err != nil {
		return nil, 0, err
	}
	written := drain(read)
	code, err = x.waitWithin(ctx)
	// Somebody else may hold the pipe for long: what is in it now is all.
	return written(), code, errors.Join(ctx.Err(), err)
}

// waitWithin is Wait for a process that is killed when ctx ends.
func (x *Execution) waitWithin(ctx context.Context) (int, error) {
	pidfd, err := x.process.PidFD.Dup()
	if err != nil {
		return 0, err
	}
	killed := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { killed <- kernel.Signal(pidfd, unix.SIGKILL) })
	code, err := x.Wait()
	if !stop() {
		err = errors.Join(err, <-killed)
	}
	return code, errors.Join(err, pidfd.Close())
}

// drain reads a pipe as it fills. The function that it gives ends that, and
// gives what was written until then.
func drain(pipe *os.File) func() []byte {
	var (
		kept    []byte
		reading sync.WaitGroup
	)
	reading.Go(func() {
		kept, _ = io.ReadAll(io.LimitReader(pipe, mostOutput)) // ends by the deadline, or with the writers
		_, _ = io.Copy(io.Discard, pipe)
	})
	return func() []byte {
		_ = pipe.SetReadDeadline(time.Unix(1, 0)) // a pipe takes deadlines
		reading.Wait()
		return append(kept, whatIsThere(pipe, mostOutput-len(kept))...)
	}
}

// whatIsThere reads without waiting.
func whatIsThere(pipe *os.File, most int) []byte {
	raw, err := pipe.SyscallConn()
	if err != nil || pipe.SetReadDeadline(time.Time{}) != nil {
		return nil
	}
	var got []byte
	buf := make([]byte, 4096)
	_ = raw.Read(func(fd uintptr) bool {
		for len(got) < most {
			n, err := unix.Read(int(fd), buf[:min(len(buf), most-len(got))])
			if n <= 0 || err != nil {
				break
			}
			got = append(got, buf[:n]...)
		}
		return true
	})
	return got
}
