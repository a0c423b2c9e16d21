// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of what is read. The largest catalogue has 150 kB.
const (
	maxBytes = 4 << 20
	maxDepth = 16
	maxNodes = 400_000
	maxFiles = 200 // a folder
)

// file reads YAML by hand from its nodes, and not into structs, so that every
// refusal can name the line.
type file struct {
	name  string
	nodes int
}

// errorf names file and line.
func (f *file) errorf(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", f.name, n.Line, fmt.Errorf(format, args...))
}

// parse returns the one mapping of a document, refusing everything that makes
// YAML surprising: aliases (and with them alias bombs), merge keys, tags, a
// second document, a key given twice.
func (f *file) parse(data []byte) (*yaml.Node, error) {
	if len(data) > maxBytes {
		return nil, fmt.Errorf("%s: %d bytes is more than the %d a catalogue or profile may have", f.name, len(data), maxBytes)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: it is empty", f.name)
		}
		return nil, fmt.Errorf("%s: parsing YAML: %w", f.name, err)
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: more than one YAML document: keep one a file", f.name)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, f.errorf(&doc, "the document must be a mapping")
	}
	return doc.Content[0], f.plain(doc.Content[0], 0)
}

func (f *file) plain(n *yaml.Node, depth int) error {
	if f.nodes++; f.nodes > maxNodes || depth > maxDepth {
		return f.errorf(n, "too large or too deeply nested")
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return f.errorf(n, "anchors and aliases are not allowed: write the value out")
	}
	if n.Style&yaml.TaggedStyle != 0 {
		return f.errorf(n, "explicit tags are not allowed")
	}
	if n.Kind == yaml.MappingNode {
		if err := f.uniqueKeys(n); err != nil {
			return err
		}
	}
	for _, c := range n.Content {
		if err := f.plain(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (f *file) uniqueKeys(n *yaml.Node) error {
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode || k.Value == "<<" {
			return f.errorf(k, "keys must be plain words")
		}
		if line, ok := seen[k.Value]; ok {
			return f.errorf(k, "key %q is given twice, first in line %d", k.Value, line)
		}
		seen[k.Value] = k.Line
	}
	return nil
}

// fields reads the mapping n with one reader a key. A key without a reader is
// an error, and so is a missing one that is not marked optional with "?".
func (f *file) fields(n *yaml.Node, readers map[string]func(*yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return f.errorf(n, "expected a mapping")
	}
	given := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		k := n.Content[i]
		read, ok := readers[k.Value]
		if !ok {
			read, ok = readers[k.Value+"?"]
		}
		if !ok {
			return f.errorf(k, "unknown field %q: expected one of %s", k.Value, strings.Join(names(readers), ", "))
		}
		given[k.Value] = true
		if err := read(n.Content[i+1]); err != nil {
			return err
		}
	}
	for _, k := range names(readers) {
		if _, must := readers[k]; must && !given[k] {
			return f.errorf(n, "field %q is missing", k)
		}
	}
	return nil
}

func names(readers map[string]func(*yaml.Node) error) []string {
	var out []string
	for k := range readers {
		out = append(out, strings.TrimSuffix(k, "?"))
	}
	slices.Sort(out)
	return out
}

// text reads a string that is not empty. Numbers and booleans are refused:
// what looks like a date or a yes must be quoted.
func (f *file) text(into *string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
			return f.errorf(n, "expected text; put quotes around %q", n.Value)
		}
		if *into = strings.TrimSpace(n.Value); *into == "" {
			return f.errorf(n, "empty text")
		}
		return nil
	}
}

func (f *file) boolean(into *bool) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		b, err := strconv.ParseBool(n.Value)
		if n.Tag != "!!bool" || err != nil {
			return f.errorf(n, "expected true or false, not %q", n.Value)
		}
		*into = b
		return nil
	}
}

// number reads a whole number above zero.
func (f *file) number(into *int) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		i, err := strconv.Atoi(n.Value)
		if n.Tag != "!!int" || err != nil || i <= 0 {
			return f.errorf(n, "expected a whole number above zero, not %q", n.Value)
		}
		*into = i
		return nil
	}
}

// date reads a quoted ISO date.
func (f *file) date(into *string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if err := f.text(into)(n); err != nil {
			return err
		}
		if !validDate(*into) {
			return f.errorf(n, "%q is no date: write 'YYYY-MM-DD'", *into)
		}
		return nil
	}
}

// oneOf reads a word out of a fixed list.
func (f *file) oneOf(into *string, words []string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if err := f.text(into)(n); err != nil {
			return err
		}
		if !slices.Contains(words, *into) {
			return f.errorf(n, "%q is not one of %s", *into, strings.Join(words, ", "))
		}
		return nil
	}
}

// list reads a sequence with at least one element.
func (f *file) list(each func(*yaml.Node) error) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.SequenceNode {
			return f.errorf(n, "expected a list")
		}
		if len(n.Content) == 0 {
			return f.errorf(n, "the list is empty: leave the field out")
		}
		for _, c := range n.Content {
			if err := each(c); err != nil {
				return err
			}
		}
		return nil
	}
}

func (f *file) texts(into *[]string) func(*yaml.Node) error {
	return f.words(into, nil)
}

// words reads a list of distinct texts, out of allowed when that is given.
func (f *file) words(into *[]string, allowed []string) func(*yaml.Node) error {
	return f.list(func(n *yaml.Node) error {
		var s string
		read := f.text(&s)
		if allowed != nil {
			read = f.oneOf(&s, allowed)
		}
		if err := read(n); err != nil {
			return err
		}
		if slices.Contains(*into, s) {
			return f.errorf(n, "%q is given twice", s)
		}
		*into = append(*into, s)
		return nil
	})
}
