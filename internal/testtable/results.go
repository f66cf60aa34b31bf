package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/minipod/minipod/internal/ability"
)

// event is one line of `go test -json` (see `go doc test2json`).
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

type skip struct{ ability, cause, test string }

// results gathers the events of one run.
type results struct {
	out      io.Writer
	expected map[string]bool

	passed int
	failed []string
	skips  []skip
	exit   int
	// pending holds the output of tests that have not ended, and of packages.
	pending map[string][]string
	slow    []slow
}

type slow struct {
	seconds float64
	test    string
}

// read takes events until the stream ends. A line that is no event is shown
// as it is: the kernel of a virtual machine shares the line with the tests.
func (r *results) read(in io.Reader) error {
	s := bufio.NewScanner(in)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		var e event
		if json.Unmarshal(s.Bytes(), &e) != nil || e.Action == "" {
			fmt.Fprintln(r.out, s.Text())
			continue
		}
		r.take(e)
	}
	return s.Err()
}

func (r *results) take(e event) {
	if r.pending == nil {
		r.pending = map[string][]string{}
	}
	key := e.Package + e.ImportPath + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		r.pending[key] = append(r.pending[key], e.Output)
	case "pass":
		r.pass(e, key)
	case "fail", "build-fail":
		r.fail(e, key)
	case "skip":
		r.skip(e, key)
	}
}

func (r *results) pass(e event, key string) {
	if e.Test == "" {
		fmt.Fprintf(r.out, "ok    %-28s %6.1fs\n", short(e.Package), e.Elapsed)
	} else {
		r.passed++
		r.slow = append(r.slow, slow{e.Elapsed, short(e.Package) + " " + e.Test})
	}
	delete(r.pending, key)
}

func (r *results) fail(e event, key string) {
	if e.Test == "" {
		fmt.Fprintf(r.out, "FAIL  %-28s %6.1fs\n", short(e.Package+e.ImportPath), e.Elapsed)
	}
	for _, line := range r.pending[key] {
		fmt.Fprint(r.out, "    ", line)
	}
	delete(r.pending, key)
	// A package fails with its tests; it counts only where none of them did.
	if e.Test != "" || !r.failedIn(e.Package+e.ImportPath) {
		r.failed = append(r.failed, strings.TrimSpace(e.Package+e.ImportPath+" "+e.Test))
	}
}

func (r *results) failedIn(pkg string) bool {
	for _, f := range r.failed {
		if f == pkg || strings.HasPrefix(f, pkg+" ") {
			return true
		}
	}
	return false
}

func (r *results) skip(e event, key string) {
	defer delete(r.pending, key)
	if e.Test == "" {
		return // a package without test files
	}
	s := skip{ability: "unnamed", cause: "t.Skip without a named ability", test: short(e.Package) + " " + e.Test}
	for _, line := range r.pending[key] {
		if _, rest, ok := strings.Cut(line, ability.SkipPrefix); ok {
			s.ability, s.cause, _ = strings.Cut(strings.TrimSpace(rest), ": ")
		}
	}
	r.skips = append(r.skips, s)
}

func (r *results) counts() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", r.passed, len(r.failed)+len(r.unexpected()), len(r.skips)-len(r.unexpected()))
}

func (r *results) unexpected() (list []skip) {
	for _, s := range r.skips {
		if !r.expected[s.ability] {
			list = append(list, s)
		}
	}
	return list
}

func (r *results) good() bool {
	return r.exit == 0 && r.passed > 0 && len(r.failed) == 0 && len(r.unexpected()) == 0
}

func short(pkg string) string {
	if i := strings.Index(pkg, "/minipod/minipod"); i >= 0 {
		pkg = strings.TrimPrefix(pkg[i+len("/minipod/minipod"):], "/")
	}
	if pkg == "" {
		return "."
	}
	return pkg
}
