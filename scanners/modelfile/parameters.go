// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"maps"
	"math/bits"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// stored is the numbers of one precision in one file.
type stored struct{ path, precision string }

// held is how many numbers there are, in how many tensors.
type held struct {
	numbers uint64
	tensors int
	over    bool
}

// count adds a tensor to what the file holds. It counts numbers as they are
// stored: eight four-bit numbers packed into one int32 are one.
func (w *walk) count(it item, precision string, numbers uint64) {
	if w.stored == nil {
		w.stored = map[stored]held{}
	}
	key := stored{it.path, precision}
	t := w.stored[key]
	sum, carry := bits.Add64(t.numbers, numbers, 0)
	w.stored[key] = held{sum, t.tensors + 1, t.over || carry != 0 || numbers > 1<<62}
}

// uncount forgets a file whose header turned out to be broken: a part of it
// must not look like the whole.
func (w *walk) uncount(it item) {
	maps.DeleteFunc(w.stored, func(s stored, _ held) bool { return s.path == it.path })
}

// parameters are the numbers in the tensors of each file, by precision, for the
// formats whose header tells: safetensors, GGUF and the initialisers of ONNX.
func (w *walk) parameters() []modelvet.Measurement {
	out := []modelvet.Measurement{}
	keys := slices.SortedFunc(maps.Keys(w.stored), func(a, b stored) int {
		return strings.Compare(a.path+"\x00"+a.precision, b.path+"\x00"+b.precision)
	})
	for _, k := range keys {
		t := w.stored[k]
		if t.over {
			continue
		}
		out = append(out, modelvet.Measurement{Metric: "modelfile/parameters", Value: float64(t.numbers), N: t.tensors,
			Slice: map[string]string{"path": k.path, "precision": k.precision}, Method: "file header"})
	}
	return out
}

// safetensorsNames are the precisions as people write them (safetensors, tensor.rs).
var safetensorsNames = map[string]string{"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16",
	"I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8"}

// onnxNames are those of TensorProto.DataType (onnx.proto3).
var onnxNames = map[uint64]string{1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16", 11: "float64",
	12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16", 17: "float8_e4m3fn", 18: "float8_e4m3fnuz", 19: "float8_e5m2",
	20: "float8_e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4_e2m1", 24: "float8_e8m0"}

// ggmlNames are those of ggml_type (ggml.h).
var ggmlNames = map[uint32]string{0: "float32", 1: "float16", 2: "q4_0", 3: "q4_1", 6: "q5_0", 7: "q5_1", 8: "q8_0", 9: "q8_1", 10: "q2_k", 11: "q3_k",
	12: "q4_k", 13: "q5_k", 14: "q6_k", 15: "q8_k", 16: "iq2_xxs", 17: "iq2_xs", 18: "iq3_xxs", 19: "iq1_s", 20: "iq4_nl", 21: "iq3_s", 22: "iq2_s",
	23: "iq4_xs", 24: "int8", 25: "int16", 26: "int32", 27: "int64", 28: "float64", 29: "iq1_m", 30: "bfloat16", 34: "tq1_0", 35: "tq2_0", 39: "mxfp4"}
