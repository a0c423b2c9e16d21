// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// jsonEvent is one step of a JSON text. Path holds the keys above it, with ""
// for the items of arrays; both are valid during the call only.
type jsonEvent struct {
	kind byte // { } [ ] for containers, s n t f 0 for values
	path []string
	text []byte // of a string (decoded) or number
	off  int64
	cut  bool // the string is longer than what is kept
}

const (
	jsonDepth = 512
	jsonKeep  = 1 << 20 // bytes kept of one string
	jsonKeys  = 4_000_000
)

// jsonReader reads JSON strictly (RFC 8259, and the NaN and Infinity that
// Python writes), without holding it: duplicate keys are an error.
type jsonReader struct {
	r     *bufio.Reader
	off   int64
	path  []string
	visit func(jsonEvent) error
	buf   []byte
	keys  int
	ctx   interface{ Err() error }
}

// readJSON visits one JSON value. It returns how many bytes it took.
func readJSON(ctx interface{ Err() error }, r io.Reader, visit func(jsonEvent) error) (int64, error) {
	j := &jsonReader{r: bufio.NewReaderSize(r, 64<<10), visit: visit, ctx: ctx}
	c, err := j.blank()
	if err == nil {
		err = j.value(c)
	}
	return j.off, err
}

func (j *jsonReader) fail(format string, args ...any) error {
	return fmt.Errorf("JSON at offset %d: %s", j.off, fmt.Sprintf(format, args...))
}

func (j *jsonReader) byte() (byte, error) {
	c, err := j.r.ReadByte()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return 0, j.fail("truncated")
		}
		return 0, err
	}
	j.off++
	return c, nil
}

// blank returns the next byte that is no white space.
func (j *jsonReader) blank() (byte, error) {
	for {
		c, err := j.byte()
		if err != nil || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c, err
		}
	}
}

func (j *jsonReader) emit(kind byte, text []byte, cut bool) error {
	return j.visit(jsonEvent{kind: kind, path: j.path, text: text, off: j.off, cut: cut})
}

func (j *jsonReader) value(c byte) error {
	switch {
	case c == '{':
		return j.object()
	case c == '[':
		return j.array()
	case c == '"':
		text, cut, err := j.string()
		if err != nil {
			return err
		}
		return j.emit('s', text, cut)
	case c == '-' || c >= '0' && c <= '9':
		return j.number(c)
	}
	return j.word(c)
}

var jsonWords = map[byte]struct {
	rest string
	kind byte
}{'t': {"rue", 't'}, 'f': {"alse", 'f'}, 'n': {"ull", '0'}, 'N': {"aN", 'n'}, 'I': {"nfinity", 'n'}}

func (j *jsonReader) word(c byte) error {
	w, ok := jsonWords[c]
	if !ok {
		return j.fail("unexpected byte %q", c)
	}
	for i := range len(w.rest) {
		if b, err := j.byte(); err != nil || b != w.rest[i] {
			return j.fail("unexpected word")
		}
	}
	return j.emit(w.kind, nil, false)
}

func (j *jsonReader) number(c byte) error {
	b := append(j.buf[:0], c)
	for {
		next, err := j.r.ReadByte()
		if err != nil {
			break
		}
		if !(next >= '0' && next <= '9' || next == '.' || next == 'e' || next == 'E' || next == '+' || next == '-') {
			_ = j.r.UnreadByte()
			if next == 'I' && len(b) == 1 {
				return j.word('I')
			}
			break
		}
		j.off++
		if b = append(b, next); len(b) > 400 {
			return j.fail("a number of more than 400 digits")
		}
	}
	j.buf = b
	if !jsonNumber(b) {
		return j.fail("a number written as %q", clip(string(b)))
	}
	return j.emit('n', b, false)
}

// jsonNumber checks the grammar of RFC 8259, section 6.
func jsonNumber(b []byte) bool {
	i := 0
	digits := func() bool {
		from := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		return i > from
	}
	if b[0] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if !digits() {
		return false
	}
	if i < len(b) && b[i] == '.' {
		if i++; !digits() {
			return false
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return false
		}
	}
	return i == len(b)
}

