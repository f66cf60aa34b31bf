package manifest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// said is what Load has to say about one file: errors and warnings with their
// hints, a line each.
func said(t *testing.T, name, text string) string {
	t.Helper()
	set, err := Load([]Source{{Name: name, Data: []byte(text)}}, Options{})
	var findings, warnings []Finding
	var invalid *Invalid
	switch {
	case errors.As(err, &invalid):
		findings, warnings = invalid.Findings, invalid.Warnings
	case err != nil:
		t.Fatalf("an error that is no *Invalid: %v", err)
	default:
		warnings = set.Warnings
	}
	var b strings.Builder
	write := func(prefix string, all []Finding) {
		for _, f := range all {
			fmt.Fprintf(&b, "%s%s\n", prefix, f)
			if f.Hint != "" {
				fmt.Fprintf(&b, "\t%s\n", f.Hint)
			}
		}
	}
	write("", findings)
	write("warning: ", warnings)
	return b.String()
}
