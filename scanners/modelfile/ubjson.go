// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// ubjson reads XGBoost's binary JSON (UBJSON draft 12 with the typed arrays
// that XGBoost writes), to the same checks as its JSON.
func (w *walk) ubjson(it item) {
	f := &jsonFile{w: w, it: it, top: map[string]bool{}, trees: newTrees(w, it), keras: &kerasConfig{w: w, it: it}}
	u := &ubjReader{w: w, c: &reader{it: it}, visit: f.visit}
	if err := u.whole(); err != nil {
		w.broken(it, "xgboost", err)
		w.hidden(it)
		return
	}
	if !f.top["learner"] {
		w.unknown(it)
		return
	}
	f.done()
}

func isUBJSON(h []byte, _ item) bool {
	if len(h) < 3 || h[0] != '{' {
		return false
	}
	switch h[1] {
	case 'L', 'U', 'i', 'I', 'l':
		return true
	}
	return false
}

type ubjReader struct {
	w     *walk
	c     *reader
	path  []string
	visit func(jsonEvent) error
	keys  int
}

func (u *ubjReader) whole() error {
	k, err := u.c.byte()
	if err == nil {
		err = u.value(k)
	}
	if err != nil {
		return err
	}
	if u.c.pos != u.c.it.size {
		return fmt.Errorf("%d bytes behind the value at offset %d", u.c.it.size-u.c.pos, u.c.pos)
	}
	return nil
}

func (u *ubjReader) emit(kind byte, text string) error {
	return u.visit(jsonEvent{kind: kind, path: u.path, text: []byte(text), off: u.c.pos})
}

var ubjSizes = map[byte]int64{'i': 1, 'U': 1, 'I': 2, 'l': 4, 'L': 8, 'd': 4, 'D': 8, 'C': 1, 'T': 0, 'F': 0, 'Z': 0}

func (u *ubjReader) value(kind byte) error {
	switch kind {
	case '{':
		return u.object()
	case '[':
		return u.array()
	case 'S', 'H':
		s, err := u.text()
		if err != nil {
			return err
		}
		return u.emit('s', s)
	}
	return u.scalar(kind)
}

func (u *ubjReader) scalar(kind byte) error {
	n, ok := ubjSizes[kind]
	if !ok {
		return fmt.Errorf("unknown type 0x%02x at offset %d", kind, u.c.pos-1)
	}
	b, err := u.c.next(int(n))
	if err != nil {
		return err
	}
	return u.emit('n', strconv.FormatInt(ubjInt(kind, b), 10))
}

func ubjInt(kind byte, b []byte) int64 {
	switch kind {
	case 'i':
		return int64(int8(b[0]))
	case 'U':
		return int64(b[0])
	case 'I':
		return int64(int16(binary.BigEndian.Uint16(b)))
	case 'l':
		return int64(int32(binary.BigEndian.Uint32(b)))
	case 'L':
		return int64(binary.BigEndian.Uint64(b))
	}
	return math.MaxInt32
}

func (u *ubjReader) length() (int64, error) {
	k, err := u.c.byte()
	if err != nil {
		return 0, err
	}
	if k != 'i' && k != 'U' && k != 'I' && k != 'l' && k != 'L' {
		return 0, fmt.Errorf("a length of type 0x%02x at offset %d", k, u.c.pos-1)
	}
	b, err := u.c.next(int(ubjSizes[k]))
	if err != nil {
		return 0, err
	}
	n := ubjInt(k, b)
	if n < 0 || n > u.c.it.size-u.c.pos {
		return 0, fmt.Errorf("truncated: a length of %d at offset %d of %d", n, u.c.pos, u.c.it.size)
	}
	return n, nil
}

func (u *ubjReader) text() (string, error) {
	n, err := u.length()
	if err != nil {
		return "", err
	}
	if n > jsonKeep {
		return "", u.c.skip(n)
	}
	b, err := u.c.next(int(n))
	return string(b), err
}

func (u *ubjReader) enter(kind byte) error {
	if len(u.path) >= jsonDepth {
		return fmt.Errorf("%w: nested deeper than %d", errBudget, jsonDepth)
	}
	if err := u.w.ctx.Err(); err != nil {
		return err
	}
	err := u.emit(kind, "")
	u.path = append(u.path, "")
	return err
}

func (u *ubjReader) leave(kind byte) error {
	u.path = u.path[:len(u.path)-1]
	return u.emit(kind, "")
}

func (u *ubjReader) object() error {
	if err := u.enter('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for {
		k, err := u.c.byte()
		if err != nil {
			return err
		}
		if k == '}' {
			return u.leave('}')
		}
		if k == '$' || k == '#' {
			return errors.New("objects with a count are not supported: save the model again with XGBoost")
		}
		u.c.pos--
		if err := u.member(seen); err != nil {
			return err
		}
	}
}

func (u *ubjReader) member(seen map[string]bool) error {
	key, err := u.text()
	if err != nil {
		return err
	}
	if seen[key] {
		return fmt.Errorf("the key %q stands twice", clip(key))
	}
	seen[key] = true
	if u.keys++; u.keys > jsonKeys {
		return fmt.Errorf("%w: more than %d keys", errBudget, jsonKeys)
	}
	u.path[len(u.path)-1] = key
	k, err := u.c.byte()
	if err != nil {
		return err
	}
	return u.value(k)
}

func (u *ubjReader) array() error {
	if err := u.enter('['); err != nil {
		return err
	}
	k, err := u.c.byte()
	if err != nil {
		return err
	}
	typ := byte(0)
	if k == '$' {
		if typ, err = u.c.byte(); err != nil {
			return err
		}
		if k, err = u.c.byte(); err != nil || k != '#' {
			return fmt.Errorf("a typed array without a count at offset %d", u.c.pos)
		}
	}
	if k == '#' {
		return u.counted(typ)
	}
	for ; k != ']'; k, err = u.c.byte() {
		if err != nil {
			return err
		}
		if err := u.value(k); err != nil {
			return err
		}
	}
	return u.leave(']')
}

func (u *ubjReader) counted(typ byte) error {
	n, err := u.length()
	if err != nil {
		return err
	}
	for range n {
		k := typ
		if k == 0 {
			if k, err = u.c.byte(); err != nil {
				return err
			}
		}
		if err := u.value(k); err != nil {
			return err
		}
	}
	return u.leave(']')
}