func (j *jsonReader) enter(kind byte) error {
	if len(j.path) >= jsonDepth {
		return j.fail("%v: nested deeper than %d", errBudget, jsonDepth)
	}
	if err := j.ctx.Err(); err != nil {
		return err
	}
	if err := j.emit(kind, nil, false); err != nil {
		return err
	}
	j.path = append(j.path, "")
	return nil
}

func (j *jsonReader) leave(kind byte) error {
	j.path = j.path[:len(j.path)-1]
	return j.emit(kind, nil, false)
}

func (j *jsonReader) array() error {
	if err := j.enter('['); err != nil {
		return err
	}
	c, err := j.blank()
	for first := true; err == nil; first = false {
		if first && c == ']' {
			return j.leave(']')
		}
		if err = j.value(c); err != nil {
			return err
		}
		if c, err = j.blank(); err != nil {
			return err
		}
		if c == ']' {
			return j.leave(']')
		}
		if c != ',' {
			return j.fail("a comma expected")
		}
		c, err = j.blank()
	}
	return err
}

func (j *jsonReader) object() error {
	if err := j.enter('{'); err != nil {
		return err
	}
	seen := map[string]struct{}{}
	c, err := j.blank()
	for first := true; err == nil; first = false {
		if first && c == '}' {
			return j.leave('}')
		}
		if err := j.member(c, seen); err != nil {
			return err
		}
		if c, err = j.blank(); err != nil {
			return err
		}
		if c == '}' {
			return j.leave('}')
		}
		if c != ',' {
			return j.fail("a comma expected")
		}
		c, err = j.blank()
	}
	return err
}

func (j *jsonReader) member(c byte, seen map[string]struct{}) error {
	if c != '"' {
		return j.fail("a key expected")
	}
	text, cut, err := j.string()
	if err != nil {
		return err
	}
	key := string(text)
	if _, ok := seen[key]; ok || cut {
		return j.fail("the key %q stands twice, or is too long: readers disagree about it", clip(key))
	}
	seen[key] = struct{}{}
	if j.keys++; j.keys > jsonKeys {
		return j.fail("%v: more than %d keys", errBudget, jsonKeys)
	}
	if c, err = j.blank(); err != nil {
		return err
	}
	if c != ':' {
		return j.fail("a colon expected")
	}
	if c, err = j.blank(); err != nil {
		return err
	}
	j.path[len(j.path)-1] = key
	return j.value(c)
}

// string reads to the closing quote and decodes; what is longer than jsonKeep
// is read but not kept.
func (j *jsonReader) string() ([]byte, bool, error) {
	out, cut := j.buf[:0], false
	for {
		c, err := j.byte()
		if err != nil {
			return nil, false, err
		}
		if c == '"' {
			break
		}
		if c < ' ' {
			return nil, false, j.fail("a control character in a string")
		}
		if c == '\\' {
			if out, err = j.escape(out); err != nil {
				return nil, false, err
			}
		} else {
			out = append(out, c)
		}
		if len(out) > jsonKeep {
			out, cut = out[:jsonKeep], true
		}
	}
	j.buf = out
	if !cut && !utf8.Valid(out) {
		return nil, false, j.fail("a string that is not UTF-8")
	}
	return out, cut, nil
}

var jsonEscapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (j *jsonReader) escape(out []byte) ([]byte, error) {
	c, err := j.byte()
	if err != nil {
		return out, err
	}
	if e, ok := jsonEscapes[c]; ok {
		return append(out, e), nil
	}
	if c != 'u' {
		return out, j.fail("an unknown escape")
	}
	var hex [4]byte
	for i := range hex {
		if hex[i], err = j.byte(); err != nil {
			return out, err
		}
	}
	r, err := strconv.ParseUint(string(hex[:]), 16, 16)
	if err != nil {
		return out, j.fail("an unknown escape")
	}
	return utf8.AppendRune(out, rune(r)), nil // a lone surrogate becomes U+FFFD
}
