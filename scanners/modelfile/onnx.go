// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/bits"
	"path"
	"slices"
	"strconv"
	"strings"
)

// onnxFile reads ONNX. Source: onnx/onnx.proto3.
type onnxFile struct {
	w         *walk
	it        item
	opset     map[string]bool // domains that the model imports
	domains   map[string]bool // domains that its nodes use
	functions map[string][]string
	current   string // the function at hand
}

var onnxModel = map[uint64]byte{1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}

func isONNX(h []byte, it item) bool {
	return len(h) > 2 && (h[0] == 0x08 || strings.EqualFold(path.Ext(it.path), ".onnx")) && (shapeOf(it, onnxModel, 7) || strings.EqualFold(path.Ext(it.path), ".onnx"))
}

func (w *walk) onnx(it item) {
	f := &onnxFile{w: w, it: it, opset: map[string]bool{}, domains: map[string]bool{}, functions: map[string][]string{}}
	if err := f.read(); err != nil {
		w.broken(it, "onnx", err)
		w.hidden(it)
		w.uncount(it)
	}
}

func (f *onnxFile) read() error {
	seen := map[uint64]bool{}
	m := newMessage(f.it)
	err := m.each(func(x field) error {
		seen[x.num] = true
		if want, ok := onnxModel[x.num]; !ok || want != x.wire {
			return fmt.Errorf("field %d is no part of a model", x.num)
		}
		switch x.num {
		case 7:
			return f.nest(m, x, f.graph)
		case 8:
			return f.nest(m, x, f.opsetImport)
		case 25:
			return f.nest(m, x, f.function)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !seen[1] || !seen[7] || !seen[8] {
		return errors.New("truncated: no version, graph or operator set")
	}
	f.domainsKnown()
	f.cycles()
	return nil
}

func (f *onnxFile) nest(m *message, x field, visit func(*message, field) error) error {
	if err := f.w.ctx.Err(); err != nil {
		return err
	}
	sub, err := m.sub(x)
	if err != nil {
		return err
	}
	return sub.each(func(y field) error { return visit(sub, y) })
}

func (f *onnxFile) opsetImport(m *message, x field) error {
	if x.num == 1 {
		s, err := m.text(x)
		f.opset[s] = true
		return err
	}
	if x.num == 2 && len(f.opset) == 0 {
		f.opset[""] = true
	}
	return nil
}

var onnxDomains = []string{"", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training", "ai.onnx.preview", "com.microsoft"}

func (f *onnxFile) domainsKnown() {
	var names []string
	for d := range f.domains {
		names = append(names, d)
	}
	slices.Sort(names)
	for _, d := range names {
		own := slices.ContainsFunc(f.functionNames(), func(n string) bool { return strings.HasPrefix(n, d+"\x00") })
		if !slices.Contains(onnxDomains, d) && !own {
			f.w.find(f.it, "onnx/custom-domain", warn, "operators of the domain "+strconv.Quote(clip(d)), -1, "CWE-829")
		}
		if d == "ai.onnx" {
			d = ""
		}
		if !f.opset[d] && !(d == "" && (f.opset["ai.onnx"] || len(f.opset) > 0)) {
			f.w.find(f.it, "onnx/missing-opset", warn, "the model imports no operator set for "+strconv.Quote(clip(d)), -1)
		}
	}
}

func (f *onnxFile) functionNames() []string {
	var out []string
	for n := range f.functions {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func (f *onnxFile) graph(m *message, x field) error {
	switch x.num {
	case 1:
		return f.node(m, x)
	case 5:
		t, err := f.readTensor(m, x)
		if t.overflow {
			t.dims = math.MaxUint64
		}
		f.w.count(f.it, onnxNames[t.typ], t.dims)
		return err
	case 15: // SparseTensorProto: values, indices
		return f.nest(m, x, func(s *message, y field) error {
			if y.num == 1 || y.num == 2 {
				return f.tensor(s, y)
			}
			return nil
		})
	}
	return nil
}

// node looks at one operator and, through its attributes, at graphs inside it.
func (f *onnxFile) node(m *message, x field) error {
	var op, domain string
	err := f.nest(m, x, func(s *message, y field) (err error) {
		switch y.num {
		case 4:
			op, err = s.text(y)
		case 7:
			domain, err = s.text(y)
		case 5:
			err = f.nest(s, y, f.attribute)
		}
		return err
	})
	if len(f.domains) < 1000 {
		f.domains[domain] = true
	}
	if op == "PyOp" || op == "PythonOp" || op == "ATen" && domain == "org.pytorch.aten" {
		f.w.find(f.it, "onnx/python-op", block, op, x.off, "CWE-829")
	}
	if f.current != "" && len(f.functions[f.current]) < 10_000 {
		f.functions[f.current] = append(f.functions[f.current], domain+"\x00"+op)
	}
	return err
}

func (f *onnxFile) attribute(m *message, x field) error {
	switch x.num {
	case 5, 10:
		return f.tensor(m, x)
	case 6, 11:
		return f.nest(m, x, f.graph)
	case 22, 23:
		return f.nest(m, x, func(s *message, y field) error {
			if y.num == 1 || y.num == 2 {
				return f.tensor(s, y)
			}
			return nil
		})
	}
	return nil
}

func (f *onnxFile) function(m *message, x field) error {
	// The name comes first in what onnx writes; a function is collected under
	// whatever is known when its nodes come.
	var err error
	switch x.num {
	case 1:
		var s string
		s, err = m.text(x)
		f.current = "\x00" + s
		f.functions[f.current] = nil
	case 7:
		err = f.node(m, x)
	case 9:
		return f.nest(m, x, f.opsetImport)
	case 10:
		var s string
		s, err = m.text(x)
		old := f.functions[f.current]
		delete(f.functions, f.current)
		f.current = s + f.current
		f.functions[f.current] = old
		f.current = ""
	}
	return err
}

// cycles looks for local functions that call each other in a ring: readers
// that inline them run out of stack (GHSA-7w46-vvrh-m8q5).
func (f *onnxFile) cycles() {
	state := map[string]int{}
	var visit func(string) bool
	visit = func(n string) bool {
		if state[n] != 0 {
			return state[n] == 1
		}
		state[n] = 1
		for _, callee := range f.functions[n] {
			if _, ok := f.functions[callee]; ok && visit(callee) {
				return true
			}
		}
		state[n] = 2
		return false
	}
	for _, n := range f.functionNames() {
		if visit(n) {
			f.w.find(f.it, "onnx/function-cycle", block, "local functions call each other in a ring", -1, "CWE-674")
			return
		}
	}
}

// onnxBits is the size of an element by TensorProto.DataType; 0 is a string.
var onnxBits = map[uint64]uint64{1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 8: 0, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16, 17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8}

type onnxTensor struct {
	dims             uint64
	overflow, hasRaw bool
	typ, raw         uint64
	external         bool
	keys             map[string]string
}

func (f *onnxFile) tensor(m *message, x field) error {
	_, err := f.readTensor(m, x)
	return err
}

func (f *onnxFile) readTensor(m *message, x field) (onnxTensor, error) {
	t := onnxTensor{dims: 1, keys: map[string]string{}}
	err := f.nest(m, x, func(s *message, y field) error { return t.read(f, s, y) })
	if err != nil {
		return t, err
	}
	size, known := onnxBits[t.typ]
	hi, lo := bits.Mul64(t.dims, size)
	switch {
	case t.overflow || hi != 0:
		f.w.find(f.it, "onnx/shape-overflow", warn, "dimensions whose product overflows", x.off, "CWE-190")
		f.w.gap(f.it.path, "parse error: a tensor with impossible dimensions")
	case t.hasRaw && (!known || t.raw != (lo+7)/8):
		f.w.find(f.it, "onnx/raw-size", warn, fmt.Sprintf("a tensor of %d raw bytes for %d elements", t.raw, t.dims), x.off, "CWE-787")
		f.w.gap(f.it.path, "parse error: a tensor whose bytes do not fit its shape")
	}
	if t.external || len(t.keys) > 0 {
		f.external(t.keys, x.off)
	}
	return t, nil
}

func (t *onnxTensor) dim(n uint64) {
	hi, lo := bits.Mul64(t.dims, n)
	t.overflow = t.overflow || hi != 0 || n > 1<<62
	t.dims = lo
}

func (t *onnxTensor) read(f *onnxFile, s *message, y field) error {
	switch {
	case y.num == 1 && y.wire == 0:
		t.dim(y.n)
	case y.num == 1 && y.wire == 2:
		sub, err := s.sub(y)
		if err != nil {
			return err
		}
		for sub.r.pos < sub.r.it.size {
			n, err := sub.r.varint()
			if err != nil {
				return err
			}
			t.dim(n)
		}
	case y.num == 2:
		t.typ = y.n
	case y.num == 9:
		t.raw, t.hasRaw = y.n, true
	case y.num == 13:
		return f.nest(s, y, t.entry())
	case y.num == 14:
		t.external = y.n == 1
	}
	return nil
}

func (t *onnxTensor) entry() func(*message, field) error {
	key := ""
	return func(m *message, x field) error {
		s, err := m.text(x)
		if x.num == 1 {
			key = s
		}
		if x.num == 2 && len(t.keys) < 64 {
			t.keys[key] = s
		}
		return err
	}
}

// external holds the place of external data against onnx, docs/Security.md.
func (f *onnxFile) external(keys map[string]string, off int64) {
	loc := keys["location"]
	bad := func(what string) {
		f.w.find(f.it, "onnx/external-path", block, what+": "+strconv.Quote(clip(loc)), off, "CWE-22", "CVE-2022-25882", "CVE-2024-27318", "CVE-2025-51480")
	}
	slashed := strings.ReplaceAll(loc, "\\", "/")
	clean := path.Clean(slashed)
	switch {
	case loc == "":
		bad("external data without a place")
		return
	case strings.ContainsRune(loc, 0) || strings.HasPrefix(slashed, "/") || len(slashed) > 1 && slashed[1] == ':' || clean == ".." || strings.HasPrefix(clean, "../") || strings.Contains(slashed, "../"):
		bad("external data outside of the model's folder")
		return
	}
	for k := range keys {
		if !slices.Contains([]string{"location", "offset", "length", "checksum", "basepath"}, k) {
			f.w.find(f.it, "onnx/external-key", warn, "an unknown key about external data", off, "CWE-20")
		}
	}
	f.externalFile(path.Join(path.Dir(f.it.path), clean), keys, off)
}

// externalFile checks that the file is there, is no link, and is long enough.
func (f *onnxFile) externalFile(name string, keys map[string]string, off int64) {
	if f.w.fs == nil || strings.Contains(f.it.path, "!") {
		f.w.gap(f.it.path, "external data are not at hand: "+clip(keys["location"]))
		return
	}
	for dir := name; dir != "." && dir != "/"; dir = path.Dir(dir) {
		if st, err := fs.Lstat(f.w.fs, dir); err == nil && st.Mode()&fs.ModeSymlink != 0 {
			f.w.find(f.it, "onnx/external-link", block, "external data through a symbolic link: "+dir, off, "CWE-59", "CVE-2026-27489", "CVE-2026-34447")
			return
		}
	}
	st, err := fs.Stat(f.w.fs, name)
	if err != nil {
		f.w.gap(f.it.path, "external data are missing: "+clip(name))
		f.w.find(f.it, "onnx/external-missing", warn, name, off)
		return
	}
	start, _ := strconv.ParseUint(keys["offset"], 10, 62)
	length, _ := strconv.ParseUint(keys["length"], 10, 62)
	if start+length > uint64(st.Size()) {
		f.w.gap(f.it.path, "truncated external data: "+clip(name))
		f.w.find(f.it, "onnx/external-range", warn, fmt.Sprintf("%d bytes at %d of %s, which has %d", length, start, name, st.Size()), off, "CWE-125")
	}
	if f.w.external == nil {
		f.w.external = map[string]bool{}
	}
	f.w.external[name] = true
}
