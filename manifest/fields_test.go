package manifest

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
)

// apiFields walks a type and gives its paths to visit, which tells whether to
// go on below: a type that reads its own JSON, a scalar, a map, or a list of
// one of these is a single value.
func apiFields(path string, t reflect.Type, visit func(path string, single bool) bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	custom := reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
	switch {
	case t.Kind() == reflect.Slice && elem(t).Kind() == reflect.Struct && !custom:
		apiFields(path+"[]", elem(t), visit)
	case t.Kind() != reflect.Struct || custom:
		visit(strings.TrimSuffix(path, "[]"), true)
	case path == "" || visit(strings.TrimSuffix(path, "[]"), false):
		for name, field := range fieldsOf(t) {
			apiFields(child(path, name), field, visit)
		}
	}
}

func elem(t reflect.Type) reflect.Type {
	if t.Elem().Kind() == reflect.Pointer {
		return t.Elem().Elem()
	}
	return t.Elem()
}

func TestEveryFieldOfAPodHasOneRow(t *testing.T) {
	rows := map[string]*Field{}
	for i := range Fields {
		if rows[Fields[i].Path] != nil {
			t.Errorf("two rows for %s", Fields[i].Path)
		}
		rows[Fields[i].Path] = &Fields[i]
	}
	used := map[string]bool{}
	apiFields("", reflect.TypeFor[v1.Pod](), func(path string, single bool) bool {
		row := rows[path]
		if row == nil {
			if single {
				t.Errorf("no row: {Path: %q, Verdict: …},", path)
			}
			return true
		}
		used[path] = true
		if !single && (row.Verdict == Honoured || row.When != nil) {
			t.Errorf("%s holds several fields: each needs its own row to be honoured", path)
		}
		return false // a row below this one would stay unused, and fail below
	})
	for path, row := range rows {
		if !used[path] {
			t.Errorf("row without a field of its own: %s", path)
		}
		if (row.Why == "") != (row.Verdict == Honoured) {
			t.Errorf("%s: a reason belongs to what is not honoured, and to nothing else", path)
		}
	}
}
