package manifest

import (
	"bytes"
	"unicode/utf8"
)

var utf8BOM = []byte{0xEF, 0xBB, 0xBF}

// plainText is the data without a byte order mark, or a finding if it is no
// text that a YAML or JSON parser could place by lines. Checking it once here
// gives the line of the offending byte, which the parsers do not.
func plainText(s Source) ([]byte, *Finding) {
	data := bytes.TrimPrefix(s.Data, utf8BOM)
	if bytes.HasPrefix(data, []byte{0xFE, 0xFF}) || bytes.HasPrefix(data, []byte{0xFF, 0xFE}) {
		return nil, &Finding{File: s.Name, Line: 1, Message: "encoded as UTF-16", Hint: "save the file as UTF-8"}
	}
	line := 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == '\n':
			line++
		case r == utf8.RuneError && size == 1:
			return nil, &Finding{File: s.Name, Line: line, Message: "not UTF-8", Hint: "save the file as UTF-8"}
		case r < ' ' && r != '\t' && r != '\r', r == 0x7F:
			return nil, &Finding{File: s.Name, Line: line, Message: "control character in the text"}
		}
		i += size
	}
	return data, nil
}
