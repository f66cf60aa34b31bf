package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"

	kyaml "sigs.k8s.io/yaml"
)

// Encode writes an API object, or a list of them, as "yaml" or "json", in the
// layout of kubectl: JSON is indented by four blanks. The text ends in a
// newline. The object's kind is printed only if its TypeMeta is set, as it is
// in every object of a [Set].
func Encode(object any, format string) ([]byte, error) {
	switch format {
	case "yaml":
		out, err := kyaml.Marshal(object)
		if err != nil {
			return nil, fmt.Errorf("object as YAML: %w", err)
		}
		return out, nil
	case "json":
		var out bytes.Buffer
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "    ")
		if err := enc.Encode(object); err != nil {
			return nil, fmt.Errorf("object as JSON: %w", err)
		}
		return out.Bytes(), nil
	default:
		return nil, fmt.Errorf("output format %q: neither yaml nor json", format)
	}
}
