// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"path"
	"strconv"
	"strings"
)

// Weights is what the header of a weight file says about it. It describes; it
// is no check of the file, and the scanners do not rely on it.
type Weights struct {
	Path         string `json:"path"`
	Format       string `json:"format,omitempty"`
	Architecture string `json:"architecture,omitempty"`
	Parameters   int64  `json:"parameters,omitempty"` // numbers in all tensors; for trees, nodes
	Tensors      int    `json:"tensors,omitempty"`    // for tree models, trees
	Precision    string `json:"precision,omitempty"`  // of most of the parameters
	Quantization string `json:"quantization,omitempty"`
	Problem      string `json:"problem,omitempty"` // why the header was not understood
}

const (
	// maxHeader bounds how much of a file is read for its header; safetensors
	// allows 100 MB.
	maxHeader = 100 << 20
	// maxTree bounds JSON and ONNX models, whose header is all of the file.
	maxTree = 64 << 20
)

// headerReaders knows the formats that say something about themselves.
var headerReaders = map[string]func(*bufio.Reader, *Weights) error{
	".safetensors": readSafetensors,
	".gguf":        readGGUF,
	".onnx":        readONNX,
	".json":        readXGBoost,
}

// readWeights never fails: a header that is not understood is a Problem.
func readWeights(p string, size int64, r io.Reader) Weights {
	w := Weights{Path: p}
	ext := strings.ToLower(path.Ext(p))
	read, ok := headerReaders[ext]
	limit := int64(maxHeader)
	if ext == ".json" || ext == ".onnx" {
		limit = maxTree
	}
	switch {
	case !ok:
		w.Format = strings.TrimPrefix(ext, ".")
	case size > limit && limit == maxTree:
		w.Format, w.Problem = strings.TrimPrefix(ext, "."), fmt.Sprintf("not read: the file has more than %d bytes", limit)
	default:
		if err := read(bufio.NewReaderSize(io.LimitReader(r, limit), 64<<10), &w); err != nil {
			w = Weights{Path: p, Format: strings.TrimPrefix(ext, "."), Problem: truncated(err).Error()}
		}
	}
	return w
}

func truncated(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file ends within its header")
	}
	return err
}

var errHuge = errors.New("the header claims more parameters than there can be")

// tally counts parameters by precision.
type tally struct {
	by    map[string]int64
	total int64
}

func (t *tally) add(precision string, dims []uint64) error {
	n := uint64(1)
	for _, d := range dims {
		over, low := bits.Mul64(n, d)
		if over != 0 || low > 1<<55 {
			return errHuge
		}
		n = low
	}
	if t.by == nil {
		t.by = map[string]int64{}
	}
	t.by[precision] += int64(n)
	if t.total += int64(n); t.total > 1<<56 {
		return errHuge
	}
	return nil
}

func (t *tally) most() string {
	best := ""
	for p, n := range t.by {
		if best == "" || n > t.by[best] || n == t.by[best] && p < best {
			best = p
		}
	}
	return best
}

var safetensorsPrecision = map[string]string{
	"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "F8_E4M3": "float8_e4m3", "F8_E5M2": "float8_e5m2",
	"I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8", "U16": "uint16", "U32": "uint32", "U64": "uint64", "BOOL": "bool",
}

// readSafetensors reads the JSON header: one tensor after another, so that a
// large one is never in memory whole.
func readSafetensors(r *bufio.Reader, w *Weights) error {
	w.Format = "safetensors"
	var n uint64
	if err := binary.Read(r, binary.LittleEndian, &n); err != nil {
		return err
	}
	if n > maxHeader {
		return fmt.Errorf("the header claims %d bytes, at most %d are allowed", n, maxHeader)
	}
	d := json.NewDecoder(io.LimitReader(r, int64(n)))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(errors.New("the header is not a JSON object"), err)
	}
	var count tally
	for d.More() {
		if err := readTensor(d, w, &count); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	w.Parameters, w.Precision = count.total, count.most()
	return nil
}

func readTensor(d *json.Decoder, w *Weights, count *tally) error {
	key, err := d.Token()
	if err != nil {
		return err
	}
	if key == "__metadata__" {
		return walkJSON(d, "", 0, func(string, json.Token) {})
	}
	var t struct {
		Dtype string   `json:"dtype"`
		Shape []uint64 `json:"shape"`
	}
	if err := d.Decode(&t); err != nil {
		return fmt.Errorf("tensor %v: %w", key, err)
	}
	precision, ok := safetensorsPrecision[t.Dtype]
	if !ok {
		precision = strings.ToLower(t.Dtype)
	}
	w.Tensors++
	return count.add(precision, t.Shape)
}

// readXGBoost reads XGBoost's own JSON format (XGBoost documentation,
// "Introduction to Model IO"), token by token.
func readXGBoost(r *bufio.Reader, w *Weights) error {
	d := json.NewDecoder(r)
	d.UseNumber()
	known := false
	err := walkJSON(d, "", 0, func(at string, v json.Token) {
		switch at {
		case "/learner/gradient_booster/name":
			w.Architecture, _ = v.(string)
			known = true
		case "/learner/gradient_booster/model/gbtree_model_param/num_trees", "/learner/gradient_booster/gbtree/model/gbtree_model_param/num_trees":
			w.Tensors = int(number(v))
		case "/learner/gradient_booster/model/trees/tree_param/num_nodes", "/learner/gradient_booster/gbtree/model/trees/tree_param/num_nodes":
			w.Parameters += number(v)
		}
	})
	if err != nil {
		return err
	}
	if w.Format = "json"; known {
		w.Format = "xgboost-json"
	}
	return nil
}

func number(v json.Token) int64 {
	n, err := strconv.ParseInt(fmt.Sprint(v), 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// walkJSON calls visit for every scalar, with the keys that lead to it; the
// items of an array have its path. Below the sixth key paths are of no use.
func walkJSON(d *json.Decoder, at string, depth int, visit func(string, json.Token)) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	if depth > 64 {
		return errors.New("nested deeper than 64")
	}
	delim, ok := t.(json.Delim)
	if !ok {
		visit(at, t)
		return nil
	}
	for d.More() {
		next := at
		if delim == '{' {
			key, err := d.Token()
			if err != nil {
				return err
			}
			if len(at) < 200 {
				next = at + "/" + fmt.Sprint(key)
			}
		}
		if err := walkJSON(d, next, depth+1, visit); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// paramSize writes a count as the ModelPack configuration wants it: 8b, 350m.
func paramSize(n int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{1e12, "t"}, {1e9, "b"}, {1e6, "m"}, {1e3, "k"}} {
		if n >= u.size {
			return strconv.FormatFloat(float64(n/(u.size/10))/10, 'f', -1, 64) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}
