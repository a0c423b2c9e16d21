// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ggufTypes names the values of general.file_type (ggml-org/ggml, docs/gguf.md
// and enum llama_ftype).
var ggufTypes = map[uint64]string{
	0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L",
	14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS",
	24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16",
}

// ggufSizes are the bytes of the fixed-size value types; 8 is a string, 9 an array.
var ggufSizes = map[uint32]int64{0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}

const (
	ggufString, ggufArray = 8, 9
	maxGGUFString         = 1 << 20
	maxGGUFItems          = 1 << 24
)

type gguf struct {
	r   *bufio.Reader
	err error
}

func (g *gguf) u32() (v uint32) {
	if g.err == nil {
		g.err = binary.Read(g.r, binary.LittleEndian, &v)
	}
	return v
}

func (g *gguf) u64() (v uint64) {
	if g.err == nil {
		g.err = binary.Read(g.r, binary.LittleEndian, &v)
	}
	return v
}

func (g *gguf) skip(n int64) {
	if g.err == nil {
		_, g.err = io.CopyN(io.Discard, g.r, n)
	}
}

func (g *gguf) text() string {
	n := g.u64()
	if g.err == nil && n > maxGGUFString {
		g.err = fmt.Errorf("a string claims %d bytes", n)
	}
	if g.err != nil {
		return ""
	}
	b := make([]byte, n)
	_, g.err = io.ReadFull(g.r, b)
	return string(b)
}

// count reads a number of things that follow.
func (g *gguf) count(what string) int {
	n := g.u64()
	if g.err == nil && n > maxGGUFItems {
		g.err = fmt.Errorf("it claims %d %s", n, what)
	}
	return int(min(n, maxGGUFItems))
}

// value reads strings and the integers of file types; all others are skipped.
func (g *gguf) value(kind uint32) (text string, n uint64) {
	switch {
	case kind == ggufString:
		return g.text(), 0
	case kind == ggufArray:
		g.array()
	case kind == 4:
		return "", uint64(g.u32())
	case ggufSizes[kind] > 0:
		g.skip(ggufSizes[kind])
	case g.err == nil:
		g.err = fmt.Errorf("value type %d is not known", kind)
	}
	return "", 0
}

func (g *gguf) array() {
	kind := g.u32()
	n := g.count("items in an array")
	if size := ggufSizes[kind]; size > 0 {
		g.skip(size * int64(n))
		return
	}
	if g.err == nil && kind != ggufString {
		g.err = fmt.Errorf("an array of value type %d is not known", kind)
	}
	for i := 0; i < n && g.err == nil; i++ {
		g.text()
	}
}

// readGGUF reads the key-value pairs and the tensor descriptions.
func readGGUF(r *bufio.Reader, w *Weights) error {
	w.Format = "gguf"
	magic := make([]byte, 4)
	if _, err := io.ReadFull(r, magic); err != nil {
		return err
	}
	if string(magic) != "GGUF" {
		return errors.New("it does not begin with GGUF")
	}
	g := &gguf{r: r}
	if v := g.u32(); g.err == nil && (v < 2 || v > 3) {
		return fmt.Errorf("version %d is not known (big-endian files are not read)", v)
	}
	w.Tensors = g.count("tensors")
	pairs := g.count("key-value pairs")
	for i := 0; i < pairs && g.err == nil; i++ {
		g.pair(w)
	}
	var count tally
	for i := 0; i < w.Tensors && g.err == nil; i++ {
		g.tensor(&count)
	}
	w.Parameters = count.total
	return g.err
}

func (g *gguf) pair(w *Weights) {
	key := g.text()
	text, n := g.value(g.u32())
	switch key {
	case "general.architecture":
		w.Architecture = text
	case "general.file_type":
		switch name := ggufTypes[n]; {
		case n == 0 || n == 1 || n == 32:
			w.Precision = map[string]string{"F32": "float32", "F16": "float16", "BF16": "bfloat16"}[name]
		default:
			w.Quantization = strings.ToLower(name)
		}
	}
}

func (g *gguf) tensor(count *tally) {
	g.text()
	n := g.u32()
	if g.err == nil && n > 8 {
		g.err = fmt.Errorf("a tensor claims %d dimensions", n)
	}
	if g.err != nil {
		return
	}
	dims := make([]uint64, n)
	for i := range dims {
		dims[i] = g.u64()
	}
	g.u32()
	g.u64()
	if g.err == nil {
		g.err = count.add("", dims)
	}
}
