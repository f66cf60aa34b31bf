package main

import (
	"fmt"
	"path/filepath"
	"testing"
)

func TestStampsOfAFailedRunDoNotCount(t *testing.T) {
	s, err := openStamps(filepath.Join(t.TempDir(), "stamps"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	begin := monotonic()
	fmt.Fprintf(s.fifo, "old %d\nc1 %d\nc2 %d\n", begin-1, begin+3_000_000, begin+2_000_000)
	ms, err := s.wait(begin, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ms != 3 {
		t.Errorf("%v ms, want that of the last container, 3", ms)
	}
}

func TestNobodyWaitsForACommandThatHasEnded(t *testing.T) {
	s, err := openStamps(filepath.Join(t.TempDir(), "stamps"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	ended := make(chan struct{})
	close(ended)
	if _, err := s.wait(monotonic(), 1, ended); err == nil {
		t.Error("no error")
	}
}
