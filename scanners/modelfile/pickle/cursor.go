// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	windowSize = 64 << 10
	maxLine    = 1 << 20 // longest protocol 0 line that is kept
)

var errTruncated = errors.New("the stream ends inside an opcode: fetch the file again and compare its digest")

// cursor reads forward through a source with one window of memory, and jumps
// over what nobody needs to see.
type cursor struct {
	src  io.ReaderAt
	size int64
	pos  int64
	buf  []byte
	base int64 // offset of buf[0]
	step int   // bytes of a window
}

func newCursor(src io.ReaderAt, size, pos int64) *cursor {
	return &cursor{src: src, size: size, pos: pos, base: pos, step: windowSize}
}

// fork reads the same source from another place.
func (c *cursor) fork(pos int64) *cursor {
	return &cursor{src: c.src, size: c.size, pos: pos, base: c.base, buf: c.buf, step: 4 << 10}
}

// window makes n bytes at the position visible, without moving. The bytes are
// valid until the next call.
func (c *cursor) window(n int) ([]byte, error) {
	if n < 0 || int64(n) > c.size-c.pos {
		return nil, errTruncated
	}
	off := c.pos - c.base
	if off >= 0 && off+int64(n) <= int64(len(c.buf)) {
		return c.buf[off : off+int64(n)], nil
	}
	if err := c.load(max(n, c.step)); err != nil {
		return nil, err
	}
	if n > len(c.buf) {
		return nil, errTruncated
	}
	return c.buf[:n], nil
}

func (c *cursor) load(n int) error {
	n = int(min(int64(n), c.size-c.pos))
	buf := make([]byte, n) // forks may still look at the old window
	got, err := c.src.ReadAt(buf, c.pos)
	if got < n {
		if err == nil || errors.Is(err, io.EOF) {
			return errTruncated
		}
		return fmt.Errorf("reading at offset %d: %w", c.pos, err)
	}
	c.buf, c.base = buf, c.pos
	return nil
}

func (c *cursor) next(n int) ([]byte, error) {
	b, err := c.window(n)
	if err == nil {
		c.pos += int64(n)
	}
	return b, err
}

func (c *cursor) byte() (byte, error) {
	off := c.pos - c.base
	if off >= 0 && off < int64(len(c.buf)) {
		c.pos++
		return c.buf[off], nil
	}
	b, err := c.next(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

func (c *cursor) uint(n int) (uint64, error) {
	b, err := c.next(n)
	var v uint64
	for i := len(b) - 1; i >= 0; i-- {
		v = v<<8 | uint64(b[i])
	}
	return v, err
}

// line returns the bytes up to the next line feed, without it.
func (c *cursor) line() ([]byte, error) {
	for n := 256; ; n *= 4 {
		n = int(min(int64(n), c.size-c.pos))
		b, err := c.window(n)
		if err != nil {
			return nil, err
		}
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			c.pos += int64(i) + 1
			return b[:i], nil
		}
		if int64(n) == c.size-c.pos {
			return nil, errTruncated
		}
		if n > maxLine {
			return nil, fmt.Errorf("a line of more than %d bytes at offset %d", maxLine, c.pos)
		}
	}
}

func (c *cursor) skip(n uint64) error {
	if n > uint64(c.size-c.pos) {
		return errTruncated
	}
	c.pos += int64(n)
	return nil
}
