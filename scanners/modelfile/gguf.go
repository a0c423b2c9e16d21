// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"strings"
)

// ggufFile reads llama.cpp's format. Source: ggml, docs/gguf.md.
type ggufFile struct {
	w       *walk
	it      item
	r       *reader
	order   binary.ByteOrder
	version uint32
	align   uint64
	seen    map[string]bool
	end     uint64 // of the last tensor, relative to the data
	data    int64
}

const ggufString, ggufArray = 8, 9

var ggufSizes = map[uint32]uint64{0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}

// ggmlBlocks is elements and bytes of a block of each tensor type (ggml.c).
var ggmlBlocks = map[uint32][2]uint64{
	0: {1, 4}, 1: {1, 2}, 2: {32, 18}, 3: {32, 20}, 6: {32, 22}, 7: {32, 24}, 8: {32, 34}, 9: {32, 36}, 10: {256, 84}, 11: {256, 110},
	12: {256, 144}, 13: {256, 176}, 14: {256, 210}, 15: {256, 292}, 16: {256, 66}, 17: {256, 74}, 18: {256, 98}, 19: {256, 50}, 20: {32, 18},
	21: {256, 110}, 22: {256, 82}, 23: {256, 136}, 24: {1, 1}, 25: {1, 2}, 26: {1, 4}, 27: {1, 8}, 28: {1, 8}, 29: {256, 56}, 30: {1, 2},
	34: {256, 54}, 35: {256, 66}, 39: {32, 17},
}

func (w *walk) gguf(it item) {
	f := &ggufFile{w: w, it: it, r: &reader{it: it}, order: binary.LittleEndian, align: 32, seen: map[string]bool{}}
	if err := f.read(); err != nil {
		w.broken(it, "gguf", err)
		w.find(it, "gguf/bad-structure", warn, err.Error(), f.r.pos, "CWE-125")
		w.hidden(it)
		w.uncount(it)
	}
}

func (f *ggufFile) u32() (uint32, error) {
	b, err := f.r.next(4)
	if err != nil {
		return 0, err
	}
	return f.order.Uint32(b), nil
}

// count reads a 64-bit number, which version 1 writes with 32 bits.
func (f *ggufFile) count() (uint64, error) {
	if f.version == 1 {
		n, err := f.u32()
		return uint64(n), err
	}
	return f.u64()
}

func (f *ggufFile) u64() (uint64, error) {
	b, err := f.r.next(8)
	if err != nil {
		return 0, err
	}
	return f.order.Uint64(b), nil
}

func (f *ggufFile) left() uint64 { return uint64(f.it.size - f.r.pos) }

func (f *ggufFile) read() error {
	if err := f.r.skip(4); err != nil {
		return err
	}
	b, err := f.r.next(4)
	if err != nil {
		return err
	}
	if f.version = f.order.Uint32(b); f.version > 0xffff {
		f.order = binary.BigEndian
		f.version = f.order.Uint32(b)
	}
	if f.version < 1 || f.version > 3 {
		return fmt.Errorf("version %d is not known", f.version)
	}
	tensors, err := f.count()
	if err != nil {
		return err
	}
	kv, err := f.count()
	if err != nil {
		return err
	}
	if kv > f.left()/12 || tensors > f.left()/20 {
		return fmt.Errorf("truncated: %d keys and %d tensors announced in %d bytes", kv, tensors, f.it.size)
	}
	return f.body(kv, tensors)
}

func (f *ggufFile) body(kv, tensors uint64) error {
	for range kv {
		if err := f.pair(); err != nil {
			return err
		}
	}
	clear(f.seen)
	for range tensors {
		if err := f.tensor(); err != nil {
			return err
		}
	}
	start := (uint64(f.r.pos) + f.align - 1) / f.align * f.align
	if tensors > 0 && (start > uint64(f.it.size) || f.end > uint64(f.it.size)-start) {
		return fmt.Errorf("truncated: tensors end %d bytes behind offset %d, the file at %d", f.end, start, f.it.size)
	}
	return f.trailing(start, tensors)
}

func (f *ggufFile) trailing(start, tensors uint64) error {
	end := start + (f.end+f.align-1)/f.align*f.align
	if tensors == 0 {
		end = start
	}
	if uint64(f.it.size) > end {
		return fmt.Errorf("bytes behind the last tensor, from offset %d", end)
	}
	return nil
}

func (f *ggufFile) string(limit uint64) (string, error) {
	n, err := f.count()
	if err != nil {
		return "", err
	}
	if n > f.left() {
		return "", fmt.Errorf("truncated: a string of %d bytes at offset %d", n, f.r.pos)
	}
	if n > limit {
		return "", f.r.skip(int64(n))
	}
	b, err := f.r.next(int(n))
	return string(b), err
}

