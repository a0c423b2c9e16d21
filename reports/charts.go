// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/modelvet/modelvet"
)

const (
	chartWidth = 170.0
	maxBars    = 16 // in one picture; the table below it has all
	maxCharts  = 8  // of bars, for one scanner; the other numbers are in a table
)

// panel is one scanner's part of a report: its pictures and numbers.
type panel struct {
	Scan   modelvet.Scan
	Title  string
	Charts []chart
	Single []modelvet.Measurement // measurements without a picture
}

// chart is a picture and the numbers it is drawn from.
type chart struct {
	scene
	Rows   []modelvet.Measurement
	Series *modelvet.Series
}

var scannerTitles = map[string]string{
	"fairness": "Fairness", "performance": "Performance", "poisoning": "Data poisoning", "explainability": "Explainability",
	"modelfile": "Model files", "drift": "Drift", "privacy": "Privacy", "robustness": "Robustness", "quality": "Data quality", "documents": "Documents",
}

// counted are the scanners whose numbers are counts of things that have no
// order to compare: a table says more than a picture.
var counted = []string{"documents", "modelfile"}

// painter draws the charts of one report.
type painter struct {
	speech
	bounds map[string]threshold
}

// scannerOrder is the order in which people ask; other scanners follow.
var scannerOrder = []string{"modelfile", "fairness", "performance", "robustness", "drift", "poisoning", "explainability", "privacy", "quality", "documents"}

func panels(v view) []panel {
	var out []panel
	for _, s := range v.Scans {
		p := panel{Scan: s, Title: v.t("Scanner without a name")}
		if s.Scanner != "" {
			p.Title = s.Scanner
		}
		if title := scannerTitles[s.Scanner]; title != "" {
			p.Title = v.t(title)
		}
		p.draw(painter{v.speech, v.bounds}, byMetric(s.Measurements), s.Series)
		out = append(out, p)
	}
	place := func(p panel) int {
		if i := slices.Index(scannerOrder, p.Scan.Scanner); i >= 0 {
			return i
		}
		return len(scannerOrder)
	}
	slices.SortStableFunc(out, func(a, b panel) int { return cmp.Compare(place(a), place(b)) })
	return out
}

// draw makes a picture of the metrics that compare slices, the telling ones
// first, and of the series; a series of a metric already drawn is left out.
func (p *panel) draw(by painter, groups [][]modelvet.Measurement, series []modelvet.Series) {
	drawn := map[string]bool{}
	for _, telling := range []bool{true, false} {
		for _, rows := range groups {
			if m := rows[0].Metric; len(rows) > 1 && !slices.Contains(counted, p.Scan.Scanner) && plottable(rows) && !flatLine(rows) && isTelling(m) == telling && len(drawn) < maxCharts {
				drawn[m] = true
			}
		}
	}
	for _, rows := range groups {
		if drawn[rows[0].Metric] {
			p.Charts = append(p.Charts, by.bars(rows))
		} else {
			p.Single = append(p.Single, rows...)
		}
	}
	for _, s := range series {
		parts := strings.SplitN(s.Name, "/", 3)
		if len(parts) == 3 && drawn[parts[0]+"/"+parts[1]] {
			continue
		}
		if c, ok := by.curve(s); ok {
			p.Charts = append(p.Charts, c)
		}
	}
}

// isTelling says that a metric is a comparison, or the rate that people ask for first.
func isTelling(metric string) bool {
	for _, end := range []string{"_difference", "_ratio", "selection_rate"} {
		if strings.HasSuffix(metric, end) {
			return true
		}
	}
	return false
}

// byMetric groups measurements by metric, in the order in which they come.
func byMetric(list []modelvet.Measurement) [][]modelvet.Measurement {
	at := map[string]int{}
	var out [][]modelvet.Measurement
	for _, m := range list {
		i, ok := at[m.Metric]
		if !ok {
			i = len(out)
			at[m.Metric] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], m)
	}
	return out
}

// finite says that a value can be drawn: a number, and none beyond all scales.
func finite(v float64) bool { return math.Abs(v) < 1e12 }

// flatLine says that a picture would show nothing but zeros.
func flatLine(rows []modelvet.Measurement) bool {
	return !slices.ContainsFunc(rows, func(m modelvet.Measurement) bool { return math.Abs(m.Value) > 1e-9 })
}

func plottable(rows []modelvet.Measurement) bool {
	for _, m := range rows {
		if !finite(m.Value) || m.Low != nil && !finite(*m.Low) || m.High != nil && !finite(*m.High) {
			return false
		}
	}
	return true
}

