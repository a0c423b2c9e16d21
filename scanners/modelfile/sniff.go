// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"bytes"
	"encoding/binary"
	"path"
	"slices"
	"strings"

	"github.com/modelvet/modelvet/scanners/modelfile/pickle"
)

// format is one kind of file: how it begins and who reads it.
type format struct {
	name  string
	is    func(head []byte, it item) bool
	parse func(w *walk, it item)
}

var formats []format

func init() { // the parsers refer to inspect, which refers to the table
	formats = []format{
		{"zip", magic("PK\x03\x04", "PK\x05\x06"), (*walk).zip},
		{"gzip", magic("\x1f\x8b"), (*walk).gzip},
		{"bzip2", isBzip2, (*walk).bzip2},
		{"npy", magic("\x93NUMPY"), (*walk).npy},
		{"hdf5", magic("\x89HDF\r\n\x1a\n"), (*walk).hdf5},
		{"gguf", magic("GGUF", "FUGG"), (*walk).gguf},
		{"xz", magic("\xfd7zXZ\x00"), unsupported("xz compression")},
		{"lzma", magic("\x5d\x00\x00"), unsupported("lzma compression")},
		{"zstd", magic("\x28\xb5\x2f\xfd"), unsupported("zstd compression")},
		{"lz4", magic("\x04\x22\x4d\x18"), unsupported("lz4 compression")},
		{"7z", magic("7z\xbc\xaf\x27\x1c"), unsupported("7z archive")},
		{"rar", magic("Rar!\x1a\x07"), unsupported("rar archive")},
		{"joblib-zf", magic("ZF0x"), unsupported("joblib's old ZF compression")},
		{"tflite", isTFLite, unsupported("TensorFlow Lite")},
		{"executable", isExecutable, (*walk).executable},
		{"tar", isTar, (*walk).tar},
		{"zlib", isZlib, (*walk).zlib},
		{"safetensors", isSafetensors, (*walk).safetensors},
		{"ubjson", isUBJSON, (*walk).ubjson},
		{"lightgbm", magic("tree\nversion="), (*walk).lightgbm},
		{"json", isJSON, (*walk).json},
		{"onnx", isONNX, (*walk).onnx},
		{"savedmodel", isSavedModel, (*walk).savedModel},
	}
}

func magic(starts ...string) func([]byte, item) bool {
	return func(head []byte, _ item) bool {
		return slices.ContainsFunc(starts, func(s string) bool { return bytes.HasPrefix(head, []byte(s)) })
	}
}

func unsupported(what string) func(*walk, item) {
	return func(w *walk, it item) {
		w.gap(it.path, "unsupported: "+what+": unpack or convert it before the scan")
		w.find(it, "modelfile/unsupported-format", warn, what, -1)
		w.hidden(it)
	}
}

func isBzip2(h []byte, _ item) bool {
	return len(h) > 10 && string(h[:3]) == "BZh" && h[3] >= '1' && h[3] <= '9' && string(h[4:10]) == "\x31\x41\x59\x26\x53\x59"
}

func isTFLite(h []byte, _ item) bool { return len(h) >= 8 && string(h[4:8]) == "TFL3" }

func isExecutable(h []byte, _ item) bool {
	if bytes.HasPrefix(h, []byte("MZ")) && len(h) > 0x40 {
		pe := int64(binary.LittleEndian.Uint32(h[0x3c:]))
		return bytes.HasPrefix(h, []byte("MZqFpD")) || pe+4 <= int64(len(h)) && string(h[pe:pe+4]) == "PE\x00\x00"
	}
	return magic("\x7fELF", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xca\xfe\xba\xbe")(h, item{})
}

func isTar(h []byte, _ item) bool { return len(h) >= 265 && string(h[257:262]) == "ustar" }

func isZlib(h []byte, _ item) bool {
	return len(h) > 2 && h[0]&0x0f == 8 && h[0]>>4 <= 7 && (int(h[0])<<8|int(h[1]))%31 == 0 && h[1]&0x20 == 0 && slices.Contains([]byte{0x01, 0x5e, 0x9c, 0xda}, h[1])
}

func isJSON(h []byte, _ item) bool {
	h = bytes.TrimLeft(bytes.TrimPrefix(h, []byte("\xef\xbb\xbf")), " \t\r\n")
	return len(h) > 0 && (h[0] == '{' || h[0] == '[')
}

func (w *walk) executable(it item) {
	w.find(it, "modelfile/executable", block, "a program or native library", 0, "CWE-829")
	w.gap(it.path, "unsupported: a program: its code is not read")
	w.hidden(it)
}

const sniffBytes = 4096

// inspect looks at one item: as a pickle, as what its content says, and for an
// archive at its end.
func (w *walk) inspect(it item) {
	if w.ctx.Err() != nil {
		w.gap(it.path, "stopped before it was read")
		return
	}
	if it.depth > w.budget.Depth {
		w.gap(it.path, "over budget: nested too deep")
		w.find(it, "modelfile/nesting", warn, "archives inside archives, deeper than allowed", -1, "CWE-409")
		return
	}
	head, err := readAll(it, 0, min(it.size, sniffBytes))
	if err != nil {
		w.gap(it.path, err.Error())
		return
	}
	if it.size == 0 {
		w.empty(it)
		return
	}
	w.dispatch(it, head)
}

func (w *walk) empty(it item) {
	if it.weight || pickleName(it.path) {
		w.gap(it.path, "empty: nothing to look at")
		w.find(it, "modelfile/empty", warn, "an empty file", -1)
	}
}

func (w *walk) dispatch(it item, head []byte) {
	isPickle := pickle.Probe(w.ctx, it.r, it.size)
	if isPickle {
		w.pickle(it)
	}
	if it.torch && it.storage != 0 {
		if !isPickle {
			w.rawStorage(it)
		}
		return
	}
	if ext := strings.ToLower(path.Ext(it.path)); !isPickle && templateExtensions[ext] {
		w.template(it)
		return
	}
	for _, f := range formats {
		if f.is(head, it) {
			f.parse(w, it)
			w.tail(it, f.name)
			return
		}
	}
	if !isPickle {
		w.other(it)
	}
	w.tail(it, "")
}

var pickleExtensions = map[string]bool{".pkl": true, ".pickle": true, ".joblib": true, ".p": true, ".pk": true, ".dill": true, ".pt": true, ".pth": true, ".ckpt": true}

func pickleName(name string) bool { return pickleExtensions[strings.ToLower(path.Ext(name))] }

// other is a file of no known format.
func (w *walk) other(it item) {
	if w.external[it.path] {
		return // numbers that an ONNX model refers to
	}
	ok, err := w.isText(it)
	switch {
	case err != nil:
		w.broken(it, "modelfile", err)
	case ok && !it.weight && !pickleName(it.path):
		w.yaml(it)
	case pickleName(it.path):
		w.pickle(it)
	default:
		w.unknown(it)
	}
}

func (w *walk) unknown(it item) {
	w.gap(it.path, "unknown format")
	w.find(it, "modelfile/unknown-format", warn, "a file whose format is not known", -1)
	w.hidden(it)
}

// tail looks for a zip archive behind other content: zip readers begin at the
// end, so that one file is two.
func (w *walk) tail(it item, name string) {
	if name == "zip" || it.again {
		return
	}
	if _, ok := findEnd(it); ok {
		w.find(it, "zip/polyglot", warn, "a zip archive behind other content", -1, "CWE-646")
		it.again = true
		w.zip(it)
	}
}
