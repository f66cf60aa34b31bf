package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"go.yaml.in/yaml/v3"
	kjson "sigs.k8s.io/json"
)

// document is one object as it was written: its values as JSON, and where each
// of them stands.
type document struct {
	file string
	raw  json.RawMessage
	tree map[string]any // raw decoded without a schema; numbers are json.Number
	base string         // path of the object within its chunk: items[2] of a List
	text *positions     // shared by the items of a List
}

// positions finds lines in a chunk. It is parsed when the first line is asked
// for: a manifest without a finding never pays for it.
type positions struct {
	chunk chunk
	once  sync.Once
	root  *yaml.Node
}

// tree is the nodes of the text, nil if there are none.
func (p *positions) tree() *yaml.Node {
	p.once.Do(func() {
		// The values come from elsewhere; where this parser cannot read what
		// that one could, findings carry the first line of the document.
		var node yaml.Node
		if yaml.Unmarshal(p.chunk.text, &node) == nil && len(node.Content) == 1 {
			p.root = node.Content[0]
		}
	})
	return p.root
}

// line is where the field at the path stands in the source.
func (p *positions) line(path []segment) int {
	return p.chunk.first + max(lineOf(p.tree(), path), 1) - 1
}

// finding is a finding about a field of the document.
func (d *document) finding(path, message, hint string) Finding {
	line := d.text.line(append(segments(d.base), segments(path)...))
	return Finding{File: d.file, Line: line, Path: path, Message: message, Hint: hint}
}

// parse reads the values of a chunk. The document is nil where there is none:
// the chunk is empty, or cannot be read; then there are findings.
func parse(file string, c chunk) (*document, []Finding) {
	d := &document{file: file, raw: c.text, text: &positions{chunk: c}}
	var findings []Finding
	if c.json {
		findings = d.duplicates()
	} else if d.raw, findings = d.fromYAML(); d.raw == nil {
		return nil, findings
	}
	var value any
	dec := json.NewDecoder(bytes.NewReader(d.raw))
	dec.UseNumber()
	if err := dec.Decode(&value); err != nil {
		return nil, append(findings, d.finding("", fmt.Sprintf("JSON: %v", err), ""))
	}
	switch value := value.(type) {
	case nil:
		return nil, findings
	case map[string]any:
		d.tree = value
		return d, findings
	default:
		return nil, append(findings, d.finding("", "not an object but "+nameOf(value), "a document begins with apiVersion and kind"))
	}
}

// duplicates finds the keys that a JSON text gives twice. In YAML the parser
// finds them; the later decoding of the items of a List would be too late.
func (d *document) duplicates() []Finding {
	var value any
	strict, err := kjson.UnmarshalStrict(d.raw, &value, kjson.DisallowDuplicateFields)
	if err != nil {
		return nil // the next decoder says it
	}
	var findings []Finding
	for _, e := range strict {
		findings = append(findings, d.finding(fieldPath(e), strictMessage(e), ""))
	}
	return findings
}

// top is a field at the top of the document, empty unless it is a string.
func (d *document) top(field string) string {
	s, _ := d.tree[field].(string)
	return s
}

// decode fills the object with the values, as the API server does with strict
// field validation. It reports whether the object holds them all: fields that
// are unknown or given twice are findings, but no obstacle to further checks.
func (d *document) decode(into any) (whole bool, findings []Finding) {
	strict, err := kjson.UnmarshalStrict(d.raw, into)
	if err == nil && len(strict) == 0 {
		return true, nil
	}
	findings = d.diagnose(into)
	explained := make(map[string]bool, len(findings))
	for _, f := range findings {
		explained[f.Path] = true
	}
	for _, e := range strict {
		path := fieldPath(e)
		if !explained[path] {
			findings = append(findings, d.finding(path, strictMessage(e), ""))
		}
	}
	if err != nil && len(findings) == 0 {
		findings = append(findings, d.finding("", err.Error(), ""))
	}
	return err == nil, findings
}

// fieldPath is the path that a strict error of sigs.k8s.io/json is about.
func fieldPath(err error) string {
	var e kjson.FieldError
	if errors.As(err, &e) {
		return e.FieldPath()
	}
	return ""
}
