// SPDX-License-Identifier: Apache-2.0

package modelfile

import "fmt"

// reader reads forward through an item with one window of memory.
type reader struct {
	it   item
	pos  int64
	buf  []byte
	base int64
}

func (r *reader) next(n int) ([]byte, error) {
	off := r.pos - r.base
	if n >= 0 && off >= 0 && off+int64(n) <= int64(len(r.buf)) {
		r.pos += int64(n)
		return r.buf[off : off+int64(n)], nil
	}
	if n < 0 || int64(n) > r.it.size-r.pos {
		return nil, r.truncated(int64(n))
	}
	b, err := readAll(r.it, r.pos, min(r.it.size-r.pos, int64(max(n, 64<<10))))
	if err != nil {
		return nil, err
	}
	r.buf, r.base = b, r.pos
	r.pos += int64(n)
	return b[:n], nil
}

func (r *reader) truncated(n int64) error {
	return fmt.Errorf("truncated: %d bytes expected at offset %d of %d", n, r.pos, r.it.size)
}

func (r *reader) byte() (byte, error) {
	b, err := r.next(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

func (r *reader) skip(n int64) error {
	if n < 0 || n > r.it.size-r.pos {
		return r.truncated(n)
	}
	r.pos += n
	return nil
}

// varint reads a protobuf varint.
func (r *reader) varint() (uint64, error) {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b, err := r.byte()
		if err != nil {
			return 0, err
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v, nil
		}
	}
	return 0, fmt.Errorf("a varint of more than ten bytes at offset %d", r.pos)
}
