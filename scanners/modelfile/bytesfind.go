// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"bytes"
	"hash/crc32"
	"io"
)

const chunk = 1 << 20

// findBytes returns the first offset of what at or after from, or -1.
func findBytes(it item, from int64, what []byte) int64 {
	found := int64(-1)
	scanChunks(it, from, len(what)-1, func(b []byte, off int64) bool {
		if i := bytes.Index(b, what); i >= 0 {
			found = off + int64(i)
			return false
		}
		return true
	})
	return found
}

// scanChunks hands out the bytes from an offset in pieces that overlap by
// keep bytes, until f says stop.
func scanChunks(it item, from int64, keep int, f func(b []byte, off int64) bool) {
	buf := make([]byte, min(chunk, max(0, it.size-from))+int64(keep))
	kept := 0
	for pos := from; pos < it.size; {
		n, err := it.r.ReadAt(buf[kept:min(int64(len(buf)), int64(kept)+it.size-pos)], pos)
		if n == 0 && err != nil {
			return
		}
		b := buf[:kept+n]
		if !f(b, pos-int64(kept)) {
			return
		}
		pos += int64(n)
		kept = min(keep, len(b))
		copy(buf, b[len(b)-kept:])
	}
}

// checksum is the IEEE CRC of an item.
func (w *walk) checksum(it item) uint32 {
	h := crc32.NewIEEE()
	_, _ = io.Copy(h, io.LimitReader(&cancelled{it.reader(), w}, it.size))
	return h.Sum32()
}

// cancelled stops reading when the context ends.
type cancelled struct {
	r io.Reader
	w *walk
}

func (c *cancelled) Read(p []byte) (int, error) {
	if err := c.w.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
