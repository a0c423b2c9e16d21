// SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The Arrow library trusts the lengths in a file's metadata: a changed byte can
// make it ask for more memory than there is, which nothing can catch. So the
// metadata (FlatBuffers; Arrow columnar format 1.5, "Serialization and
// Interprocess Communication") is walked here first, and each length is held
// against what the file has.

const (
	maxMetadata = 64 << 20 // bytes of one message's metadata
	maxTables   = 100_000  // FlatBuffers tables in one message
	arrowUnion  = 14       // the type whose own lists nothing here bounds
)

var (
	errMetadata = errors.New("its metadata are damaged")
	errCut      = errors.New("it is neither a whole Arrow IPC file nor a whole stream: was it cut short, or is its format another?")
)

// checkStream walks along the messages of a stream up to its end mark, which
// must be the end of the file.
func checkStream(f io.ReaderAt, size int64) error {
	for at := int64(0); at+8 <= size; {
		head := make([]byte, 8)
		if _, err := f.ReadAt(head, at); err != nil {
			return err
		}
		n := int64(binary.LittleEndian.Uint32(head[4:]))
		if binary.LittleEndian.Uint32(head) != 0xffffffff {
			return errCut
		}
		if n == 0 {
			if at+8 != size {
				return errors.New("there is something after the end of the Arrow stream")
			}
			return nil
		}
		body, err := checkMessage(f, at+8, n, size)
		if err != nil {
			return err
		}
		at += 8 + n + body
	}
	return errCut
}

