package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	kjson "sigs.k8s.io/json"
	kyaml "sigs.k8s.io/yaml"
)

// fromYAML converts strictly; of a document with nothing worse than duplicate
// keys, it also returns the values, so that the rest can be checked.
func (d *document) fromYAML() (json.RawMessage, []Finding) {
	c := d.text.chunk
	raw, err := kyaml.YAMLToJSONStrict(c.text)
	if err == nil {
		return raw, nil
	}
	findings := yamlFindings(d.file, c, err)
	if raw, err = kyaml.YAMLToJSON(c.text); err != nil {
		return nil, findings
	}
	// The strict parser also objects to a key that overrides a merged one,
	// which is what merging is for, and which kubectl takes.
	if root := d.text.tree(); root != nil {
		w := repetitions{document: d}
		w.walk("", root)
		if w.merges || len(w.findings) > 0 {
			findings = w.findings
		}
	}
	return raw, findings
}

// yamlFindings places the errors of the YAML parser, which come as text: one
// of syntax, or one per duplicate key.
func yamlFindings(file string, c chunk, err error) []Finding {
	var findings []Finding
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	for message := range strings.Lines(text) {
		message = strings.TrimSpace(message)
		if message == "unmarshal errors:" || message == "" {
			continue
		}
		line := 1
		if after, ok := strings.CutPrefix(message, "line "); ok {
			number, rest, _ := strings.Cut(after, ": ")
			if n, err := strconv.Atoi(number); err == nil {
				line, message = n, rest
			}
		}
		if fromParser(message) {
			line++
		}
		line = min(line, max(1, bytes.Count(c.text, []byte("\n"))+1))
		findings = append(findings, Finding{
			File: file, Line: c.first + line - 1, Message: "YAML: " + message, Hint: yamlHint(c, line),
		})
	}
	return findings
}

// fromParser reports a message whose line the YAML library counts from 0;
// those of its scanner and its decoder count from 1.
func fromParser(message string) bool {
	return strings.HasPrefix(message, "did not find expected ") && !strings.Contains(message, "alphabetic") ||
		strings.HasPrefix(message, "found undefined tag handle")
}

// yamlHint explains what the parser's words do not: that a tab is the culprit.
func yamlHint(c chunk, line int) string {
	lines := bytes.Split(c.text, []byte("\n"))
	for _, n := range []int{line - 1, line - 2} {
		if n < 0 || n >= len(lines) {
			continue
		}
		indent := lines[n][:len(lines[n])-len(bytes.TrimLeft(lines[n], " \t"))]
		if bytes.IndexByte(indent, '\t') >= 0 {
			return "YAML does not allow tabs in the indentation; use spaces"
		}
	}
	return ""
}

// strictMessage is a strict error without the path, which the finding has.
func strictMessage(err error) string {
	var e kjson.FieldError
	if errors.As(err, &e) {
		if message, ok := strings.CutSuffix(err.Error(), " "+strconv.Quote(e.FieldPath())); ok {
			return message
		}
	}
	return err.Error()
}
