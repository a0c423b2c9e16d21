// SPDX-License-Identifier: Apache-2.0

package references

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// segment is one step of a path.
type segment struct {
	keys   []string // one of these; "*" any
	deep   bool     // ** : any number of steps
	yaml   bool     // @yaml : parse the string
	each   bool     // [] or [filter]
	filter filter
}

// filter keeps the elements that say so.
type filter struct {
	key, op string
	values  []string
}

func parsePath(s string) ([]segment, error) {
	parts, err := split(s)
	if err != nil {
		return nil, err
	}
	var out []segment
	for _, p := range parts {
		seg, err := parseSegment(p)
		if err != nil {
			return nil, fmt.Errorf("reading path %q: %w", s, err)
		}
		out = append(out, seg)
	}
	return out, nil
}

// split cuts at the dots that stand in no quotes and no brackets.
func split(s string) ([]string, error) {
	var out []string
	quoted, nested, from := false, 0, 0
	for i, r := range s {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '[':
			nested++
		case r == ']':
			nested--
		case r == '.' && nested == 0:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	if quoted || nested != 0 {
		return nil, fmt.Errorf("reading path %q: a quote or a bracket is not closed", s)
	}
	return append(out, s[from:]), nil
}

func parseSegment(p string) (segment, error) {
	switch p {
	case "":
		return segment{}, fmt.Errorf("it has an empty step")
	case "**":
		return segment{deep: true}, nil
	case "@yaml":
		return segment{yaml: true}, nil
	}
	var s segment
	if i := strings.LastIndex(p, "["); i >= 0 && strings.HasSuffix(p, "]") {
		s.each = true
		if inner := p[i+1 : len(p)-1]; inner != "" {
			f, err := parseFilter(inner)
			if err != nil {
				return s, err
			}
			s.filter = f
		}
		p = p[:i]
	}
	for k := range strings.SplitSeq(p, "|") {
		s.keys = append(s.keys, strings.Trim(k, `"`))
	}
	return s, nil
}

func parseFilter(s string) (filter, error) {
	for _, op := range []string{"^=", "~=", "="} {
		if key, value, ok := strings.Cut(s, op); ok {
			return filter{key, op, strings.Split(value, "|")}, nil
		}
	}
	return filter{}, fmt.Errorf("the filter [%s] has no =, ^= or ~=", s)
}

func (f filter) keeps(v any) bool {
	if f.key == "" {
		return true
	}
	m, ok := v.(map[string]any)
	if !ok {
		return false
	}
	if f.key == "@links" {
		return strings.Contains(strings.Join(words(m), " "), f.values[0])
	}
	s, _ := m[f.key].(string)
	return slices.ContainsFunc(f.values, func(want string) bool {
		switch f.op {
		case "^=":
			return strings.HasPrefix(s, want)
		case "~=":
			return strings.Contains(s, want)
		}
		return s == want
	})
}

type visitor func(path string, v any, parent map[string]any)

// walk calls visit for everything that a path leads to.
func walk(v any, path []segment, at string, parent map[string]any, visit visitor) {
	if len(path) == 0 {
		visit(at, v, parent)
		return
	}
	s, rest := path[0], path[1:]
	switch {
	case s.deep:
		walkDeep(v, rest, at, visit)
	case s.yaml:
		walkYAML(v, rest, at, visit)
	default:
		walkKeys(v, s, rest, at, visit)
	}
}

func walkKeys(v any, s segment, rest []segment, at string, visit visitor) {
	m, ok := v.(map[string]any)
	if !ok {
		return
	}
	for k, child := range m {
		if !slices.Contains(s.keys, k) && s.keys[0] != "*" {
			continue
		}
		here := join(at, k)
		list, isList := child.([]any)
		switch {
		case !s.each:
			walk(child, rest, here, m, visit)
		case isList:
			for i, c := range list {
				if s.filter.keeps(c) {
					parent, _ := c.(map[string]any)
					walk(c, rest, fmt.Sprintf("%s[%d]", here, i), parent, visit)
				}
			}
		case s.filter.key != "" && s.filter.keeps(child):
			walk(child, rest, here, m, visit)
		}
	}
}

func walkDeep(v any, rest []segment, at string, visit visitor) {
	walk(v, rest, at, nil, visit)
	switch v := v.(type) {
	case map[string]any:
		for k, c := range v {
			walkDeep(c, rest, join(at, k), visit)
		}
	case []any:
		for i, c := range v {
			walkDeep(c, rest, fmt.Sprintf("%s[%d]", at, i), visit)
		}
	}
}

// walkYAML reads a document inside a string. One that cannot be read is handed
// on as it is, so that the row finds something that is no string of its own.
func walkYAML(v any, rest []segment, at string, visit visitor) {
	s, ok := v.(string)
	if !ok {
		return
	}
	var doc any
	if len(s) > maxEmbedded || yaml.Unmarshal([]byte(s), &doc) != nil || depth(doc, 0) > MaxDepth {
		visit(at, unreadable{}, nil)
		return
	}
	walk(doc, rest, at, nil, visit)
}

// unreadable stands for a document that is in the way.
type unreadable struct{}

func (unreadable) String() string { return "a YAML document that cannot be read" }

func join(at, key string) string {
	if strings.ContainsAny(key, "./") {
		key = `"` + key + `"`
	}
	if at == "" {
		return key
	}
	return at + "." + key
}
