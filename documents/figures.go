// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Figure is a number that a document declares for a metric.
type Figure struct {
	Metric    string            `json:"metric"`            // "performance/accuracy"
	Value     float64           `json:"value"`             // a share between 0 and 1 where it was written in per cent
	Text      string            `json:"text"`              // as written
	Slice     map[string]string `json:"slice,omitempty"`   // exact, in a form; found, in a table
	Row       string            `json:"row,omitempty"`     // the first cell of the table's row, which names the slice
	Dataset   string            `json:"dataset,omitempty"` // of a model-index
	Line      int               `json:"line,omitempty"`
	Tolerance float64           `json:"tolerance"` // half of the last digit written, or as declared
	Exact     bool              `json:"-"`         // the metric is named by its id, not by a word of the language
}

// namedBy is a metric and the words under which it goes.
type namedBy struct {
	metric string
	words  *regexp.Regexp
}

// terms are compiled when the first text is read: together they take a quarter
// of the time in which a command that reads none should have ended.
var terms = sync.OnceValue(func() []namedBy {
	return []namedBy{
		{"performance/balanced_accuracy", term(`balanced[ _-]accuracy`)},
		{"fairness/accuracy_difference", term(`accuracy[ _-]difference`)},
		{"performance/accuracy", term(`accuracy|acc`)},
		{"performance/roc_auc", term(`au[- ]?roc|roc[ _-]?auc|area under the roc curve|auc`)},
		{"performance/average_precision", term(`average[ _-]precision|au[- ]?prc|pr[ _-]auc`)},
		{"fairness/predictive_parity_difference", term(`predictive[ _-]parity[ _-]difference`)},
		{"performance/precision", term(`precision`)},
		{"performance/recall", term(`recall|sensitivity`)},
		{"performance/specificity", term(`specificity`)},
		{"performance/f1", term(`f1(?:[ _-]score)?`)},
		{"performance/log_loss", term(`log[ _-]?loss|cross[ _-]entropy`)},
		{"performance/brier", term(`brier(?:[ _-]score)?`)},
		{"performance/expected_calibration_error", term(`expected[ _-]calibration[ _-]error|ece`)},
		{"performance/rmse", term(`rmse|root mean squared? error`)},
		{"performance/mae", term(`mae|mean absolute error`)},
		{"performance/r2", term(`r2|r²|r-squared`)},
		{"fairness/demographic_parity_difference", term(`(?:demographic[ _-]|statistical[ _-])?parity[ _-]difference`)},
		{"fairness/demographic_parity_ratio", term(`(?:demographic[ _-])?parity[ _-]ratio|disparate[ _-]impact(?:[ _-]ratio)?|impact[ _-]ratio`)},
		{"fairness/equal_opportunity_difference", term(`equal[ _-]opportunity[ _-]difference`)},
		{"fairness/equalized_odds_difference", term(`equali[sz]ed[ _-]odds[ _-]difference`)},
		{"fairness/average_odds_difference", term(`average[ _-]odds[ _-]difference`)},
		{"fairness/false_positive_rate_difference", term(`(?:false[ _-]positive[ _-]rate|fpr)[ _-]difference`)},
		{"fairness/false_negative_rate_difference", term(`(?:false[ _-]negative[ _-]rate|fnr)[ _-]difference`)},
		{"fairness/false_positive_rate", term(`false[ _-]positive[ _-]rate|fpr`)},
		{"fairness/false_negative_rate", term(`false[ _-]negative[ _-]rate|fnr`)},
		{"fairness/selection_rate", term(`selection[ _-]rate`)},
		{"fairness/base_rate", term(`base[ _-]rate`)},
	}
})

