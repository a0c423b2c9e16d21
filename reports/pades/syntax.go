// SPDX-License-Identifier: Apache-2.0

package pades

import (
	"fmt"
	"strings"
)

// maxDepth is how deep dictionaries and arrays may be nested.
const maxDepth = 32

// Dict reads a dictionary: its keys without the slash, and each value in one
// spelling, so that two programs' white space does not make a difference. A
// key that is named twice is an error: readers disagree about which counts.
func Dict(body []byte) (map[string]string, error) {
	s := &scanner{b: body}
	if t := s.next(); t != "<<" {
		return nil, fmt.Errorf("reading a dictionary: it begins with %.20q", t)
	}
	out := map[string]string{}
	for {
		key := s.next()
		if key == ">>" {
			return out, nil
		}
		if !strings.HasPrefix(key, "/") {
			return nil, fmt.Errorf("reading a dictionary: %.20q is no name", key)
		}
		if _, twice := out[key[1:]]; twice {
			return nil, fmt.Errorf("reading a dictionary: %.40s is there twice", key)
		}
		v, err := s.value(0)
		if err != nil {
			return nil, err
		}
		out[key[1:]] = v
	}
}

// Array reads an array's values.
func Array(value string) ([]string, error) {
	s := &scanner{b: []byte(value)}
	if t := s.next(); t != "[" {
		return nil, fmt.Errorf("reading an array: it begins with %.20q", t)
	}
	var out []string
	for {
		mark := s.at
		if s.next() == "]" {
			return out, nil
		}
		s.at = mark
		v, err := s.value(0)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
}

// Ref is the number of the object that a value refers to; 0: it is no reference.
func Ref(value string) int {
	var n, g int
	if c, err := fmt.Sscanf(value, "%d %d R", &n, &g); c != 2 || err != nil || g != 0 {
		return 0
	}
	return n
}

type scanner struct {
	b  []byte
	at int
}

// value reads one value; a reference is one.
func (s *scanner) value(depth int) (string, error) {
	if depth > maxDepth {
		return "", fmt.Errorf("reading a value: nested deeper than %d", maxDepth)
	}
	t := s.next()
	switch t {
	case "":
		return "", fmt.Errorf("reading a value: the object is cut short")
	case "<<", "[":
		out, end := []string{t}, map[string]string{"<<": ">>", "[": "]"}[t]
		for {
			mark := s.at
			if s.next() == end {
				return strings.Join(append(out, end), " "), nil
			}
			s.at = mark
			v, err := s.value(depth + 1)
			if err != nil {
				return "", err
			}
			out = append(out, v)
		}
	case ">>", "]":
		return "", fmt.Errorf("reading a value: %q closes nothing", t)
	}
	if isNumber(t) { // a reference is two numbers and an R
		mark := s.at
		if g := s.next(); isNumber(g) && s.next() == "R" {
			return t + " " + g + " R", nil
		}
		s.at = mark
	}
	return t, nil
}

func isNumber(t string) bool {
	return t != "" && strings.Trim(t, "0123456789") == ""
}

const delimiters = "()<>[]{}/%"

func isSpace(c byte) bool { return c == 0 || c == 9 || c == 10 || c == 12 || c == 13 || c == 32 }

// next is the next token; "" at the end.
func (s *scanner) next() string {
	for s.at < len(s.b) && (isSpace(s.b[s.at]) || s.b[s.at] == '%') {
		if s.b[s.at] == '%' {
			for s.at < len(s.b) && s.b[s.at] != '\n' && s.b[s.at] != '\r' {
				s.at++
			}
			continue
		}
		s.at++
	}
	if s.at >= len(s.b) {
		return ""
	}
	from := s.at
	switch c := s.b[s.at]; {
	case c == '<' && s.at+1 < len(s.b) && s.b[s.at+1] == '<', c == '>' && s.at+1 < len(s.b) && s.b[s.at+1] == '>':
		s.at += 2
	case c == '<':
		return s.until('>')
	case c == '(':
		return s.literal()
	case c == '/':
		s.at++
		s.word()
	case strings.IndexByte(delimiters, c) >= 0:
		s.at++
	default:
		s.word()
	}
	return string(s.b[from:s.at])
}

func (s *scanner) word() {
	for s.at < len(s.b) && !isSpace(s.b[s.at]) && strings.IndexByte(delimiters, s.b[s.at]) < 0 {
		s.at++
	}
}

func (s *scanner) until(end byte) string {
	from := s.at
	for s.at < len(s.b) && s.b[s.at] != end {
		s.at++
	}
	if s.at == len(s.b) {
		return ""
	}
	s.at++
	return string(s.b[from:s.at])
}

func (s *scanner) literal() string {
	from, depth := s.at, 0
	for ; s.at < len(s.b); s.at++ {
		switch s.b[s.at] {
		case '\\':
			s.at++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				s.at++
				return string(s.b[from:s.at])
			}
		}
	}
	s.at = len(s.b)
	return ""
}