// checkFile holds the footer and the blocks that it names against the file.
func checkFile(f io.ReaderAt, size int64) error {
	tail := make([]byte, 10)
	if size < 8+10 {
		return errCut
	}
	if _, err := f.ReadAt(tail, size-10); err != nil {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(tail))
	end := size - 10 - n
	if string(tail[4:]) != "ARROW1" || n > maxMetadata || end < 8 {
		return errCut
	}
	footer := make([]byte, n)
	if _, err := f.ReadAt(footer, end); err != nil {
		return err
	}
	w := flat{b: footer}
	root, err := w.root(footerShape)
	if err != nil {
		return err
	}
	for _, slot := range []int{2, 3} { // dictionaries, record batches
		at, count := w.vector(root, slot)
		for i := range count {
			block := footer[at+24*i:]
			from, meta := int64(binary.LittleEndian.Uint64(block)), int64(int32(binary.LittleEndian.Uint32(block[8:])))
			body := int64(binary.LittleEndian.Uint64(block[16:]))
			if from < 8 || meta < 8 || body < 0 || from > end || meta > end-from || body > end-from-meta {
				return errMetadata
			}
			if err := checkBlock(f, from, meta, body); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkBlock(f io.ReaderAt, from, meta, body int64) error {
	head := make([]byte, 8)
	if _, err := f.ReadAt(head, from); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(head) != 0xffffffff || int64(binary.LittleEndian.Uint32(head[4:])) != meta-8 {
		return errMetadata
	}
	got, err := checkMessage(f, from+8, meta-8, from+meta+body)
	if err == nil && got > body {
		err = errMetadata
	}
	return err
}

// checkMessage checks the n bytes of metadata at a place, and that the body
// which they announce ends before the end. It returns the body's length.
func checkMessage(f io.ReaderAt, at, n, end int64) (int64, error) {
	if n > maxMetadata || n > end-at {
		return 0, errCut
	}
	b := make([]byte, n)
	if _, err := f.ReadAt(b, at); err != nil {
		return 0, err
	}
	w := flat{b: b}
	root, err := w.root(messageShape)
	if err != nil {
		return 0, err
	}
	kind, header := w.scalar(root, 1, 1), w.follow(root, 2)
	shapes := map[uint64]*shape{1: schemaShape, 2: dictionaryShape, 3: batchShape}
	if shapes[kind] == nil || header < 0 {
		return 0, errMetadata
	}
	if err := w.table(header, shapes[kind], 0); err != nil {
		return 0, err
	}
	body := int64(w.scalar(root, 3, 8))
	if body < 0 || body > end-at-n {
		return 0, errCut
	}
	return body, nil
}

// shape says which slots of a FlatBuffers table refer to what; others hold
// numbers. A vector's elements have a size in bytes, or a shape of their own.
type shape struct {
	numbers map[int]int // slot: bytes
	tables  map[int]*shape
	vectors map[int]int // slot: bytes of an element; a text's are 1
	lists   map[int]*shape
	union   int // the slot with the number of the type, and the type in the next; 0: none
}

var (
	messageShape    = &shape{numbers: map[int]int{1: 1, 3: 8}, tables: map[int]*shape{2: {}}, lists: map[int]*shape{4: pairShape}}
	pairShape       = &shape{vectors: map[int]int{0: 1, 1: 1}}
	fieldShape      = &shape{vectors: map[int]int{0: 1}, union: 2, tables: map[int]*shape{3: {}, 4: {tables: map[int]*shape{1: {}}}}, lists: map[int]*shape{6: pairShape}}
	schemaShape     = &shape{lists: map[int]*shape{1: fieldShape, 2: pairShape}, vectors: map[int]int{3: 8}}
	batchShape      = &shape{numbers: map[int]int{0: 8}, vectors: map[int]int{1: 16, 2: 16, 4: 8}, tables: map[int]*shape{3: {}}}
	dictionaryShape = &shape{numbers: map[int]int{0: 8}, tables: map[int]*shape{1: batchShape}}
	footerShape     = &shape{tables: map[int]*shape{1: schemaShape}, vectors: map[int]int{2: 24, 3: 24}, lists: map[int]*shape{4: pairShape}}
)

func init() { fieldShape.lists[5] = fieldShape } // children

// flat walks along FlatBuffers.
type flat struct {
	b    []byte
	seen int
}

func (w *flat) u32(at int) int {
	if at < 0 || at+4 > len(w.b) {
		return -1
	}
	return int(binary.LittleEndian.Uint32(w.b[at:]))
}

func (w *flat) root(s *shape) (int, error) {
	at := w.u32(0)
	return at, w.table(at, s, 0)
}

// slot is the place of a slot's content, or -1 where there is none.
func (w *flat) slot(table, slot int) int {
	v := table - int(int32(w.u32(table)))
	if at := 4 + 2*slot; at+2 <= int(binary.LittleEndian.Uint16(w.b[v:])) {
		if o := int(binary.LittleEndian.Uint16(w.b[v+at:])); o != 0 {
			return table + o
		}
	}
	return -1
}

// follow is the place that a slot refers to, or -1.
func (w *flat) follow(table, slot int) int {
	at := w.slot(table, slot)
	if at < 0 {
		return -1
	}
	return at + w.u32(at)
}

func (w *flat) scalar(table, slot, size int) (v uint64) {
	at := w.slot(table, slot)
	for i := 0; at >= 0 && i < size; i++ {
		v |= uint64(w.b[at+i]) << (8 * i)
	}
	return v
}

// vector is where the elements of a checked vector begin, and how many there are.
func (w *flat) vector(table, slot int) (at, count int) {
	if at = w.follow(table, slot); at < 0 {
		return 0, 0
	}
	return at + 4, w.u32(at)
}

// table checks a table and all that it refers to.
func (w *flat) table(at int, s *shape, depth int) error {
	if w.seen++; w.seen > maxTables || depth > 32 {
		return errMetadata
	}
	if at < 4 || at+4 > len(w.b) {
		return errMetadata
	}
	v := at - int(int32(w.u32(at)))
	if v < 0 || v+4 > len(w.b) || v+int(binary.LittleEndian.Uint16(w.b[v:])) > len(w.b) {
		return errMetadata
	}
	for slot, size := range s.numbers {
		if p := w.slot(at, slot); p >= 0 && p+size > len(w.b) {
			return errMetadata
		}
	}
	for slot, size := range s.vectors {
		if err := w.bounds(at, slot, size); err != nil {
			return err
		}
	}
	for slot, sub := range s.tables {
		if p := w.slot(at, slot); p >= 0 {
			if p+4 > len(w.b) {
				return errMetadata
			}
			if err := w.table(p+w.u32(p), sub, depth+1); err != nil {
				return err
			}
		}
	}
	for slot, sub := range s.lists {
		if err := w.list(at, slot, sub, depth); err != nil {
			return err
		}
	}
	return w.typed(at, s)
}

// typed refuses the one type that brings lists of its own.
func (w *flat) typed(at int, s *shape) error {
	if s.union == 0 {
		return nil
	}
	if p := w.slot(at, s.union); p < 0 || p >= len(w.b) {
		return errMetadata
	} else if w.b[p] == arrowUnion {
		return fmt.Errorf("it has a column of the Arrow type union, which cannot be asked about: leave it out")
	}
	return nil
}

func (w *flat) bounds(at, slot, size int) error {
	p := w.slot(at, slot)
	if p < 0 {
		return nil
	}
	if p+4 > len(w.b) {
		return errMetadata
	}
	p += w.u32(p)
	if p+4 > len(w.b) || w.u32(p) > (len(w.b)-p-4)/size {
		return errMetadata
	}
	return nil
}

func (w *flat) list(at, slot int, sub *shape, depth int) error {
	if err := w.bounds(at, slot, 4); err != nil {
		return err
	}
	from, count := w.vector(at, slot)
	for i := range count {
		p := from + 4*i
		if err := w.table(p+w.u32(p), sub, depth+1); err != nil {
			return err
		}
	}
	return nil
}
