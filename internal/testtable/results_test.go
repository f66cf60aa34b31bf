package main

import (
	"bytes"
	"strings"
	"testing"
)

const stream = `{"Action":"run","Package":"github.com/minipod/minipod/a","Test":"TestGood"}
{"Action":"pass","Package":"github.com/minipod/minipod/a","Test":"TestGood","Elapsed":0.1}
{"Action":"output","Package":"github.com/minipod/minipod/a","Test":"TestV2","Output":"    x_test.go:1: ability missing: cgroup2: the unified hierarchy has no memory controller\n"}
{"Action":"skip","Package":"github.com/minipod/minipod/a","Test":"TestV2","Elapsed":0}
`

func read(t *testing.T, text string) (*results, *bytes.Buffer) {
	t.Helper()
	out := &bytes.Buffer{}
	r := &results{out: out, expected: map[string]bool{"cgroup2": true}}
	if err := r.read(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	r.print("cgroup1")
	return r, out
}

func TestVerdict(t *testing.T) {
	pkg := `"Package":"github.com/minipod/minipod/a"`
	tests := map[string]struct {
		more string
		good bool
		last string
	}{
		"an expected skip is good": {"", true, "1 passed, 0 failed, 1 skipped"},
		"a line that is no event":  {"[    1.0] kernel talks\n", true, "1 passed, 0 failed, 1 skipped"},
		"a failure": {
			`{"Action":"fail",` + pkg + `,"Test":"TestBad"}` + "\n" + `{"Action":"fail",` + pkg + `}`,
			false, "1 passed, 1 failed, 1 skipped",
		},
		"a package that does not build": {`{"Action":"build-fail","ImportPath":"github.com/minipod/minipod/b"}`, false, "1 passed, 1 failed, 1 skipped"},
		"a panic before any test ended": {`{"Action":"fail",` + pkg + `}`, false, "1 passed, 1 failed, 1 skipped"},
		"an unnamed skip":               {`{"Action":"skip",` + pkg + `,"Test":"TestLazy"}`, false, "1 passed, 1 failed, 1 skipped"},
		"a named skip nobody expects": {
			`{"Action":"output",` + pkg + `,"Test":"T","Output":"ability missing: overlay: no"}` + "\n" + `{"Action":"skip",` + pkg + `,"Test":"T"}`,
			false, "1 passed, 1 failed, 1 skipped",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, out := read(t, stream+tt.more+"\n")
			if r.good() != tt.good {
				t.Errorf("good is %v, want %v\n%s", r.good(), tt.good, out)
			}
			if got := strings.TrimSpace(out.String()); !strings.HasSuffix(got, "\n"+tt.last) {
				t.Errorf("last line is not %q:\n%s", tt.last, got)
			}
		})
	}
}

func TestARunWithoutTestsIsNotGood(t *testing.T) {
	if r, _ := read(t, ""); r.good() {
		t.Error("an empty stream was called good")
	}
}
