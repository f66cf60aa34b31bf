package manifest

import (
	"fmt"
	"strings"
	"sync"
)

// Verdict is what this version of minipod does with a field of a pod.
type Verdict int

const (
	// Honoured fields mean what they mean in a cluster.
	Honoured Verdict = iota
	// NotYet fields are left out, with a warning that says what happens
	// instead.
	NotYet
	// NoMeaning fields speak to a scheduler, a cluster or the API server;
	// they are left out with a warning.
	NoMeaning
	// Refused fields are errors: without them it would not be the pod that
	// was asked for.
	Refused
)

// Field is a row of [Fields].
type Field struct {
	// Path is the field without indexes: spec.containers[].livenessProbe. A
	// row stands for all fields below its own, too.
	Path string
	// Verdict is what is done with the field.
	Verdict Verdict
	// Why is what happens instead, or why not; empty for honoured fields.
	Why string
	// When limits the verdict to some values, as JSON decodes them; for
	// others the field is honoured. Nil means every value.
	When func(value any) bool
}

// note is what is said when the field is in a document.
func (f *Field) note() string {
	switch f.Verdict {
	case NotYet:
		return "not honoured by this version of minipod: " + f.Why
	case NoMeaning:
		return "no meaning on one host: " + f.Why
	case Refused:
		return "not supported by this version of minipod: " + f.Why
	case Honoured:
	}
	return ""
}

// applies reports whether the verdict concerns the value. An empty value asks
// for nothing: exported manifests are full of "resources: {}" and
// "creationTimestamp: null". Only for refused fields is {} something, as in a
// volume "downwardAPI: {}".
func (f *Field) applies(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case string:
		if v == "" {
			return false
		}
	case []any:
		if len(v) == 0 {
			return false
		}
	case map[string]any:
		if len(v) == 0 && f.Verdict != Refused {
			return false
		}
	}
	return f.When == nil || f.When(value)
}

// equals makes a row speak of one value only.
func equals(value any) func(any) bool {
	return func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(value) }
}

// except makes a row speak of all values but one.
func except(value any) func(any) bool {
	return func(v any) bool { return fmt.Sprint(v) != fmt.Sprint(value) }
}

// branch is the table as a tree of field names, to be walked beside a document.
type branch struct {
	row      *Field
	children map[string]*branch
}

// fieldTree is built on first use: most commands never decode a manifest.
var fieldTree = sync.OnceValue(func() *branch {
	root := &branch{}
	for i := range Fields {
		at := root
		for name := range strings.SplitSeq(Fields[i].Path, ".") {
			name = strings.TrimSuffix(name, "[]")
			if at.children == nil {
				at.children = map[string]*branch{}
			}
			if at.children[name] == nil {
				at.children[name] = &branch{}
			}
			at = at.children[name]
		}
		at.row = &Fields[i]
	}
	return root
})

// fields says of each field that is set in the document of a pod what minipod
// does not do with it. Defaults are not in the document, and say nothing; the
// metadata is judged where all kinds have theirs treated.
func (l *loader) fields(d *document) {
	for _, part := range []string{"spec", "status"} {
		l.branch(d, part, d.tree[part], fieldTree().children[part])
	}
}

func (l *loader) branch(d *document, path string, value any, at *branch) {
	if at.row != nil {
		l.judge(d, path, value, at.row)
		return
	}
	switch value := value.(type) {
	case map[string]any:
		for _, key := range sortedKeys(value) {
			if next := at.children[key]; next != nil { // an unknown field is an error already
				l.branch(d, child(path, key), value[key], next)
			}
		}
	case []any:
		for i, each := range value {
			l.branch(d, element(path, i), each, at)
		}
	}
}

func (l *loader) judge(d *document, path string, value any, row *Field) {
	switch {
	case row.Verdict == Honoured || !row.applies(value):
	case row.Verdict == Refused:
		l.problem(d, path, row.note(), "")
	default:
		l.warn(d, path, row.note())
	}
}
