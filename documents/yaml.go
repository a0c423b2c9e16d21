// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"io"

	"go.yaml.in/yaml/v3"
)

// bounded reads at most left bytes.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	return n, err
}

// finder tells on which line something stands in a YAML document.
type finder struct{ root *yaml.Node }

func lineFinder(data []byte) finder {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil || len(doc.Content) == 0 {
		return finder{&yaml.Node{}}
	}
	return finder{doc.Content[0]}
}

func under(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n != nil && i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// of is the line of a key below another, or of that other.
func (f finder) of(keys ...string) int {
	n, line := f.root, 1
	for _, k := range keys {
		next := under(n, k)
		if next == nil {
			break
		}
		n, line = next, next.Line
	}
	return line
}

// number is the line and the text of a value in the i-th entry of a list.
func (f finder) number(list string, i int, key string) (line int, text string) {
	n := under(f.root, list)
	if n == nil || i >= len(n.Content) {
		return 0, ""
	}
	v := under(n.Content[i], key)
	if v == nil {
		return n.Content[i].Line, ""
	}
	return v.Line, v.Value
}
