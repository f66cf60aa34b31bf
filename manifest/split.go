package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// chunk is the text of one document within a source.
type chunk struct {
	first int // line of the source that is the chunk's first, from 1
	text  []byte
	json  bool // the text is JSON, so that no YAML parser needs to see its values
}

// split cuts a source into documents. A source that is one or several JSON
// values is cut by values, as kubectl does; everything else is YAML.
func split(data []byte) []chunk {
	if chunks, ok := splitJSON(data); ok {
		return chunks
	}
	return splitYAML(data)
}

// splitJSON reports false when the data is not JSON throughout; a YAML flow
// mapping begins with a brace as well.
func splitJSON(data []byte) ([]chunk, bool) {
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, false
	}
	var chunks []chunk
	dec := json.NewDecoder(bytes.NewReader(data))
	line, end := 1, 0
	for {
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return chunks, true
		}
		if err != nil || raw[0] != '{' {
			return nil, false
		}
		next := int(dec.InputOffset())
		start := next - len(raw)
		line += bytes.Count(data[end:start], []byte("\n"))
		chunks = append(chunks, chunk{first: line, text: raw, json: true})
		line += bytes.Count(raw, []byte("\n"))
		end = next
	}
}

// splitYAML cuts at the lines that YAML reserves for it: "---" begins a
// document and "..." ends one, at the first column and nowhere else, whatever
// scalar they seem to stand in. The marker stays with its document, as text
// may follow it on the same line.
func splitYAML(data []byte) []chunk {
	var chunks []chunk
	var text []byte
	first, line, content := 1, 1, false
	flush := func(next int) {
		if content {
			chunks = append(chunks, chunk{first: first, text: text})
		}
		text, first, content = nil, next, false
	}
	for l := range bytes.Lines(data) {
		if marker(l, "---") {
			// Directives and comments above the first marker belong to it.
			if content {
				flush(line)
			}
			content = true
		} else if !ignorable(l) {
			content = true
		}
		text = append(text, l...)
		line++
		if marker(l, "...") {
			flush(line)
		}
	}
	flush(line)
	return chunks
}

func marker(line []byte, mark string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(mark))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

// ignorable reports a line without content: blank, a comment, a directive.
func ignorable(line []byte) bool {
	trimmed := bytes.TrimSpace(line)
	return len(trimmed) == 0 || trimmed[0] == '#' || line[0] == '%'
}
