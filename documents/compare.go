// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// What a comparison comes to.
const (
	Agrees      = "agrees"
	Differs     = "differs"
	NotMeasured = "not-measured"
)

// Comparison is a declared figure beside the measured one.
type Comparison struct {
	Figure
	State    string   `json:"state"`
	Measured *float64 `json:"measured,omitempty"` // the nearest that may be meant
	Reason   string   `json:"reason,omitempty"`
}

// epsilon forgives the last bits of floating point arithmetic, no more.
const epsilon = 1e-9

// Compare sets every figure of a document against what was measured. Where a
// table's row does not say which group it is about, a figure agrees with any
// measurement that its words allow, so that only a number which nothing
// measured can be "differs".
func (d Document) Compare(scans []modelvet.Scan) []Comparison {
	out := make([]Comparison, 0, len(d.Figures))
	for _, f := range d.Figures {
		out = append(out, f.compare(meant(f, scans)))
	}
	return out
}

func (f Figure) compare(candidates []modelvet.Measurement) Comparison {
	c := Comparison{Figure: f, State: NotMeasured}
	if len(candidates) == 0 {
		c.Reason = "nothing measured it"
		return c
	}
	near := slices.MinFunc(candidates, func(a, b modelvet.Measurement) int {
		return compareFloats(math.Abs(a.Value-f.Value), math.Abs(b.Value-f.Value))
	})
	c.Measured, c.State = &near.Value, Agrees
	if diff := math.Abs(near.Value - f.Value); !(diff <= f.Tolerance+epsilon) {
		c.State = Differs
		c.Reason = fmt.Sprintf("measured %.6g; differs by %.3g, and at most %.3g is rounding", near.Value, diff, f.Tolerance)
	}
	return c
}

func compareFloats(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// meant are the measurements that a figure can mean.
func meant(f Figure, scans []modelvet.Scan) []modelvet.Measurement {
	var out []modelvet.Measurement
	for _, s := range scans {
		for _, m := range s.Measurements {
			if m.Metric == f.Metric && f.names(m.Slice) {
				out = append(out, m)
			}
		}
	}
	return out
}

// names tells whether a figure can be about this slice: the whole, unless it
// says something else.
func (f Figure) names(slice map[string]string) bool {
	if f.Exact || len(f.Slice) > 0 {
		return sameSlice(f.Slice, slice)
	}
	if len(slice) == 0 {
		return f.Row == "" || !comparisonRow(f.Row)
	}
	if f.Row == "" {
		return false
	}
	return rowNames(f.Row, slice)
}

func sameSlice(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || v != w {
			return false
		}
	}
	return true
}

func comparisonRow(row string) bool {
	return strings.Contains(row, " against ") || strings.Contains(row, " vs")
}

// rowNames tells whether the words of a table's row name the group of a slice,
// and its reference where the row compares two.
func rowNames(row string, slice map[string]string) bool {
	group, reference, _ := strings.Cut(strings.NewReplacer(" vs. ", " against ", " vs ", " against ", " versus ", " against ").Replace(row), " against ")
	ref, compares := slice["reference"]
	if comparisonRow(row) != compares {
		return false
	}
	if g, ok := slice["group"]; ok {
		return hasWord(group, g) && (!compares || hasWord(reference, ref))
	}
	return hasWord(row, slice["attribute"])
}

// hasWord finds a group's name as a word of its own: "male" is not in "female".
func hasWord(text, word string) bool {
	if word == "" {
		return false
	}
	text, word = strings.ToLower(text), strings.ToLower(word)
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(word)
		if (start == 0 || !isWordByte(text[start-1])) && (end == len(text) || !isWordByte(text[end])) {
			return true
		}
		from = start + 1
	}
}
