package manifest

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// Every line of content is in exactly one chunk, and on its line.
func TestChunksHoldAllLinesInPlace(t *testing.T) {
	line := rapid.SampledFrom([]string{"---", "--- x", "---x", "...", "a: 1", " b", "", "# c", "%YAML 1.1", "- z"})
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(line).Draw(t, "lines")
		var text []byte
		for _, l := range lines {
			text = append(text, l+"\n"...)
		}
		taken := make([]bool, len(lines))
		for _, c := range splitYAML(text) {
			n := c.first - 1
			for l := range bytes.Lines(c.text) {
				if taken[n] || string(l) != lines[n]+"\n" {
					t.Fatalf("line %d: %q", n+1, l)
				}
				taken[n] = true
				n++
			}
		}
		for n, l := range lines {
			if !taken[n] && !ignorable([]byte(l)) && l != "..." {
				t.Fatalf("line %d lost: %q", n+1, l)
			}
		}
	})
}
