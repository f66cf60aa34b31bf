package manifest

import (
	"fmt"
	"testing"
)

func TestSegments(t *testing.T) {
	for path, want := range map[string]string{
		"":                                  "[]",
		"metadata":                          "[{metadata -1}]",
		"spec.containers[1].name":           "[{spec -1} {containers -1} {1 1} {name -1}]",
		"a.limits[cpu]":                     "[{a -1} {limits -1} {cpu -1}]",
		"a[x.y/z][0]":                       "[{a -1} {x.y/z -1} {0 0}]",
		"a[":                                "[{a -1} { -1}]",
		"a[-1]":                             "[{a -1} {-1 -1}]",
		"a[99999999999999999999999999999].": "[{a -1} {99999999999999999999999999999 -1}]",
	} {
		if got := fmt.Sprint(segments(path)); got != want {
			t.Errorf("%s: %s, wanted %s", path, got, want)
		}
	}
}

func TestSplitMessage(t *testing.T) {
	for message, want := range map[string][2]string{
		"spec.a[b: c].d: no: e": {"spec.a[b: c].d", "no: e"},
		"metadata.name: x":      {"metadata.name", "x"},
		"special case: x":       {"", "special case: x"},
		"spec is: empty":        {"", "spec is: empty"},
		"a: b":                  {"", "a: b"},
		"spec":                  {"", "spec"},
	} {
		if path, rest := splitMessage(message); path != want[0] || rest != want[1] {
			t.Errorf("%s: %q %q", message, path, rest)
		}
	}
}