func term(words string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|[^\pL\pN])(` + words + `)([^\pL\pN]|$)`)
}

// byID accepts a metric written as modelvet writes it.
var byID = regexp.MustCompile(`(^|[\s` + "`" + `|])([a-z]+/[a-z0-9_]+)`)

// metricIn finds the metric that a piece of text names last, and where its name
// ends; "" when it names none. Of two names that end together the longer one
// counts: "balanced accuracy" is no accuracy.
func metricIn(text string) (metric string, end int) {
	length := 0
	take := func(name string, at []int) {
		if start, stop := at[4], at[5]; stop > end || stop == end && stop-start > length {
			metric, end, length = name, stop, stop-start
		}
	}
	for _, at := range byID.FindAllStringSubmatchIndex(text, -1) {
		if name := text[at[4]:at[5]]; strings.HasPrefix(name, "performance/") || strings.HasPrefix(name, "fairness/") {
			take(name, at)
		}
	}
	for _, t := range terms() {
		for _, at := range t.words.FindAllStringSubmatchIndex(text, -1) {
			take(t.metric, at)
		}
	}
	return metric, end
}

// numeral is a number as people write it: sign, digits, decimals, per cent.
var numeral = regexp.MustCompile(`[-−–+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?(?:\s?%)?`)

// parseNumber reads a numeral; scale is 1/100 for per cent.
func parseNumber(s string) (value, scale float64, ok bool) {
	s = strings.NewReplacer("−", "-", "–", "-", ",", ".", " ", "", " ", "").Replace(strings.TrimSpace(s))
	scale = 1
	if rest, percent := strings.CutSuffix(s, "%"); percent {
		s, scale = strings.TrimSpace(rest), 0.01
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, 0, false
	}
	return v * scale, scale, true
}

// halfDigit is half a unit of the last digit written: the most by which honest
// rounding moves a number.
func halfDigit(text string, scale float64) float64 {
	text = strings.NewReplacer("%", "", " ", "", ",", ".").Replace(text)
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(text), "e")
	places := 0
	if _, decimals, ok := strings.Cut(mantissa, "."); ok {
		places = len(decimals)
	}
	if scientific {
		if e, err := strconv.Atoi(exponent); err == nil {
			places -= e
		}
	}
	return 0.5 * math.Pow(10, -float64(min(max(places, -30), 30))) * scale
}

func figure(metric, text string, line int) (Figure, bool) {
	v, scale, ok := parseNumber(text)
	if !ok {
		return Figure{}, false
	}
	return Figure{Metric: metric, Value: v, Text: strings.TrimSpace(text), Line: line, Tolerance: halfDigit(text, scale)}, true
}

// gap is the most that may stand between the name of a metric and its number.
const gap = 40

// between is what may stand there: no other sentence, no other clause with a number.
var between = regexp.MustCompile(`^[^.;\n]{0,40}$|^\s*\.?\s*$`)

// figuresInProse reads "accuracy 0.76, AUROC of 0.789": each number goes with
// the metric that is named just before it. It also counts the decimals and
// percentages that name no metric.
func figuresInProse(text string, line int) (figs []Figure, unread int) {
	for i, row := range strings.Split(text, "\n") {
		last := 0
		for _, at := range numeral.FindAllStringIndex(row, -1) {
			word := row[at[0]:at[1]]
			if partOfWord(row, at) {
				continue
			}
			before := row[last:at[0]]
			last = at[1]
			metric, end := metricIn(before)
			decimal := strings.ContainsAny(word, ".%")
			switch {
			case bound(before, row[at[1]:]):
			case metric != "" && decimal && len(before)-end <= gap && between.MatchString(before[end:]) && !interval(before):
				if f, ok := figure(metric, word, line+i); ok {
					figs = append(figs, f)
				}
			case decimal && !interval(before):
				unread++
			}
		}
	}
	return figs, unread
}

// limits are the words by which a number is a limit that somebody set, or the
// level of an interval, and no figure of this model.
var (
	limitBefore = regexp.MustCompile(`(?i)(\b(below|above|under|over|least|most|exceeds?|than|limit|threshold|minimum|maximum|target|floor|until|falls? to|of 1 -)|[<>≤≥])[^.;|]{0,12}$`)
	limitAfter  = regexp.MustCompile(`(?i)^\s*(confidence|interval|bound|ci\b|level|quantile|percentile)`)
)

func bound(before, after string) bool {
	return limitBefore.MatchString(before) || limitAfter.MatchString(after)
}

// interval tells that a number is a bound and not a value: "[0.1" or "0.1 to".
func interval(before string) bool {
	t := strings.TrimSpace(before)
	return strings.HasSuffix(t, "[") || t == "," && strings.HasPrefix(before, ",") || t == "," || t == ";" || t == "to" || strings.HasSuffix(t, "±")
}

// partOfWord tells a number that belongs to a name or a version: F1, v0.3, 3.2.0.
func partOfWord(row string, at []int) bool {
	after := row[at[1]:]
	if strings.HasPrefix(after, ".") {
		after = after[1:]
		return len(after) > 0 && after[0] >= '0' && after[0] <= '9' || at[0] > 0 && isWordByte(row[at[0]-1])
	}
	return at[0] > 0 && isWordByte(row[at[0]-1]) || len(after) > 0 && isWordByte(after[0])
}

func isWordByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '/' || b == '.' || b >= 0x80
}

// describe names a figure for a person.
func (f Figure) describe() string {
	out := f.Metric + " = " + f.Text
	if f.Row != "" {
		out += " (" + f.Row + ")"
	}
	if len(f.Slice) > 0 {
		var parts []string
		for k, v := range f.Slice {
			parts = append(parts, k+"="+v)
		}
		slices.Sort(parts)
		out += fmt.Sprintf(" (%s)", strings.Join(parts, ", "))
	}
	return out
}
