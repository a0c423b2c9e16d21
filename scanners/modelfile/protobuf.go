// SPDX-License-Identifier: Apache-2.0

package modelfile

import "fmt"

// message walks one protobuf message without holding it.
type message struct {
	r     *reader
	depth int
}

// field is one field of a message.
type field struct {
	num  uint64
	wire byte
	n    uint64 // varint or fixed value, or length
	off  int64  // of the content of a length-delimited field
}

const maxMessageDepth = 100

func newMessage(it item) *message { return &message{r: &reader{it: it}} }

// each visits the fields of a message to its end.
func (m *message) each(visit func(field) error) error {
	for m.r.pos < m.r.it.size {
		if err := m.one(visit); err != nil {
			return err
		}
	}
	return nil
}

func (m *message) one(visit func(field) error) error {
	tag, err := m.r.varint()
	if err != nil {
		return err
	}
	f := field{num: tag >> 3, wire: byte(tag & 7)}
	if f.num == 0 || f.num > 1<<29-1 {
		return fmt.Errorf("field number %d at offset %d", f.num, m.r.pos)
	}
	switch f.wire {
	case 0:
		f.n, err = m.r.varint()
	case 1:
		f.n, f.off = 8, m.r.pos
		err = m.r.skip(8)
	case 5:
		f.n, f.off = 4, m.r.pos
		err = m.r.skip(4)
	case 2:
		if f.n, err = m.r.varint(); err != nil {
			return err
		}
		if f.off = m.r.pos; f.n > uint64(m.r.it.size-m.r.pos) {
			return fmt.Errorf("truncated: field %d of %d bytes at offset %d", f.num, f.n, f.off)
		}
		err = m.r.skip(int64(f.n))
	default:
		return fmt.Errorf("wire type %d at offset %d", f.wire, m.r.pos)
	}
	if err != nil {
		return err
	}
	return visit(f)
}

// sub is the message in a length-delimited field.
func (m *message) sub(f field) (*message, error) {
	if f.wire != 2 {
		return nil, fmt.Errorf("field %d is no message", f.num)
	}
	if m.depth >= maxMessageDepth {
		return nil, fmt.Errorf("%w: messages nested deeper than %d", errBudget, maxMessageDepth)
	}
	it := m.r.it.section(m.r.it.path, f.off, int64(f.n))
	r := &reader{it: it}
	if at := f.off - m.r.base; at >= 0 && at+int64(f.n) <= int64(len(m.r.buf)) {
		r.buf = m.r.buf[at : at+int64(f.n)] // small messages share the window
	}
	return &message{r: r, depth: m.depth + 1}, nil
}

// text is a short string field; longer ones are cut.
func (m *message) text(f field) (string, error) {
	if f.wire != 2 {
		return "", fmt.Errorf("field %d is no string", f.num)
	}
	b, err := readAll(m.r.it, f.off, int64(min(f.n, 64<<10)))
	return string(b), err
}

// shapeOf tells whether the top level of a file is a message of the given
// fields and wire types, with the required ones.
func shapeOf(it item, wires map[uint64]byte, required ...uint64) bool {
	seen := map[uint64]bool{}
	err := newMessage(it).each(func(f field) error {
		if w, ok := wires[f.num]; !ok || w != f.wire {
			return fmt.Errorf("field %d", f.num)
		}
		seen[f.num] = true
		return nil
	})
	for _, n := range required {
		if !seen[n] {
			return false
		}
	}
	return err == nil
}
