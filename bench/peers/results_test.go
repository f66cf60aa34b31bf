package main

import (
	"context"
	"errors"
	"slices"
	"testing"
)

func TestQuartiles(t *testing.T) {
	for _, c := range []struct {
		values               []float64
		first, median, third float64
	}{
		{[]float64{7}, 7, 7, 7},
		{[]float64{4, 2}, 2.5, 3, 3.5},
		{[]float64{5, 1, 3, 2, 4}, 2, 3, 4},
		{[]float64{1, 2, 3, 4}, 1.75, 2.5, 3.25},
	} {
		first, median, third := quartiles(c.values)
		if first != c.first || median != c.median || third != c.third {
			t.Errorf("%v: %v %v %v, want %v %v %v", c.values, first, median, third, c.first, c.median, c.third)
		}
	}
}

func TestContendersTakeTurns(t *testing.T) {
	var turns []string
	r := newResults()
	add := func(_ context.Context, into *results) error {
		turns = append(turns, "good")
		into.add("good", float64(len(turns)))
		return nil
	}
	fail := func(context.Context, *results) error {
		turns = append(turns, "bad")
		return errors.New("no such engine")
	}
	if err := alternate(t.Context(), 2, r, contender{"good", add}, contender{"bad", fail}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"good", "bad", "good", "good"}; !slices.Equal(turns, want) {
		t.Errorf("turns %v, want %v", turns, want)
	}
	if got := r.samples["good"]; !slices.Equal(got, []float64{3, 4}) {
		t.Errorf("samples %v: the first round is to be thrown away", got)
	}
	if r.missing["bad"] != "no such engine" {
		t.Errorf("missing %v", r.missing)
	}
	if err := r.failure(); err != nil {
		t.Errorf("a peer that fails is no failure of minipod's: %v", err)
	}
}

func TestOwnFailureIsAnError(t *testing.T) {
	r := newResults()
	r.lack(versionOurs, "exit status 2")
	if err := r.failure(); err == nil {
		t.Error("no error")
	}
}

func TestDifferencesAreOfTheSameRound(t *testing.T) {
	if got := differences([]float64{5, 7, 9}, []float64{1, 2}); !slices.Equal(got, []float64{4, 5}) {
		t.Errorf("%v", got)
	}
}

func TestMetricOfABenchmark(t *testing.T) {
	out := []byte("BenchmarkFloor-2  40  12345 ns/op  3.25 ms-floor  4.5 ms-minipod\nPASS\n")
	if v, ok := metric(out, "ms-minipod"); !ok || v != 4.5 {
		t.Errorf("%v %v", v, ok)
	}
	if _, ok := metric(out, "ms-other"); ok {
		t.Error("found what is not there")
	}
}
