package main

import (
	"strings"
	"testing"
)

func TestGoals(t *testing.T) {
	for _, c := range []struct {
		goal           goal
		ours, peer     float64
		ratio, verdict string
	}{
		{goal{slower, 1.4}, 14, 10, "1.40 ×", "reached"},
		{goal{slower, 1.4}, 15, 10, "1.50 ×", "MISSED"},
		{goal{faster, 8}, 50, 400, "8.0 × faster", "reached"},
		{goal{faster, 8}, 51, 400, "7.8 × faster", "MISSED"},
		{goal{}, 10, 30, "3.0 × faster", ""},
		{goal{}, 30, 10, "3.0 × slower", ""},
	} {
		r := newResults()
		r.add("us", c.ours)
		r.add("them", c.peer)
		ratio, verdict := r.judge(line{ours: "us", peer: "them", goal: c.goal})
		if ratio != c.ratio || verdict != c.verdict {
			t.Errorf("%v: %q %q, want %q %q", c, ratio, verdict, c.ratio, c.verdict)
		}
	}
}

func TestTableNamesWhatIsLeftOut(t *testing.T) {
	r := newResults()
	for _, ms := range []float64{50, 60, 70} {
		r.add(coldOurs, ms)
	}
	r.add(memoryOurs, 25)
	r.lack("podman", "not installed")
	table := r.table(lines)
	for _, want := range []string{"60.0 ms [55.0–65.0]", "not measured", "25.0 MB", "MISSED", "left out: podman: not installed"} {
		if !strings.Contains(table, want) {
			t.Errorf("%q is missing in\n%s", want, table)
		}
	}
	if strings.Contains(table, versionOurs) {
		t.Errorf("a line without samples:\n%s", table)
	}
}
