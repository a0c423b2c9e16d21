// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// walk goes once over JSON and refuses what checkJSON promises to refuse, and
// more than so many values: those of a stranger are not to keep a verifier busy.
// Of an object it returns the members, which lie in data. A decision has half a
// megabyte and stands between a pod and its start, hence no tokens are made.
func walk(data []byte, most int) (map[string]json.RawMessage, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("it is empty")
	}
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8")
	}
	w := walker{data: data, left: most}
	err := w.value(0)
	if w.space(); err == nil && w.at < len(data) {
		err = errors.New("something follows the JSON value")
	}
	if err != nil {
		return nil, fmt.Errorf("at byte %d: %w", w.at, err)
	}
	return w.top, nil
}

// walker stands at one byte. Its grammar is that of RFC 8259, as encoding/json
// has it; a fuzz test holds both against each other.
type walker struct {
	data []byte
	at   int
	left int                        // values
	keys [][]byte                   // of the objects that are open, without quotes and escapes
	top  map[string]json.RawMessage // members of the outermost object
}

var errCut = errors.New("it is cut short")

func (w *walker) space() {
	for w.at < len(w.data) {
		switch w.data[w.at] {
		case ' ', '\t', '\r', '\n':
			w.at++
		default:
			return
		}
	}
}

// next skips space and tells which byte stands there.
func (w *walker) next() (byte, error) {
	w.space()
	if w.at == len(w.data) {
		return 0, errCut
	}
	return w.data[w.at], nil
}

func (w *walker) unexpected(where string) error {
	return fmt.Errorf("unexpected %q %s", w.data[w.at], where)
}

func (w *walker) value(depth int) error {
	if w.left--; w.left < 0 {
		return errors.New("it holds too many values")
	}
	if depth > maxDepth {
		return fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	c, err := w.next()
	if err != nil {
		return err
	}
	switch {
	case c == '{':
		return w.object(depth)
	case c == '[':
		return w.array(depth)
	case c == '"':
		_, err := w.text()
		return err
	case c == '-' || '0' <= c && c <= '9':
		return w.number()
	case c == 't':
		return w.word("true")
	case c == 'f':
		return w.word("false")
	case c == 'n':
		return w.word("null")
	}
	return w.unexpected("where a value should begin")
}

func (w *walker) word(want string) error {
	for i := range len(want) {
		if w.at == len(w.data) {
			return errCut
		}
		if w.data[w.at] != want[i] {
			return w.unexpected("in the word " + want)
		}
		w.at++
	}
	return nil
}

func (w *walker) digits() error {
	from := w.at
	for w.at < len(w.data) && '0' <= w.data[w.at] && w.data[w.at] <= '9' {
		w.at++
	}
	switch {
	case w.at > from:
		return nil
	case w.at == len(w.data):
		return errCut
	}
	return w.unexpected("in a number")
}

func (w *walker) is(any string) bool {
	return w.at < len(w.data) && bytes.IndexByte([]byte(any), w.data[w.at]) >= 0
}

func (w *walker) number() error {
	if w.is("-") {
		w.at++
	}
	if w.is("0") {
		w.at++
	} else if err := w.digits(); err != nil {
		return err
	}
	if w.is(".") {
		w.at++
		if err := w.digits(); err != nil {
			return err
		}
	}
	if !w.is("eE") {
		return nil
	}
	if w.at++; w.is("+-") {
		w.at++
	}
	return w.digits()
}

// text reads a string, and returns what stands between its quotes.
func (w *walker) text() ([]byte, error) {
	w.at++
	from, escaped := w.at, false
	for {
		for w.at < len(w.data) && !special[w.data[w.at]] {
			w.at++
		}
		if w.at == len(w.data) {
			return nil, errCut
		}
		switch c := w.data[w.at]; {
		case c == '"':
			raw := w.data[from:w.at]
			w.at++
			if escaped {
				return unescape(w.data[from-1 : w.at])
			}
			return raw, nil
		case c == '\\':
			escaped = true
			if err := w.escape(); err != nil {
				return nil, err
			}
		default:
			return nil, w.unexpected("in a string")
		}
	}
}

// special are the bytes of a string that mean something else than themselves.
var special = func() (out [256]bool) {
	for c := range ' ' {
		out[c] = true
	}
	out['"'], out['\\'] = true, true
	return out
}()

// unescape resolves the escapes of a string; what is no character becomes U+FFFD.
func unescape(quoted []byte) ([]byte, error) {
	var s string
	err := json.Unmarshal(quoted, &s)
	return []byte(s), err
}

func (w *walker) escape() error {
	if w.at++; w.at == len(w.data) {
		return errCut
	}
	if w.is(`"\/bfnrt`) {
		w.at++
		return nil
	}
	if !w.is("u") {
		return w.unexpected("after a backslash")
	}
	w.at++
	for range 4 {
		switch {
		case w.at == len(w.data):
			return errCut
		case !w.is("0123456789abcdefABCDEF"):
			return w.unexpected("in an escape")
		}
		w.at++
	}
	return nil
}

func (w *walker) array(depth int) error {
	w.at++
	if c, err := w.next(); err != nil {
		return err
	} else if c == ']' {
		w.at++
		return nil
	}
	for {
		if err := w.value(depth + 1); err != nil {
			return err
		}
		if more, err := w.more(']'); !more {
			return err
		}
	}
}

// more takes a comma, or the end.
func (w *walker) more(end byte) (bool, error) {
	c, err := w.next()
	switch {
	case err != nil:
		return false, err
	case c != ',' && c != end:
		return false, w.unexpected("after a value")
	}
	w.at++
	return c == ',', nil
}

func (w *walker) object(depth int) error {
	w.at++
	if depth == 0 {
		w.top = map[string]json.RawMessage{}
	}
	if c, err := w.next(); err != nil {
		return err
	} else if c == '}' {
		w.at++
		return nil
	}
	base := len(w.keys)
	defer func() { w.keys = w.keys[:base] }()
	var seen map[string]bool // of objects with many keys
	for {
		if err := w.key(base, &seen); err != nil {
			return err
		}
		w.space()
		from := w.at
		if err := w.value(depth + 1); err != nil {
			return err
		}
		if depth == 0 {
			w.top[string(w.keys[len(w.keys)-1])] = w.data[from:w.at:w.at]
		}
		if more, err := w.more('}'); !more {
			return err
		}
	}
}

// fewKeys are compared one by one.
const fewKeys = 16

func (w *walker) key(base int, seen *map[string]bool) error {
	c, err := w.next()
	if err != nil {
		return err
	}
	if c != '"' {
		return w.unexpected("where a key should begin")
	}
	key, err := w.text()
	if err != nil {
		return err
	}
	if w.twice(base, key, seen) {
		return fmt.Errorf("duplicate key %.80q", key)
	}
	w.keys = append(w.keys, key)
	if c, err = w.next(); err != nil {
		return err
	}
	if c != ':' {
		return w.unexpected("after a key")
	}
	w.at++
	return nil
}

// twice tells whether the object that begins at base has the key already.
func (w *walker) twice(base int, key []byte, seen *map[string]bool) bool {
	open := w.keys[base:]
	if len(open) < fewKeys {
		for _, k := range open {
			if bytes.Equal(k, key) {
				return true
			}
		}
		return false
	}
	if *seen == nil {
		*seen = make(map[string]bool, 4*fewKeys)
		for _, k := range open {
			(*seen)[string(k)] = true
		}
	}
	if (*seen)[string(key)] {
		return true
	}
	(*seen)[string(key)] = true
	return false
}
