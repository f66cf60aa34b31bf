package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"
)

// print closes the run: what was slow, what was skipped and why, what failed.
func (r *results) print(machine string) {
	r.printSlow()
	r.printSkips(machine)
	for _, f := range r.failed {
		fmt.Fprintln(r.out, "failed:", f)
	}
	for _, s := range r.unexpected() {
		fmt.Fprintf(r.out, "failed: %s was skipped, which is not expected on a machine of kind %s: %s: %s\n", s.test, machine, s.ability, s.cause)
	}
	if r.passed == 0 {
		fmt.Fprintln(r.out, "failed: no test passed")
	}
	fmt.Fprintln(r.out)
	fmt.Fprintln(r.out, r.counts())
}

func (r *results) printSlow() {
	slices.SortFunc(r.slow, func(a, b slow) int { return cmp.Compare(b.seconds, a.seconds) })
	w := tabwriter.NewWriter(r.out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nSLOWEST\tTEST")
	for _, s := range r.slow[:min(5, len(r.slow))] {
		fmt.Fprintf(w, "%.1fs\t%s\n", s.seconds, s.test)
	}
	_ = w.Flush()
}

func (r *results) printSkips(machine string) {
	if len(r.skips) == 0 {
		return
	}
	count, cause := map[string]int{}, map[string]string{}
	for _, s := range r.skips {
		count[s.ability]++
		cause[s.ability] = s.cause
	}
	w := tabwriter.NewWriter(r.out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nSKIPPED\tABILITY\tEXPECTED\tCAUSE")
	for _, name := range slices.Sorted(maps.Keys(count)) {
		word := "NO"
		if r.expected[name] {
			word = "on " + machine
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", count[name], name, word, cause[name])
	}
	_ = w.Flush()
}
