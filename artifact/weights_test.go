// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

func safetensors(header string) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(b, header...)
}

// ggufFile is a model of one tensor of 4096 x 32000, as Q4_K_M.
func ggufFile() []byte {
	text := func(b []byte, s string) []byte {
		return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
	}
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("GGUF"), 3)
	b = le.AppendUint64(b, 1)
	b = le.AppendUint64(b, 3)
	b = text(le.AppendUint32(text(b, "general.architecture"), 8), "llama")
	b = le.AppendUint32(le.AppendUint32(text(b, "general.file_type"), 4), 15)
	b = le.AppendUint64(le.AppendUint32(le.AppendUint32(text(b, "tokenizer.ggml.tokens"), 9), 8), 2)
	b = text(text(b, "a"), "b")
	b = le.AppendUint32(text(b, "token_embd.weight"), 2)
	b = le.AppendUint64(le.AppendUint64(b, 4096), 32000)
	return le.AppendUint64(le.AppendUint32(b, 12), 0)
}

// onnxFile is a model with one float initializer of 3 x 5.
func onnxFile() []byte {
	field := func(n byte, b []byte) []byte { return append([]byte{n<<3 | 2, byte(len(b))}, b...) }
	tensor := append([]byte{1 << 3, 3, 1 << 3, 5, 2 << 3, 1}, field(9, make([]byte, 60))...)
	graph := append(field(1, []byte("node")), field(5, tensor)...)
	return append([]byte{1 << 3, 8}, field(7, graph)...)
}

const xgboostFile = `{"learner":{"gradient_booster":{"model":{"gbtree_model_param":{"num_parallel_tree":"1","num_trees":"2"},` +
	`"trees":[{"tree_param":{"num_nodes":"3"}},{"tree_param":{"num_nodes":"5"}}]},"name":"gbtree"},"objective":{"name":"binary:logistic"}},"version":[2,1,0]}`

func TestHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		content []byte
		want    Weights
	}{
		"a.safetensors": {safetensors(`{"__metadata__":{"format":"pt"},"x":{"dtype":"BF16","shape":[10,20],"data_offsets":[0,400]},"y":{"dtype":"F32","shape":[],"data_offsets":[400,404]}}`),
			Weights{Format: "safetensors", Parameters: 201, Tensors: 2, Precision: "bfloat16"}},
		"a.gguf": {ggufFile(), Weights{Format: "gguf", Architecture: "llama", Parameters: 4096 * 32000, Tensors: 1, Quantization: "q4_k_m"}},
		"a.onnx": {onnxFile(), Weights{Format: "onnx", Parameters: 15, Tensors: 1, Precision: "float32"}},
		"a.json": {[]byte(xgboostFile), Weights{Format: "xgboost-json", Architecture: "gbtree", Parameters: 8, Tensors: 2}},
		"b.json": {[]byte(`{"a":[1,{"b":2}]}`), Weights{Format: "json"}},
		"a.pkl":  {nil, Weights{Format: "pkl"}},
	} {
		c.want.Path = name
		if got := readWeights(name, int64(len(c.content)), bytes.NewReader(c.content)); got != c.want {
			t.Errorf("got  %+v\nwant %+v", got, c.want)
		}
	}
}

// A header that is cut anywhere, or lies about a size, is a problem and never a
// smaller model.
func TestBadHeaders(t *testing.T) {
	for name, content := range map[string][]byte{"a.safetensors": safetensors(`{"x":{"dtype":"F32","shape":[2]}}`), "a.gguf": ggufFile(), "a.json": []byte(xgboostFile)} {
		for n := range content {
			if w := readWeights(name, int64(n), bytes.NewReader(content[:n])); w.Problem == "" {
				t.Errorf("%s cut to %d bytes: %+v", name, n, w)
			}
		}
	}
	huge := fmt.Sprintf(`{"x":{"dtype":"F32","shape":[%d,%d]}}`, uint64(1)<<63, 16)
	for name, content := range map[string][]byte{
		"a.safetensors": safetensors(huge), "b.safetensors": binary.LittleEndian.AppendUint64(nil, 1<<62), "c.safetensors": safetensors("[]"),
		"a.gguf": []byte("GGML\x03\x00\x00\x00"), "b.gguf": append([]byte("GGUF\x03\x00\x00\x00"), bytes.Repeat([]byte{0xff}, 16)...),
		"a.onnx": {7<<3 | 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, "a.json": []byte(strings.Repeat("[", 1000)),
	} {
		if w := readWeights(name, 10, bytes.NewReader(content)); w.Problem == "" || w.Parameters != 0 {
			t.Errorf("%s: %+v", name, w)
		}
	}
	if w := readWeights("a.onnx", maxTree+1, strings.NewReader("")); !strings.Contains(w.Problem, "not read") {
		t.Errorf("%+v", w)
	}
}

func TestParamSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1500: "1.5k", 124_439_808: "124.4m", 7_000_000_000: "7b", 8_030_261_248: "8b", 1_000_000_000_000: "1t"} {
		if got := paramSize(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add("a.safetensors", safetensors(`{"x":{"dtype":"F32","shape":[2]}}`))
	f.Add("a.gguf", ggufFile())
	f.Add("a.onnx", onnxFile())
	f.Add("a.json", []byte(xgboostFile))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		w := readWeights(name, int64(len(content)), bytes.NewReader(content))
		if w.Parameters < 0 || w.Tensors < 0 || w.Problem != "" && w.Parameters != 0 {
			t.Errorf("%+v", w)
		}
	})
}
