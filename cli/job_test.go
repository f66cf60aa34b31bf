package cli_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// job is a minipod in the background of a script.
type job struct {
	cmd      *exec.Cmd
	out, err stream
	ended    chan struct{}

	mu   sync.Mutex
	all  []byte // of both streams, as it came
	more chan struct{}
}

// stream keeps what comes on one of a job's streams.
type stream struct {
	job  *job
	text []byte
}

// Write implements io.Writer.
func (s *stream) Write(p []byte) (int, error) {
	s.job.mu.Lock()
	defer s.job.mu.Unlock()
	s.text = append(s.text, p...)
	s.job.all = append(s.job.all, p...)
	close(s.job.more)
	s.job.more = make(chan struct{})
	return len(p), nil
}

// startJob starts c and takes its output.
func startJob(c *exec.Cmd) (*job, error) {
	j := &job{cmd: c, ended: make(chan struct{}), more: make(chan struct{})}
	j.out.job, j.err.job = j, j
	c.Stdout, c.Stderr = &j.out, &j.err
	if err := c.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = c.Wait() // the exit code says what there is to say
		close(j.ended)
	}()
	return j, nil
}

// await blocks until the job has said what matches, or has ended without.
func (j *job) await(ctx context.Context, want *regexp.Regexp) error {
	for {
		j.mu.Lock()
		found, more := want.Match(j.all), j.more
		j.mu.Unlock()
		if found {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("%w; it says:\n%s", ctx.Err(), j.text())
		case <-j.ended:
			select {
			case <-more: // its last words
			default:
				return fmt.Errorf("it ended with %d and said:\n%s", codeOf(j.cmd.ProcessState), j.text())
			}
		}
	}
}

func (j *job) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return string(j.all)
}

// wait gives the exit code, or minus the number of the signal.
func (j *job) wait(ctx context.Context) (int, error) {
	select {
	case <-j.ended:
		return codeOf(j.cmd.ProcessState), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("%w; it says:\n%s", ctx.Err(), j.text())
	}
}

func codeOf(s *os.ProcessState) int {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return -int(w.Signal())
	}
	return s.ExitCode()
}

func (s *scriptRun) start(ts *testscript.TestScript, args []string) {
	c := s.lab.minipod(args[1:]...)
	c.Dir = ts.MkAbs(".")
	j, err := startJob(c)
	ts.Check(err)
	s.jobs[args[0]] = j
}

func (s *scriptRun) job(ts *testscript.TestScript, name string) *job {
	j := s.jobs[name]
	if j == nil {
		ts.Fatalf("no job is called %s", name)
	}
	return j
}

func (s *scriptRun) says(ts *testscript.TestScript, args []string) {
	ts.Check(s.job(ts, args[0]).await(s.ctx, regexp.MustCompile(args[1])))
}

func (s *scriptRun) signal(ts *testscript.TestScript, args []string) {
	signals := map[string]os.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}
	ts.Check(s.job(ts, args[0]).cmd.Process.Signal(signals[args[1]]))
}

func (s *scriptRun) ends(ts *testscript.TestScript, args []string) {
	name, want := args[0], number(ts, args[1])
	j := s.job(ts, name)
	got, err := j.wait(s.ctx)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(name+".out"), j.out.text, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(name+".err"), j.err.text, 0o600))
	ts.Logf("%s", j.text())
	if got != want {
		ts.Fatalf("%s ended with %d, want %d", name, got, want)
	}
}

// stdoutOf matches what an ended job wrote to its standard output.
func (s *scriptRun) stdoutOf(ts *testscript.TestScript, neg bool, args []string) {
	j := s.job(ts, args[0])
	if regexp.MustCompile("(?m)"+args[1]).Match(j.out.text) == neg {
		ts.Fatalf("standard output of %s:\n%s", args[0], j.out.text)
	}
}

// cleanUp ends what a script that failed has left, as a person would.
func (s *scriptRun) cleanUp() {
	s.endJobs()
	if s.t.Failed() {
		out, err := s.lab.minipod("gc").CombinedOutput()
		s.t.Logf("minipod gc: %v\n%s", err, out)
	}
}

func (s *scriptRun) endJobs() {
	for name, j := range s.jobs {
		select {
		case <-j.ended:
			continue
		default:
		}
		s.t.Logf("%s was still running:\n%s", name, j.text())
		for range 2 {
			if err := j.cmd.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
				s.t.Error(err)
			}
		}
		<-j.ended
	}
}
