package manifest

import (
	"reflect"
	"strings"
)

// fieldsOf is the JSON names of a struct's fields and their types, those of
// inlined structs among them.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case name == "" && f.Anonymous:
			for inner, typ := range fieldsOf(f.Type) {
				fields[inner] = typ
			}
		default:
			fields[name] = f.Type
		}
	}
	return fields
}

// nearest is the field name that was most likely meant: the fewest edits away,
// in any case of letters, and close enough to be no accident. It is empty if
// there is none.
func nearest(typed string, fields map[string]reflect.Type) string {
	best, name := 1+(len(typed)+1)/3, ""
	for candidate := range fields {
		d := distance(strings.ToLower(typed), strings.ToLower(candidate), best)
		if d < best || d == best && name != "" && candidate < name {
			best, name = d, candidate
		}
	}
	return name
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours between two words (optimal string alignment). It may give any
// number above limit once it knows the distance to be above.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
