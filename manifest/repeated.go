package manifest

import "go.yaml.in/yaml/v3"

// repetitions finds the keys that stand twice in the same mapping of a YAML
// text, and whether the text merges mappings.
type repetitions struct {
	document *document
	findings []Finding
	merges   bool
}

func (w *repetitions) walk(path string, node *yaml.Node) {
	switch node.Kind {
	case yaml.MappingNode:
		w.mapping(path, node)
	case yaml.SequenceNode:
		for i, each := range node.Content {
			w.walk(element(path, i), each)
		}
	case yaml.DocumentNode, yaml.ScalarNode, yaml.AliasNode: // an alias is judged where its anchor is
	}
}

func (w *repetitions) mapping(path string, node *yaml.Node) {
	seen := make(map[string]bool, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Tag == "!!merge" {
			w.merges = true
			continue
		}
		at := child(path, key.Value)
		if key.Kind == yaml.ScalarNode && seen[key.Value] {
			w.findings = append(w.findings, Finding{
				File: w.document.file, Line: w.document.text.chunk.first + key.Line - 1, Path: at, Message: "duplicate field",
			})
		}
		seen[key.Value] = true
		w.walk(at, value)
	}
}
