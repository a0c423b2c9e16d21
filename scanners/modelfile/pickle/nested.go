// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	maxNesting = 5
	minNested  = 20 // bytes: a shorter operand holds no stream that does something
)

// nested looks for a stream inside a string operand, as it is or encoded.
func (m *machine) nested(t token, s string) {
	if t.n < minNested {
		return
	}
	if t.n > uint64(len(s)) && t.n > maxKeep {
		m.nestedLong(t)
		return
	}
	m.nestedBytes([]byte(s), t.off)
}

// nestedLong looks at an operand where it lies in the file.
func (m *machine) nestedLong(t token) {
	section := io.NewSectionReader(m.cur.src, t.off, int64(t.n))
	head := make([]byte, min(512, t.n))
	if _, err := section.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return
	}
	if promising(head) {
		m.nestedStream(section, int64(t.n), t.off)
	}
	if zipped(head) || printable(head) {
		m.nestedEncoded(section, head, t)
	}
}

func (m *machine) nestedEncoded(section *io.SectionReader, head []byte, t token) {
	if printable(head) && encoding(head) == "" {
		return
	}
	if int64(t.n) > m.lim.Inflate {
		if zipped(head) {
			m.inflated(section, t.off)
			return
		}
		m.out.gap(fmt.Sprintf("over budget: an encoded operand of %d bytes at offset %d", t.n, t.off))
		return
	}
	b := make([]byte, t.n)
	if _, err := section.ReadAt(b, 0); err == nil || errors.Is(err, io.EOF) {
		m.nestedBytes(b, t.off)
	}
}

func (m *machine) nestedBytes(b []byte, off int64) {
	if promising(b) {
		m.nestedStream(bytes.NewReader(b), int64(len(b)), off)
	}
	if zipped(b) {
		m.inflated(bytes.NewReader(b), off)
	}
	if d := decoded(b); len(d) >= minNested {
		if m.depth >= maxNesting {
			return
		}
		m.depth++
		m.nestedBytes(d, off)
		m.depth--
	}
}

// promising tells in a glance whether bytes may begin a stream that names
// something: a known opcode first, and somewhere an opcode that can name.
func promising(b []byte) bool {
	if shapes[b[0]] == shapeUnknown || b[0] >= 0x80 && b[0] != opProto && shapes[b[0]] != shapeCounted && shapes[b[0]] != shapePlain && b[0] != opFrame {
		return false
	}
	return true
}

func zipped(b []byte) bool {
	gz := len(b) > 2 && b[0] == 0x1f && b[1] == 0x8b
	zl := len(b) > 2 && b[0] == 0x78 && (int(b[0])<<8|int(b[1]))%31 == 0
	return gz || zl
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' || c > '~' {
			return false
		}
	}
	return true
}

// letters marks the bytes that hexadecimal (1) and base64 (2) text is made of.
var letters = func() (t [256]uint8) {
	for _, c := range []byte("0123456789abcdefABCDEF") {
		t[c] |= 1
	}
	for _, c := range []byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/-_=\r\n") {
		t[c] |= 2
	}
	return t
}()

// encoding names the encoding that the text may have.
func encoding(b []byte) string {
	all := uint8(3)
	for _, c := range b {
		if all &= letters[c]; all == 0 {
			return ""
		}
	}
	if all&1 != 0 {
		return "hex"
	}
	return "base64"
}

func decoded(b []byte) []byte {
	switch encoding(b) {
	case "hex":
		if d, err := hex.DecodeString(string(b)); err == nil {
			return d
		}
		fallthrough
	case "base64":
		s := strings.NewReplacer("\n", "", "\r", "", "-", "+", "_", "/", "=", "").Replace(string(b))
		d, _ := base64.RawStdEncoding.DecodeString(s)
		return d
	}
	return nil
}

func (m *machine) inflated(src io.Reader, off int64) {
	if m.depth >= maxNesting {
		return
	}
	var r io.Reader
	head := make([]byte, 2)
	if _, err := io.ReadFull(src, head); err != nil {
		return
	}
	whole := io.MultiReader(bytes.NewReader(head), src)
	var err error
	if head[0] == 0x1f {
		r, err = gzip.NewReader(whole)
	} else {
		r, err = zlib.NewReader(whole)
	}
	if err != nil {
		return
	}
	limit := min(m.lim.Inflate, *m.out.left)
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	*m.out.left -= int64(len(b))
	if int64(len(b)) > limit {
		m.out.gap(fmt.Sprintf("over budget: a compressed operand at offset %d inflates to more than %d bytes", off, limit))
	}
	if len(b) >= minNested && (err == nil || len(b) > 0) {
		m.depth++
		m.nestedBytes(b, off)
		m.depth--
	}
}

// nestedStream runs a stream that may lie inside an operand.
func (m *machine) nestedStream(src io.ReaderAt, size, off int64) {
	if m.depth >= maxNesting {
		m.tooDeep(src, size, off)
		return
	}
	f, ok := m.probe(src, size)
	if !ok {
		return
	}
	opt := Options{Limits: m.lim, Torch: true, Depth: m.depth + 1}
	path := fmt.Sprintf("!operand@%d", off)
	if f.persist > 0 || f.torch {
		r := scanInto(m.ctx, src, size, opt, newSink(m.out.left))
		m.out.merge(r.sink, path, 0)
	} else {
		m.out.merge(f.out, path, 0)
	}
	m.out.add("pickle/nested", info, "a pickle inside an operand", off)
}

// probe runs a fork over other bytes; ok says that they are a stream that matters.
func (m *machine) probe(src io.ReaderAt, size int64) (*machine, bool) {
	f := newMachine(m.ctx, newCursor(src, size, 0), Options{Limits: m.lim, Depth: m.depth + 1}, newSink(m.out.left))
	f.guess, f.torch = true, true
	_, err := f.run()
	f.torch = len(f.storage) > 0 || f.cur.pos < size
	if f.out.globals == 0 && err == nil && f.cur.pos < size && isMagic(src, size) {
		return f, true // the first of several streams, as torch writes them
	}
	return f, f.out.bad+f.out.unsafe > 0 || err == nil && f.out.globals > 0
}

func (m *machine) tooDeep(src io.ReaderAt, size, off int64) {
	head := make([]byte, 2)
	if n, _ := src.ReadAt(head, 0); n == 2 && head[0] == opProto && head[1] <= 5 && size > 4 {
		m.out.gap(fmt.Sprintf("over budget: pickles nested deeper than %d at offset %d", maxNesting, off))
	}
}

// isMagic tells the first stream of torch's legacy format.
func isMagic(src io.ReaderAt, size int64) bool {
	b := make([]byte, 32)
	n, _ := src.ReadAt(b[:min(int64(len(b)), size)], 0)
	return bytes.Contains(b[:n], []byte("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"))
}
