package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a container may take to start, or a command to end.
const patience = 60 * time.Second

// stamps is the FIFO to which containers tell when they were exec'd.
type stamps struct {
	fifo  *os.File
	lines *bufio.Reader
}

func openStamps(path string) (*stamps, error) {
	if err := unix.Mkfifo(path, 0o666); err != nil {
		return nil, fmt.Errorf("mkfifo %s: %w", path, err)
	}
	// Open for writing too: there is no end of file between two pods.
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return &stamps{f, bufio.NewReader(f)}, nil
}

// wait gives the milliseconds from begin, on the monotonic clock, to the exec
// of the last of n containers. It gives up when ended is closed, unless nil.
func (s *stamps) wait(begin int64, n int, ended <-chan struct{}) (float64, error) {
	if err := s.fifo.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	done, gone := make(chan struct{}), make(chan struct{})
	defer func() { close(done); <-gone }()
	go func() {
		defer close(gone)
		select {
		case <-ended:
			_ = s.fifo.SetReadDeadline(time.Unix(1, 0)) // at once; the file is open
		case <-done:
		}
	}()
	last := begin
	for found := 0; found < n; {
		at, err := s.next()
		if err != nil {
			return 0, err
		}
		if at > begin { // the others are of a run that failed
			last = max(last, at)
			found++
		}
	}
	return float64(last-begin) / 1e6, nil
}

func (s *stamps) next() (int64, error) {
	text, err := s.lines.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("start of containers: %w", err)
	}
	_, number, _ := strings.Cut(strings.TrimSpace(text), " ")
	at, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("stamp: %w", err)
	}
	return at, nil
}

func (s *stamps) close() error { return s.fifo.Close() }

// monotonic is the clock of stamp.c, in nanoseconds.
func monotonic() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err) // the kernel always has it
	}
	return t.Nano()
}
