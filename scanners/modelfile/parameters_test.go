// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

// parametersOf is "precision" to "numbers in tensors" of a file.
func parametersOf(t *testing.T, name, content string) map[string]string {
	t.Helper()
	s, err := Scanner{}.ScanFile(t.Context(), name, strings.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, m := range s.Measurements {
		if m.Metric == "modelfile/parameters" {
			if m.Slice["path"] != name {
				t.Errorf("a measurement of %q", m.Slice["path"])
			}
			out[m.Slice["precision"]] = fmt.Sprintf("%g in %d", m.Value, m.N)
		}
	}
	return out
}

func TestParametersAreCountedByPrecision(t *testing.T) {
	header := `{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"F32","shape":[],"data_offsets":[24,28]},"c":{"dtype":"BF16","shape":[4],"data_offsets":[28,36]}}`
	for name, c := range map[string]struct {
		content string
		want    map[string]string
	}{
		"m.safetensors":       {safetensorsOf(header, strings.Repeat("x", 36)), map[string]string{"float32": "7 in 2", "bfloat16": "4 in 1"}},
		"cut.safetensors":     {safetensorsOf(header, strings.Repeat("x", 35)), map[string]string{}},
		"overlap.safetensors": {safetensorsOf(strings.Replace(header, "[24,28]", "[0,4]", 1), strings.Repeat("x", 36)), map[string]string{}},
		"m.gguf":              {ggufOf("k", "v", 0), map[string]string{"float32": "4 in 1"}},
		"cut.gguf":            {ggufOf("k", "v", 32), map[string]string{}},
		"m.onnx":              {onnxModelOf(pb(5, pbInt(1, 3)+pbInt(1, 5)+pbInt(2, 1)+pb(9, strings.Repeat("x", 60)))), map[string]string{"float32": "15 in 1"}},
		"huge.onnx":           {onnxModelOf(pb(5, pbInt(1, 1<<62)+pbInt(1, 5)+pbInt(2, 1))), map[string]string{}},
	} {
		if got := parametersOf(t, name, c.content); !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, expected %v", name, got, c.want)
		}
	}
}
