package manifest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// diagnose says why the values do not fit the type of the object. It runs only
// after the strict decoder has refused: that one stops at the first value of a
// wrong type and names no index, and it does not know which name was meant.
func (d *document) diagnose(object any) []Finding {
	w := mismatch{document: d}
	w.value("", d.tree, reflect.TypeOf(object))
	return w.findings
}

type mismatch struct {
	document *document
	findings []Finding
}

// maxMismatches is where the API server's decoder stops as well; whoever has
// more to correct than this starts with these.
const maxMismatches = 100

func (w *mismatch) add(path, message, hint string) {
	if len(w.findings) == maxMismatches {
		return
	}
	w.findings = append(w.findings, w.document.finding(path, message, hint))
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

func (w *mismatch) value(path string, v any, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if v == nil {
		return // null is the zero value of every type
	}
	if reflect.PointerTo(t).Implements(unmarshaler) {
		w.custom(path, v, t)
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		w.object(path, v, t)
	case reflect.Map:
		if m, ok := v.(map[string]any); ok {
			for _, key := range sortedKeys(m) {
				w.value(child(path, key), m[key], t.Elem())
			}
			return
		}
		w.wrong(path, v, "a map")
	case reflect.Slice:
		w.list(path, v, t)
	default:
		w.scalar(path, v, t)
	}
}

func (w *mismatch) object(path string, v any, t reflect.Type) {
	m, ok := v.(map[string]any)
	if !ok {
		w.wrong(path, v, "an object")
		return
	}
	fields := fieldsOf(t)
	for _, key := range sortedKeys(m) {
		if field, ok := fields[key]; ok {
			w.value(child(path, key), m[key], field)
			continue
		}
		hint := ""
		if len(w.findings) == maxMismatches {
			return
		}
		if name := nearest(key, fields); name != "" {
			hint = "did you mean " + strconv.Quote(name) + "?"
		}
		w.add(child(path, key), "unknown field", hint)
	}
}

func (w *mismatch) list(path string, v any, t reflect.Type) {
	if t.Elem().Kind() == reflect.Uint8 { // []byte is a string in base64
		if _, ok := v.(string); !ok {
			w.wrong(path, v, "a string in base64")
			return
		}
		w.custom(path, v, t)
		return
	}
	elements, ok := v.([]any)
	if !ok {
		w.wrong(path, v, "a list")
		return
	}
	for i, each := range elements {
		w.value(element(path, i), each, t.Elem())
	}
}

// scalar checks what has neither fields nor elements.
func (w *mismatch) scalar(path string, v any, t reflect.Type) {
	if t.Kind() == reflect.String {
		if _, ok := v.(string); !ok {
			hint := ""
			switch v.(type) {
			case bool:
				hint = "put the value in quotes; YAML takes yes, no, on, off, y and n for booleans, too"
			case json.Number:
				hint = "put the value in quotes"
			}
			w.add(path, "Invalid value: "+asJSON(v)+": must be a string", hint)
		}
		return
	}
	if json.Unmarshal([]byte(asJSON(v)), reflect.New(t).Interface()) == nil {
		return
	}
	wanted := "a number"
	switch {
	case t.Kind() == reflect.Bool:
		wanted = "true or false"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		wanted = "a whole number of " + strconv.Itoa(t.Bits()) + " bits"
	}
	w.wrong(path, v, wanted)
}

// custom lets the type judge itself, as quantities and times do.
func (w *mismatch) custom(path string, v any, t reflect.Type) {
	if err := json.Unmarshal([]byte(asJSON(v)), reflect.New(t).Interface()); err != nil {
		w.add(path, fmt.Sprintf("Invalid value: %s: %v", asJSON(v), err), "")
	}
}

func (w *mismatch) wrong(path string, v any, wanted string) {
	shown := asJSON(v)
	switch v.(type) {
	case map[string]any, []any:
		shown = nameOf(v) // its text may be the whole document
	}
	w.add(path, "Invalid value: "+shown+": must be "+wanted, "")
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil { // only values that came out of JSON get here
		return fmt.Sprint(v)
	}
	return string(b)
}

// nameOf is the kind of a JSON value in words.
func nameOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	default:
		return "a number"
	}
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, strings.Compare)
	return keys
}
