// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// spooled is decompressed content that can be read at any place.
type spooled struct {
	r     io.ReaderAt
	size  int64
	crc   uint32 // IEEE, of all bytes
	close func()
}

// spool copies r to memory, and to a temporary file when it grows. What was
// read before an error is returned together with the error.
func (w *walk) spool(r io.Reader) (spooled, error) {
	crc := crc32.NewIEEE()
	r = io.TeeReader(&limited{r, w}, crc)
	var mem bytes.Buffer
	_, err := io.Copy(&mem, io.LimitReader(r, w.budget.Memory))
	if err != nil || int64(mem.Len()) < w.budget.Memory {
		return spooled{bytes.NewReader(mem.Bytes()), int64(mem.Len()), crc.Sum32(), func() {}}, err
	}
	f, ferr := os.CreateTemp("", "modelvet-member-*")
	if ferr != nil {
		return spooled{bytes.NewReader(mem.Bytes()), int64(mem.Len()), 0, func() {}}, fmt.Errorf("%w: creating a temporary file: %v", errBudget, ferr)
	}
	done := func() { f.Close(); os.Remove(f.Name()) }
	n, err := io.Copy(f, io.MultiReader(&mem, r))
	return spooled{f, n, crc.Sum32(), done}, err
}

// limited stops when the budget for decompressed bytes is spent.
type limited struct {
	r io.Reader
	w *walk
}

func (l *limited) Read(p []byte) (int, error) {
	if err := l.w.ctx.Err(); err != nil {
		return 0, err
	}
	if l.w.inflate <= 0 {
		return 0, fmt.Errorf("%w: more than %d bytes after decompression", errBudget, l.w.budget.Inflate)
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.w.inflate)])
	l.w.inflate -= int64(n)
	return n, err
}

// readAll reads a part of an item into memory.
func readAll(it item, off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || off > it.size || n > it.size-off {
		return nil, fmt.Errorf("truncated: %d bytes expected at offset %d of %d", n, off, it.size)
	}
	b := make([]byte, n)
	if got, err := it.r.ReadAt(b, off); int64(got) < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("reading at offset %d: %w", off, err)
	}
	return b, nil
}

// section is a part of an item as an item.
func (it item) section(path string, off, n int64) item {
	s := it
	s.path, s.r, s.size = path, io.NewSectionReader(it.r, off, n), n
	return s
}

func (it item) reader() *io.SectionReader { return io.NewSectionReader(it.r, 0, it.size) }
