package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// results are the samples of every contender, and why some have none.
type results struct {
	samples map[string][]float64
	missing map[string]string
	order   []string // of missing
}

func newResults() *results {
	return &results{samples: map[string][]float64{}, missing: map[string]string{}}
}

func (r *results) add(name string, value float64) {
	r.samples[name] = append(r.samples[name], value)
}

// lack notes why a contender has no samples. The first reason stands.
func (r *results) lack(name, why string) {
	if _, known := r.missing[name]; !known {
		r.missing[name] = why
		r.order = append(r.order, name)
	}
}

// contender is one of those that take turns. round adds its samples.
type contender struct {
	name  string
	round func(ctx context.Context, r *results) error
}

// alternate lets all take turns, runs times. A round before those is thrown
// away: it brings programs and images into the page cache. Who fails once is
// out, with all it has measured.
func alternate(ctx context.Context, runs int, r *results, all ...contender) error {
	warmUp := newResults()
	for i := range runs + 1 {
		into := r
		if i == 0 {
			into = warmUp
		}
		for _, c := range all {
			if _, out := r.missing[c.name]; out {
				continue
			}
			err := c.round(ctx, into)
			if ctx.Err() != nil {
				return errors.New("interrupted")
			}
			if err != nil {
				r.lack(c.name, err.Error())
			}
		}
	}
	return nil
}

// quartiles gives the first, the median and the third of at least one value.
func quartiles(values []float64) (first, median, third float64) {
	v := slices.Sorted(slices.Values(values))
	at := func(num, den int) float64 {
		low, rest := (len(v)-1)*num/den, (len(v)-1)*num%den
		if rest == 0 {
			return v[low]
		}
		return v[low] + (v[low+1]-v[low])*float64(rest)/float64(den)
	}
	return at(1, 4), at(1, 2), at(3, 4)
}

// differences are those of the pairs that were measured in the same rounds.
func differences(a, b []float64) []float64 {
	var d []float64
	for i := range min(len(a), len(b)) {
		d = append(d, a[i]-b[i])
	}
	return d
}

// failure is an error for each thing of minipod's that could not be measured.
func (r *results) failure() error {
	var errs []error
	for _, name := range r.order {
		if strings.HasPrefix(name, "minipod") {
			errs = append(errs, fmt.Errorf("%s: %s", name, r.missing[name]))
		}
	}
	return errors.Join(errs...)
}
