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

// documentWith is a pod's document in which nothing but the row's field is set.
func documentWith(row *Field, value any) *document {
	names := strings.Split(row.Path, ".")
	for i := len(names) - 1; i >= 0; i-- {
		name, list := strings.CutSuffix(names[i], "[]")
		if list {
			value = []any{value}
		}
		value = map[string]any{name: value}
	}
	return &document{file: "f", tree: value.(map[string]any), text: &positions{chunk: chunk{first: 1}}}
}

func TestEveryRowSaysWhatItSays(t *testing.T) {
	for i := range Fields {
		row := &Fields[i]
		said := 0
		for _, value := range []any{true, false, "x", map[string]any{"x": "y"}, map[string]any{}, []any{"x"}, []any{}, nil, ""} {
			d := documentWith(row, value)
			l := loader{set: &Set{}}
			l.fields(d)
			l.branch(d, "metadata", d.tree["metadata"], fieldTree().children["metadata"])
			findings := append(l.findings, l.set.Warnings...)
			if len(l.findings) > 0 && row.Verdict != Refused || len(findings) > 1 {
				t.Fatalf("%s = %v: %v", row.Path, value, findings)
			}
			for _, f := range findings {
				said++
				if f.Path != strings.ReplaceAll(row.Path, "[]", "[0]") || !strings.HasSuffix(f.Message, row.Why) {
					t.Errorf("%s = %v: %v", row.Path, value, f)
				}
			}
			if value == nil && len(findings) > 0 {
				t.Errorf("%s: null said %v", row.Path, findings)
			}
		}
		enabled := row.When != nil && row.When("Enabled")
		if (said == 0) != (row.Verdict == Honoured) && !enabled {
			t.Errorf("%s: said %d times", row.Path, said)
		}
	}
}
