package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table prints columns as kubectl's do: at least six wide, three blanks
// between, the last one ragged. Columns never shrink, so that rows printed
// later, while watching, stay below their headings.
type table struct {
	out    io.Writer
	widths []int
}

const (
	columnMin = 6
	columnGap = 3
)

func (t *table) print(rows ...[]string) {
	for _, row := range rows {
		for i, cell := range row {
			if i == len(t.widths) {
				t.widths = append(t.widths, columnMin)
			}
			t.widths[i] = max(t.widths[i], utf8.RuneCountInString(cell)+columnGap)
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			if i == len(row)-1 {
				line.WriteString(cell)
				continue
			}
			fmt.Fprintf(&line, "%-*s", t.widths[i], cell)
		}
		fmt.Fprintln(t.out, line.String())
	}
}
