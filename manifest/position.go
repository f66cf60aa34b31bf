package manifest

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxMergeDepth bounds how far "<<" keys are followed, should a document tie
// them into a ring that the value parser did not refuse.
const maxMergeDepth = 16

// lineOf is the line within the parsed text of the field at the path, or of
// the nearest thing around it that the text does hold, as a missing field has
// no line of its own. It is 0 if there is nothing at all.
func lineOf(root *yaml.Node, path []segment) int {
	if root == nil {
		return 0
	}
	node, line := root, root.Line
	for len(path) > 0 {
		at, value, used := step(resolved(node), path)
		if value == nil {
			return line
		}
		node, line, path = value, at.Line, path[used:]
	}
	return line
}

// step descends by one segment: to the node that names the child (the key, or
// the element itself), and to its value.
func step(node *yaml.Node, path []segment) (at, value *yaml.Node, used int) {
	switch node.Kind {
	case yaml.SequenceNode:
		if i := path[0].index; i >= 0 && i < len(node.Content) {
			return node.Content[i], node.Content[i], 1
		}
	case yaml.MappingNode:
		// A path does not tell dots within a key from dots between fields.
		name := path[0].key
		for used := 1; ; used++ {
			if key, value := entry(node, name, 0); key != nil {
				return key, value, used
			}
			if used == len(path) {
				break
			}
			name = strings.Join([]string{name, path[used].key}, ".")
		}
	case yaml.DocumentNode, yaml.ScalarNode, yaml.AliasNode:
	}
	return nil, nil, 0
}

// entry finds a key in a mapping or in the mappings merged into it.
func entry(node *yaml.Node, name string, depth int) (key, value *yaml.Node) {
	if node.Kind == yaml.SequenceNode && depth > 0 { // "<<: [*a, *b]"
		for _, each := range node.Content {
			if key, value = entry(resolved(each), name, depth+1); key != nil {
				return key, value
			}
		}
	}
	if node.Kind != yaml.MappingNode || depth > maxMergeDepth {
		return nil, nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return node.Content[i], node.Content[i+1]
		}
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Tag == "!!merge" {
			if key, value = entry(resolved(node.Content[i+1]), name, depth+1); key != nil {
				return key, value
			}
		}
	}
	return nil, nil
}

func resolved(node *yaml.Node) *yaml.Node {
	for range maxMergeDepth {
		if node.Kind != yaml.AliasNode || node.Alias == nil {
			break
		}
		node = node.Alias
	}
	return node
}
