package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// process is a command that was started. Whoever starts one ends it.
type process struct {
	cmd   *exec.Cmd
	begin int64         // on the monotonic clock, just before the fork
	ended chan struct{} // closed when it has; then took and err are set
	took  float64       // milliseconds
	err   error         // with what the command complained of
}

// start runs argv, in the cell if there is one. When ctx ends, it is asked to
// end, and killed if it does not.
func (l *lab) start(ctx context.Context, in *cell, argv ...string) (*process, error) {
	// A file: a pipe would be held open by what outlives the command.
	stderr, err := os.CreateTemp(l.dir, "stderr-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(stderr.Name()); err != nil {
		return nil, errors.Join(err, stderr.Close())
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stderr = l.dir, l.env, stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	p := &process{cmd: cmd, ended: make(chan struct{})}
	err = in.do(func() error {
		p.begin = monotonic()
		return cmd.Start()
	})
	if err != nil {
		return nil, errors.Join(err, stderr.Close())
	}
	go p.await(stderr)
	return p, nil
}

func (p *process) await(stderr *os.File) {
	defer close(p.ended)
	defer stderr.Close()
	err := p.cmd.Wait()
	p.took = float64(monotonic()-p.begin) / 1e6
	if err != nil {
		said, _ := io.ReadAll(io.NewSectionReader(stderr, 0, 1<<16)) // more words for an error that there is anyway
		name := strings.Join(append([]string{filepath.Base(p.cmd.Path)}, p.cmd.Args[1:]...), " ")
		p.err = fmt.Errorf("%s: %w: %s", name, err, lastLine(string(said)))
	}
}

// wait waits for the end and gives the milliseconds it took.
func (p *process) wait() (float64, error) {
	<-p.ended
	return p.took, p.err
}

// end asks the process to end, if it has not.
func (p *process) end() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	kill := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	<-p.ended
}

// run runs argv to its end and gives the milliseconds it took.
func (l *lab) run(ctx context.Context, in *cell, argv ...string) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p, err := l.start(ctx, in, argv...)
	if err != nil {
		return 0, err
	}
	return p.wait()
}

// exec runs argv to its end and gives the milliseconds from the command to the
// exec of the last of n containers.
func (l *lab) exec(ctx context.Context, in *cell, n int, argv ...string) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p, err := l.start(ctx, in, argv...)
	if err != nil {
		return 0, err
	}
	if _, err := p.wait(); err != nil {
		return 0, err
	}
	return l.stamps.wait(p.begin, n, nil)
}

func lastLine(text string) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return all[len(all)-1]
}