// metricName makes "fairness/selection_rate" "Selection rate".
func metricName(metric string) string {
	_, name, ok := strings.Cut(metric, "/")
	if !ok {
		name = metric
	}
	name = strings.ReplaceAll(visible(name), "_", " ")
	words := strings.Fields(name)
	for i, w := range words {
		if slices.Contains([]string{"roc", "auc", "psi", "ece", "pr", "shap"}, w) {
			words[i] = strings.ToUpper(w)
		}
	}
	name = strings.Join(words, " ")
	if name == "" {
		return "unnamed metric"
	}
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

// axis maps values to millimetres.
type axis struct{ lo, hi, step, from, to float64 }

func (a axis) at(v float64) float64 { return a.from + (v-a.lo)/(a.hi-a.lo)*(a.to-a.from) }

// newAxis has round ticks and always holds zero when bars stand on it.
func newAxis(lo, hi, from, to float64) axis {
	if hi <= lo {
		hi = lo + 1
	}
	raw := (hi - lo) / 5
	step := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, f := range []float64{1, 2, 2.5, 5, 10} {
		if f*step >= raw {
			step *= f
			break
		}
	}
	return axis{lo: math.Floor(lo/step+1e-9) * step, hi: math.Ceil(hi/step-1e-9) * step, step: step, from: from, to: to}
}

func (a axis) ticks() []float64 {
	var out []float64
	for i := 0; i < 50; i++ {
		v := a.lo + float64(i)*a.step
		if v > a.hi+a.step/1000 {
			break
		}
		out = append(out, math.Round(v*1e9)/1e9)
	}
	return out
}

// tick writes an axis label, shorter than a measured number.
func tick(v float64) string {
	return strings.Replace(fmt.Sprintf("%.4g", v), "-", "−", 1)
}

// bars draws one metric over its slices: a bar from zero, a whisker for the
// interval, n beside the label, and the line of the policy's threshold. A
// ratio without one is held to the four-fifths line, which is nobody's limit.
func (p painter) bars(rows []modelvet.Measurement) chart {
	all := rows
	if len(rows) > maxBars { // the longest bars say most
		rows = slices.Clone(rows)
		slices.SortStableFunc(rows, func(a, b modelvet.Measurement) int { return cmp.Compare(math.Abs(b.Value), math.Abs(a.Value)) })
		rows = rows[:maxBars]
	}
	limit, note, bounded := p.lineFor(rows[0].Metric)
	lo, hi := extent(rows)
	if bounded {
		for _, v := range limit.lines() {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	if strings.HasSuffix(rows[0].Metric, "_ratio") {
		hi = max(hi, 1)
	}
	const left, right, row = 56.0, 32.0, 6.8
	s := scene{W: chartWidth, H: 8 + row*float64(len(rows)) + 9, Title: metricName(rows[0].Metric), Desc: p.describe(rows, note)}
	a := newAxis(lo, hi, left, chartWidth-right)
	bottom := 8 + row*float64(len(rows))
	for _, v := range a.ticks() {
		s.line("rule", 0.15, false, a.at(v), 6, a.at(v), bottom)
		s.text(a.at(v), bottom+4, "middle", "muted", tick(v))
	}
	for i, m := range rows {
		color, word := "accent", ""
		if bounded {
			color, word = limit.against(m)
		}
		s.bar(a, m, 8+row*float64(i), left, color, p.words(word), p.t("all"))
	}
	s.line("muted", 0.3, false, a.at(0), 6, a.at(0), bottom)
	if bounded {
		for _, v := range limit.lines() {
			s.line("ink", 0.4, true, a.at(v), 5, a.at(v), bottom)
		}
		s.text(a.at(limit.value), 3.8, "middle", "ink", note).Bold = true
	}
	foot := p.t("whiskers: 95 % interval")
	if limit.name != "" {
		foot += "; " + p.t("dashed: limit of the policy")
	}
	s.text(left, bottom+8, "start", "muted", foot+p.more(len(all)-len(rows))).Max = chartWidth - left
	return chart{scene: s, Rows: all}
}

// lineFor is the line that a metric is held to, and its label.
func (p painter) lineFor(metric string) (threshold, string, bool) {
	if b, ok := p.bounds[metric]; ok {
		return b, p.t("limit %s", b.label()), true
	}
	if strings.HasSuffix(metric, "_ratio") {
		return threshold{value: 0.8}, p.t("four-fifths line 0.8"), true
	}
	return threshold{}, "", false
}

// words is a verdict about an interval, in the report's language.
func (p painter) words(verdict string) string {
	if verdict == "" {
		return ""
	}
	return p.t(verdict)
}

func (p painter) more(n int) string {
	if n <= 0 {
		return ""
	}
	return "; " + p.t("%d more in the table", n)
}

func extent(rows []modelvet.Measurement) (lo, hi float64) {
	for _, m := range rows {
		lo, hi = min(lo, m.Value), max(hi, m.Value)
		if m.Low != nil && m.High != nil {
			lo, hi = min(lo, *m.Low), max(hi, *m.High)
		}
	}
	return lo, hi
}

func (s *scene) bar(a axis, m modelvet.Measurement, y, left float64, color, word, whole string) {
	x0, x1 := a.at(0), a.at(m.Value)
	s.rect(min(x0, x1), y+1, math.Abs(x1-x0), 4.4, color)
	if m.Low != nil && m.High != nil {
		l, h, mid := a.at(*m.Low), a.at(*m.High), y+3.2
		s.line("white", 1.1, false, l, mid, h, mid) // a halo, so that the whisker shows on the bar
		s.line("ink", 0.4, false, l, mid, h, mid)
		s.line("ink", 0.4, false, l, mid-1.2, l, mid+1.2)
		s.line("ink", 0.4, false, h, mid-1.2, h, mid+1.2)
	}
	label := fit(or(slice(m.Slice), whole), left-16, 2.9)
	s.text(left-2, y+4.2, "end", "ink", fmt.Sprintf("%s (n=%d)", label, m.N)).Max = left - 2
	s.text(a.to+3, y+4.2, "start", color, strings.TrimSpace(number(m.Value)+" "+word)).Bold = true // at most 28 mm: number bounds it
}

func (p painter) describe(rows []modelvet.Measurement, note string) string {
	var out []string
	for _, m := range rows {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", or(slice(m.Slice), p.t("all")), number(m.Value), interval(m))))
	}
	if note != "" {
		out = append(out, note)
	}
	return p.t("Bar chart: %s: %s.", metricName(rows[0].Metric), strings.Join(out, "; "))
}
