// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"math"
	"strings"

	"github.com/modelvet/modelvet"
)

// threshold is a bound of the policy as it is drawn beside a measured number.
type threshold struct {
	name  string // "performance.roc_auc_min"
	value float64
	most  bool // at most; otherwise at least
	both  bool // of a difference: in either direction
}

// boundMetrics are the metrics of the bounds whose names do not tell them.
var boundMetrics = map[string]string{
	"performance.calibration_error_max":    "performance/expected_calibration_error",
	"performance.group_accuracy_min":       "performance/accuracy",
	"quality.minority_class_min":           "quality/minority_class_share",
	"explainability.additivity_error_max":  "explainability/additivity_max_error",
	"explainability.recomputed_error_max":  "explainability/recomputed_max_error",
	"poisoning.conflicting_duplicates_max": "poisoning/conflicting_duplicates",
}

// bounds are the thresholds that judged, by the metric that they hold. Those
// of results count where the decision holds no set.
func bounds(d modelvet.Decision) map[string]threshold {
	values := map[string]float64{}
	for _, r := range d.Results {
		for name, v := range r.Thresholds {
			values[name] = v
		}
	}
	if d.Thresholds != nil {
		for name, v := range d.Thresholds.Values {
			values[name] = v
		}
	}
	out := map[string]threshold{}
	for _, name := range sortedKeys(values) {
		stem, most := strings.CutSuffix(name, "_max")
		if !most {
			var least bool
			if stem, least = strings.CutSuffix(name, "_min"); !least {
				continue
			}
		}
		if !finite(values[name]) {
			continue
		}
		metric := or(boundMetrics[name], strings.Replace(stem, ".", "/", 1))
		out[metric] = threshold{name: name, value: values[name], most: most, both: most && strings.HasSuffix(metric, "_difference")}
	}
	return out
}

// lines are the values at which a bound is drawn.
func (b threshold) lines() []float64 {
	if b.both {
		return []float64{-b.value, b.value}
	}
	return []float64{b.value}
}

// label is "≤ 0.2".
func (b threshold) label() string {
	switch {
	case b.both:
		return "± " + number(b.value)
	case b.most:
		return "≤ " + number(b.value)
	}
	return "≥ " + number(b.value)
}

// against says on which side of a bound an interval lies; one that crosses it
// decides nothing.
func (b threshold) against(m modelvet.Measurement) (color, word string) {
	low, high := m.Value, m.Value
	if m.Low != nil && m.High != nil {
		low, high = *m.Low, *m.High
	}
	if b.both {
		least := math.Min(math.Abs(low), math.Abs(high))
		if low <= 0 && high >= 0 {
			least = 0
		}
		low, high = least, math.Max(math.Abs(low), math.Abs(high))
	}
	switch {
	case b.most && high <= b.value, !b.most && low >= b.value:
		return good, "within"
	case b.most && low > b.value, !b.most && high < b.value:
		return bad, "beyond"
	}
	return warn, "undecided"
}
