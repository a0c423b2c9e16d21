// SPDX-License-Identifier: Apache-2.0

package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// DecodeYAML reads a YAML file of the given contract into out. Every error
// names the file and the line.
func DecodeYAML(name, file string, data []byte, out any) error {
	node, err := yamlNode(file, data)
	if err != nil {
		return err
	}
	v, err := plain(node, 0)
	if err != nil {
		return fmt.Errorf("%s:%w", file, err)
	}
	s, err := schema(name)
	if err != nil {
		return err
	}
	document, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	parsed, err := Parse(document)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := validate(s, name, parsed); err != nil {
		return located(file, node, err)
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.DisallowUnknownFields()
	if err := d.Decode(out); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

func yamlNode(file string, data []byte) (*yaml.Node, error) {
	if len(data) > MaxDocument {
		return nil, fmt.Errorf("%s: %d bytes; at most %d are read", file, len(data), MaxDocument)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: the file is empty", file)
		}
		return nil, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: one YAML document is wanted, and there is a second", file)
	}
	return doc.Content[0], nil
}

// plain turns a node into what JSON can say. Aliases are refused: nothing here
// needs them, and they make small files huge.
func plain(n *yaml.Node, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%d: nested deeper than %d", n.Line, maxDepth)
	}
	switch n.Kind {
	case yaml.MappingNode:
		return mapping(n, depth)
	case yaml.SequenceNode:
		out := []any{}
		for _, c := range n.Content {
			v, err := plain(c, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case yaml.ScalarNode:
		return scalar(n)
	}
	return nil, fmt.Errorf("%d: anchors and aliases are not read; write the value out", n.Line)
}

func mapping(n *yaml.Node, depth int) (any, error) {
	out := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("%d: a key must be a word", key.Line)
		}
		if _, twice := out[key.Value]; twice {
			return nil, fmt.Errorf("%d: key %q stands twice", key.Line, key.Value)
		}
		v, err := plain(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		out[key.Value] = v
	}
	return out, nil
}

// scalar keeps dates as the text they were written as.
func scalar(n *yaml.Node) (any, error) {
	if n.Tag == "!!timestamp" || n.Tag == "!!str" {
		return n.Value, nil
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, fmt.Errorf("%d: %w", n.Line, err)
	}
	return v, nil
}

// located gives each problem the line on which it stands.
func located(file string, node *yaml.Node, err error) error {
	var inv *Invalid
	if !errors.As(err, &inv) {
		return fmt.Errorf("%s: %w", file, err)
	}
	var lines []string
	for _, p := range inv.Problems {
		lines = append(lines, fmt.Sprintf("%s:%d: %s: %s", file, find(node, p), fieldName(p.Pointer), p.What))
	}
	return errors.New(strings.Join(lines, "\n"))
}

// find returns the line of the place that a problem names, of the first
// unknown field in it, or of the nearest place around it.
func find(n *yaml.Node, p Problem) int {
	line := n.Line
	for _, part := range strings.Split(strings.TrimPrefix(p.Pointer, "/"), "/") {
		next, at := child(n, strings.NewReplacer("~1", "/", "~0", "~").Replace(part))
		if next == nil {
			break
		}
		n, line = next, at
	}
	if rest, ok := strings.CutPrefix(p.What, "unknown field '"); ok {
		name, _, _ := strings.Cut(rest, "'")
		if _, at := child(n, name); at > 0 {
			return at
		}
	}
	return line
}

// child returns what stands under a key or index, and the line on which the key stands.
func child(n *yaml.Node, part string) (*yaml.Node, int) {
	if n.Kind == yaml.SequenceNode {
		i, err := strconv.Atoi(part)
		if err != nil || i < 0 || i >= len(n.Content) {
			return nil, 0
		}
		return n.Content[i], n.Content[i].Line
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == part {
			return n.Content[i+1], n.Content[i].Line
		}
	}
	return nil, 0
}