func (f *ggufFile) pair() error {
	if err := f.w.ctx.Err(); err != nil {
		return err
	}
	key, err := f.string(64 << 10)
	if err != nil {
		return err
	}
	if f.seen[key] {
		return fmt.Errorf("the key %q stands twice", clip(key))
	}
	f.seen[key] = true
	if strings.Contains(key, "..") || strings.ContainsAny(key, "/\\\x00") {
		f.w.find(f.it, "gguf/odd-key", warn, key, f.r.pos, "CWE-22")
	}
	typ, err := f.u32()
	if err != nil {
		return err
	}
	return f.value(key, typ)
}

func (f *ggufFile) value(key string, typ uint32) error {
	switch {
	case typ == ggufString:
		at := f.r.pos
		s, err := f.string(jsonKeep)
		if err == nil && strings.HasPrefix(key, "tokenizer.chat_template") {
			if s == "" && f.r.pos-at > 8 {
				f.w.gap(f.it.path, "over budget: a chat template of more than 1 MiB")
			}
			f.w.jinja(f.it, s, at)
		}
		return err
	case typ == ggufArray:
		return f.array(0)
	case key == "general.alignment" && typ == 4:
		n, err := f.u32()
		if f.align = uint64(n); err == nil && (n == 0 || n&(n-1) != 0) {
			return fmt.Errorf("an alignment of %d", n)
		}
		return err
	}
	size, ok := ggufSizes[typ]
	if !ok {
		return fmt.Errorf("key %q has the unknown type %d", clip(key), typ)
	}
	return f.r.skip(int64(size))
}

func (f *ggufFile) array(depth int) error {
	typ, err := f.u32()
	if err != nil {
		return err
	}
	n, err := f.count()
	if err != nil {
		return err
	}
	if depth > 4 {
		return errors.New("arrays nested deeper than 4")
	}
	if size, ok := ggufSizes[typ]; ok {
		hi, lo := bits.Mul64(n, size)
		if hi != 0 || lo > f.left() {
			return fmt.Errorf("truncated: an array of %d items at offset %d", n, f.r.pos)
		}
		return f.r.skip(int64(lo))
	}
	if n > f.left()/4 || typ != ggufString && typ != ggufArray {
		return fmt.Errorf("an array of %d items of type %d at offset %d", n, typ, f.r.pos)
	}
	for range n {
		if typ == ggufArray {
			err = f.array(depth + 1)
		} else {
			_, err = f.string(0)
		}
		if err != nil {
			return err
		}
	}
	return f.w.ctx.Err()
}

func (f *ggufFile) tensor() error {
	name, err := f.string(64 << 10)
	if err != nil {
		return err
	}
	if f.seen[name] {
		return fmt.Errorf("tensor %q stands twice", clip(name))
	}
	f.seen[name] = true
	dims, err := f.u32()
	if err != nil {
		return err
	}
	if dims > 4 {
		return fmt.Errorf("tensor %q has %d dimensions", clip(name), dims)
	}
	elements, first := uint64(1), uint64(1)
	for i := range dims {
		d, err := f.count()
		if err != nil {
			return err
		}
		hi, lo := bits.Mul64(elements, d)
		if hi != 0 || lo > 1<<62 {
			return fmt.Errorf("tensor %q: the dimensions overflow", clip(name))
		}
		if elements = lo; i == 0 {
			first = d
		}
	}
	return f.extent(name, elements, first)
}

// extent checks where the data of a tensor lie.
func (f *ggufFile) extent(name string, elements, first uint64) error {
	typ, err := f.u32()
	if err != nil {
		return err
	}
	off, err := f.u64()
	if err != nil {
		return err
	}
	block, ok := ggmlBlocks[typ]
	switch {
	case !ok:
		return fmt.Errorf("tensor %q has the unknown type %d", clip(name), typ)
	case first%block[0] != 0:
		return fmt.Errorf("tensor %q: %d elements do not fill blocks of %d", clip(name), first, block[0])
	case off%f.align != 0:
		return fmt.Errorf("tensor %q: offset %d is not aligned", clip(name), off)
	}
	hi, size := bits.Mul64(elements/block[0], block[1])
	end, carry := bits.Add64(off, size, 0)
	if hi != 0 || carry != 0 || end > uint64(f.it.size) {
		return fmt.Errorf("truncated: tensor %q ends behind the file", clip(name))
	}
	f.end = max(f.end, end)
	f.w.count(f.it, ggmlNames[typ], elements)
	return nil
}
