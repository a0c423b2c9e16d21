// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"errors"
	"path"
	"strings"
)

// tensorflowFile reads a SavedModel or GraphDef. Source: tensorflow,
// core/protobuf/{saved_model,meta_graph}.proto, core/framework/{graph,function,node_def}.proto.
type tensorflowFile struct {
	w  *walk
	it item
}

var (
	savedModelShape = map[uint64]byte{1: 0, 2: 2}
	graphShape      = map[uint64]byte{1: 2, 2: 2, 3: 0, 4: 2, 5: 2}
)

func isSavedModel(h []byte, it item) bool {
	ext := strings.ToLower(path.Ext(it.path))
	if len(h) < 4 || ext != ".pb" && ext != ".meta" && h[0] != 0x08 && h[0] != 0x0a {
		return false
	}
	if ext == ".pb" || ext == ".meta" {
		return true
	}
	return shapeOf(it, savedModelShape, 1, 2)
}

func (w *walk) savedModel(it item) {
	f := &tensorflowFile{w, it}
	m := newMessage(it)
	var err error
	switch {
	case shapeOf(it, savedModelShape, 2):
		err = m.each(func(x field) error {
			if x.num == 2 {
				return f.nest(m, x, f.meta)
			}
			return nil
		})
	case shapeOf(it, graphShape, 1) && !strings.EqualFold(path.Ext(it.path), ".meta"):
		err = m.each(func(x field) error { return f.graph(m, x) })
	default:
		err = m.each(func(x field) error { return f.meta(m, x) })
		if err == nil {
			err = errors.New("neither a SavedModel nor a graph")
		}
	}
	if err != nil {
		w.broken(it, "tensorflow", err)
		w.hidden(it)
	}
}

func (f *tensorflowFile) nest(m *message, x field, visit func(*message, field) error) error {
	if err := f.w.ctx.Err(); err != nil {
		return err
	}
	sub, err := m.sub(x)
	if err != nil {
		return err
	}
	return sub.each(func(y field) error { return visit(sub, y) })
}

func (f *tensorflowFile) meta(m *message, x field) error {
	if x.num == 2 && x.wire == 2 {
		return f.nest(m, x, f.graph)
	}
	return nil
}

func (f *tensorflowFile) graph(m *message, x field) error {
	switch {
	case x.num == 1 && x.wire == 2:
		return f.nest(m, x, f.node())
	case x.num == 2 && x.wire == 2: // the library of functions
		return f.nest(m, x, func(lib *message, fn field) error {
			if fn.num != 1 {
				return nil
			}
			return f.nest(lib, fn, func(d *message, n field) error {
				if n.num == 3 && n.wire == 2 {
					return f.nest(d, n, f.node())
				}
				return nil
			})
		})
	}
	return nil
}

var tensorflowDanger = map[string]bool{
	"ReadFile": true, "WriteFile": true, "PyFunc": true, "PyFuncStateless": true, "EagerPyFunc": true, "PyCall": true, "ShellExecute": true,
	"MergeV2Checkpoints": true, "LoadAndRemapMatrix": true, "LoadLibrary": true, "LoadRuntime": true,
}

var tensorflowNotable = map[string]bool{"MatchingFiles": true, "Save": true, "SaveSlices": true, "WholeFileReader": true, "WholeFileReaderV2": true, "TextLineReader": true}

func (f *tensorflowFile) node() func(*message, field) error {
	return func(m *message, x field) error {
		if x.num != 2 {
			return nil
		}
		op, err := m.text(x)
		if tensorflowDanger[op] {
			f.w.find(f.it, "tensorflow/unsafe-op", block, op, -1, "CWE-829")
		} else if tensorflowNotable[op] {
			f.w.find(f.it, "tensorflow/file-op", info, op, -1)
		}
		return err
	}
}
