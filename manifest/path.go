package manifest

import (
	"strconv"
	"strings"
)

// segment is one step of a field's path: a key, or an index into a list.
type segment struct {
	key   string
	index int // -1 where the segment is a key
}

// segments takes apart a path as Kubernetes writes them: fields after dots, and
// list indexes and keys of maps in brackets, as in
// spec.containers[0].resources.limits[cpu]. It accepts any string.
func segments(path string) []segment {
	var out []segment
	for path != "" {
		if path[0] == '[' {
			inside, rest, ok := strings.Cut(path[1:], "]")
			if !ok {
				return append(out, segment{key: path[1:], index: -1})
			}
			out = append(out, bracketed(inside))
			path = strings.TrimPrefix(rest, ".")
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			return append(out, segment{key: path, index: -1})
		}
		out = append(out, segment{key: path[:end], index: -1})
		path = strings.TrimPrefix(path[end:], ".")
	}
	return out
}

func bracketed(inside string) segment {
	if i, err := strconv.Atoi(inside); err == nil && i >= 0 {
		return segment{key: inside, index: i}
	}
	return segment{key: inside, index: -1}
}

// child is the path of a field below parent.
func child(parent, field string) string {
	if parent == "" {
		return field
	}
	return parent + "." + field
}

// element is the path of the i-th element of a list.
func element(parent string, i int) string {
	return parent + "[" + strconv.Itoa(i) + "]"
}

// splitMessage separates the path that begins a message of Kubernetes from the
// rest ("spec.nodeSelector[a:b]: deprecated …"). A message that begins with
// something else is returned whole.
func splitMessage(message string) (path, rest string) {
	if !strings.HasPrefix(message, "spec") && !strings.HasPrefix(message, "metadata") {
		return "", message
	}
	inBrackets := false
	for i := range len(message) {
		switch c := message[i]; {
		case c == '[':
			inBrackets = true
		case c == ']':
			inBrackets = false
		case inBrackets:
		case c == ':' && strings.HasPrefix(message[i:], ": "):
			return message[:i], message[i+2:]
		case c == ' ':
			return "", message
		}
	}
	return "", message
}
