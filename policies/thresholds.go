// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strings"
)

const thresholdsFile = "thresholds.json"

// Threshold is a number that a policy file may give, and that rules compare
// measurements with.
type Threshold struct {
	Description string  `json:"description"`
	Minimum     float64 `json:"minimum"`
	Maximum     float64 `json:"maximum"`
	Example     float64 `json:"example"`
}

// Thresholds are the numbers that a policy file may give, by name.
func (e *Engine) Thresholds() map[string]Threshold { return maps.Clone(e.thresholds) }

func readThresholds(fsys fs.FS) (map[string]Threshold, error) {
	b, err := fs.ReadFile(fsys, thresholdsFile)
	if err != nil {
		return nil, fmt.Errorf("reading the thresholds: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var out map[string]Threshold
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("reading %s: %w", thresholdsFile, err)
	}
	return out, nil
}

// CheckThresholds says what is wrong with the thresholds of a policy file: one
// that no rule knows, one that is no number, one that is out of its range.
func (e *Engine) CheckThresholds(given map[string]any) error {
	_, err := e.checkThresholds(given)
	return err
}

// checkThresholds takes the numbers of a stage, each known, finite and in its
// range, as the nested object that rules read: AREA, then NAME.
func (e *Engine) checkThresholds(given map[string]any) (map[string]any, error) {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		known, ok := e.thresholds[name]
		if !ok {
			return nil, fmt.Errorf("threshold %s: no rule knows it; there are %s", name, strings.Join(slices.Sorted(maps.Keys(e.thresholds)), ", "))
		}
		v, ok := number(given[name])
		if !ok {
			return nil, fmt.Errorf("threshold %s: %v is no number", name, given[name])
		}
		if v < known.Minimum || v > known.Maximum {
			return nil, fmt.Errorf("threshold %s: %v is outside %v to %v", name, v, known.Minimum, known.Maximum)
		}
		area, short, _ := strings.Cut(name, ".")
		if out[area] == nil {
			out[area] = map[string]any{}
		}
		out[area].(map[string]any)[short] = v
	}
	return out, nil
}

func number(v any) (float64, bool) {
	var f float64
	switch n := v.(type) {
	case float64:
		f = n
	case int:
		f = float64(n)
	case int64:
		f = float64(n)
	case json.Number:
		var err error
		if f, err = n.Float64(); err != nil {
			return 0, false
		}
	default:
		return 0, false
	}
	return f, !math.IsNaN(f) && !math.IsInf(f, 0)
}
