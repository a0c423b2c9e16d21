// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

const (
	maxSafetensorsHeader = 100_000_000 // the limit of the reference reader
	manyTensors          = 100_000
)

// dtypeBits is the size of an element (safetensors, tensor.rs).
var dtypeBits = map[string]uint64{
	"BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
	"I32": 32, "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}

type tensor struct {
	name       string
	dtype      string
	elements   uint64
	begin, end uint64
	offsets    int
	shape      bool
}

// safetensorsFile is the header while it streams by.
type safetensorsFile struct {
	w       *walk
	it      item
	tensors []tensor
	cur     tensor
}

func isSafetensors(h []byte, it item) bool {
	if len(h) < 9 || h[8] != '{' {
		return false
	}
	n := binary.LittleEndian.Uint64(h)
	return n >= 2 && n < 1<<40 && (len(h) < 10 || h[9] == '"' || h[9] == '}' || h[9] <= ' ')
}

// safetensors reads the header and holds it against the rules of the
// reference reader: no code, every byte of the buffer owned by one tensor.
func (w *walk) safetensors(it item) {
	head, err := readAll(it, 0, 8)
	if err != nil {
		w.broken(it, "safetensors", err)
		return
	}
	n := binary.LittleEndian.Uint64(head)
	if n > maxSafetensorsHeader || n > uint64(it.size-8) {
		w.broken(it, "safetensors", fmt.Errorf("truncated, or a header of %d bytes in a file of %d", n, it.size))
		w.hidden(it)
		return
	}
	f := &safetensorsFile{w: w, it: it}
	if err := f.read(int64(n)); err != nil {
		w.broken(it, "safetensors", err)
		w.hidden(it)
		return
	}
	for _, t := range f.tensors {
		w.count(it, cmp.Or(safetensorsNames[t.dtype], strings.ToLower(t.dtype)), t.elements)
	}
}

func (f *safetensorsFile) read(n int64) error {
	r := io.NewSectionReader(f.it.r, 8, n)
	used, err := readJSON(f.w.ctx, r, f.visit)
	if err != nil {
		return err
	}
	for pos := 8 + used; pos < 8+n; pos++ {
		if b, err := readAll(f.it, pos, 1); err != nil || b[0] != ' ' {
			return fmt.Errorf("bytes behind the JSON of the header at offset %d", pos)
		}
	}
	return f.layout(uint64(f.it.size - 8 - n))
}

func (f *safetensorsFile) visit(e jsonEvent) error {
	if len(e.path) > 0 && e.path[0] == "__metadata__" {
		if len(e.path) > 2 || len(e.path) == 2 && e.kind != 's' {
			return errors.New("metadata that is not a string")
		}
		return nil
	}
	switch len(e.path) {
	case 0:
		return nil
	case 1:
		return f.tensor(e)
	case 2:
		return f.property(e)
	}
	return f.item(e)
}

func (f *safetensorsFile) tensor(e jsonEvent) error {
	switch e.kind {
	case '{':
		f.cur = tensor{name: e.path[0], elements: 1}
	case '}':
		f.tensors = append(f.tensors, f.cur)
		if len(f.tensors) > 5_000_000 {
			return fmt.Errorf("%w: more than five million tensors", errBudget)
		}
	default:
		return fmt.Errorf("tensor %q is not described by an object", clip(e.path[0]))
	}
	return nil
}

func (f *safetensorsFile) property(e jsonEvent) error {
	switch key := e.path[1]; {
	case key == "dtype" && e.kind == 's':
		f.cur.dtype = string(e.text)
	case key == "shape" && (e.kind == '[' || e.kind == ']'):
		f.cur.shape = true
	case key == "data_offsets" && (e.kind == '[' || e.kind == ']'):
	default:
		return fmt.Errorf("tensor %q: unknown key or type: %q", clip(f.cur.name), clip(key))
	}
	return nil
}

func (f *safetensorsFile) item(e jsonEvent) error {
	v, err := strconv.ParseUint(string(e.text), 10, 63)
	if err != nil || e.kind != 'n' || len(e.path) != 3 {
		return fmt.Errorf("tensor %q: %s is no list of whole numbers", clip(f.cur.name), e.path[1])
	}
	if e.path[1] == "shape" {
		hi, lo := bits.Mul64(f.cur.elements, v)
		if hi != 0 {
			return fmt.Errorf("tensor %q: the shape overflows", clip(f.cur.name))
		}
		f.cur.elements = lo
		return nil
	}
	switch f.cur.offsets {
	case 0:
		f.cur.begin = v
	case 1:
		f.cur.end = v
	default:
		return fmt.Errorf("tensor %q: more than two offsets", clip(f.cur.name))
	}
	f.cur.offsets++
	return nil
}

// layout checks that the tensors cover the buffer, each with as many bytes as
// its shape takes, without a hole or an overlap.
func (f *safetensorsFile) layout(buffer uint64) error {
	if len(f.tensors) > manyTensors {
		f.w.find(f.it, "safetensors/many-tensors", warn, fmt.Sprintf("%d tensors", len(f.tensors)), -1, "CWE-770")
	}
	slices.SortStableFunc(f.tensors, func(a, b tensor) int { return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end)) })
	pos := uint64(0)
	for _, t := range f.tensors {
		size, ok := dtypeBits[t.dtype]
		hi, lo := bits.Mul64(t.elements, size)
		switch {
		case !ok:
			return fmt.Errorf("tensor %q: unknown dtype %q", clip(t.name), clip(t.dtype))
		case t.offsets != 2 || !t.shape:
			return fmt.Errorf("tensor %q: no shape, or no two offsets", clip(t.name))
		case t.begin != pos || t.end < t.begin:
			return fmt.Errorf("tensor %q: begins at %d where %d is expected", clip(t.name), t.begin, pos)
		case hi != 0 || lo%8 != 0 || lo/8 != t.end-t.begin:
			return fmt.Errorf("tensor %q: its shape does not take %d bytes", clip(t.name), t.end-t.begin)
		}
		pos = t.end
	}
	if pos != buffer {
		return fmt.Errorf("truncated, or bytes that belong to no tensor: tensors end at %d, the buffer at %d", pos, buffer)
	}
	return nil
}
