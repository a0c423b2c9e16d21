// SPDX-License-Identifier: Apache-2.0

package fairness

import (
	"fmt"
	"math"
	"strings"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/internal/stats"
)

// report turns counts into measurements and findings.
type report struct {
	q     question
	scan  *modelvet.Scan
	small int
	tests map[string][]int // by metric, groups and wholes apart: which measurements carry a p value
	order []string
}

func join(attributes []string) string { return strings.Join(attributes, "×") }

func (r *report) find(id, severity, what string) {
	r.scan.Findings = append(r.scan.Findings, modelvet.Finding{ID: name + "/" + id, Path: r.q.t.Path, Severity: severity, What: what})
}

// add tells a number; one that is not defined becomes a finding, since a rule
// that needs it must know why it is not there.
func (r *report) add(metric string, n number, rows int, method string, slice map[string]string) bool {
	if !n.defined() {
		r.find("undefined", modelvet.SeverityInfo, metric+where(slice)+" is not defined: there is no row that it could rest on")
		return false
	}
	if r.q.t.Weight != "" && method != "" {
		method += ", kish"
	}
	m := modelvet.Measurement{Metric: name + "/" + metric, Value: n.value, N: rows, Slice: slice, Method: method}
	if low, high := n.low, n.high; method != "" {
		m.Low = &low
		if !math.IsInf(high, 0) {
			m.High = &high
		}
	}
	r.scan.Measurements = append(r.scan.Measurements, m)
	return true
}

func where(slice map[string]string) string {
	out := ""
	if a := slice["attribute"]; a != "" {
		out = " of " + a
	}
	if g := slice["group"]; g != "" {
		out += " = " + g
	}
	if g := slice["reference"]; g != "" {
		out += " against " + g
	}
	return out
}

// usable says whether the table has what a rate needs.
func (r *report) usable(s share) bool { return !s.labels || r.q.t.Label != "" }

func (r *report) overall(all group) {
	for _, s := range perGroup {
		if r.usable(s) {
			rate, n := all.rate(s.of, s.hit)
			r.add(s.name, wilson(rate), n, "wilson", nil)
		}
	}
	if r.q.t.Label == "" {
		return
	}
	r.entropy(all)
	r.unlabelled(all)
	r.polarity(all)
}

func (r *report) unlabelled(all group) {
	if _, n := all.rate(labelled, labelled); n < all.rows {
		r.find("empty-label", modelvet.SeverityWarn, fmt.Sprintf("the label is empty in %d of %d rows: they count for selection only", all.rows-n, all.rows))
	}
}

// polarity notices predictions that are right less often than their opposite
// would be, which is rarely a bad model and often an exchanged column.
func (r *report) polarity(all group) {
	right, n := all.rate(labelled, func(c cell) bool { return c.labelPos == c.predPos })
	if n > 0 && right.Value() < .5 {
		r.find("reversed-polarity", modelvet.SeverityWarn, fmt.Sprintf(
			"%s agrees with %s in %.4f of rows, its opposite in %.4f: is %q the positive value in both, and the right column named?",
			r.q.t.Prediction, r.q.t.Label, right.Value(), 1-right.Value(), r.q.positive))
	}
}

func (r *report) attribute(attributes []string, groups []group) {
	slice := func(kv ...string) map[string]string {
		out := map[string]string{"attribute": join(attributes)}
		for i := 0; i+1 < len(kv); i += 2 {
			out[kv[i]] = kv[i+1]
		}
		return out
	}
	chart := modelvet.Series{Name: name + "/selection_rate/" + join(attributes)}
	for _, g := range groups {
		if g.rows < r.small {
			r.find("small-group", modelvet.SeverityInfo, fmt.Sprintf("%s = %s has %d rows, fewer than %d", join(attributes), g.name, g.rows, r.small))
		}
		r.group(g, slice("group", g.name))
		rate, _ := g.rate(selectionRate.of, selectionRate.hit)
		if v := rate.Value(); !math.IsNaN(v) {
			chart.Labels, chart.Y = append(chart.Labels, g.name), append(chart.Y, v)
		}
	}
	r.scan.Series = append(r.scan.Series, chart)
	if len(groups) < 2 {
		r.find("one-group", modelvet.SeverityWarn, join(attributes)+" has one group only, "+groups[0].name+": there is nothing to compare")
		return
	}
	reference := largest(groups)
	for _, g := range groups {
		if g.name != reference.name {
			r.compare(g, reference, slice("group", g.name, "reference", reference.name))
		}
	}
	r.extremes(groups, slice())
}

// largest is the group with the most rows, the first by name among equals; the
// rows of whom nothing is known are no reference.
func largest(groups []group) group {
	best := groups[0]
	for _, g := range groups[1:] {
		if unknown := strings.Contains(best.name, Missing); !strings.Contains(g.name, Missing) && (g.rows > best.rows || unknown) {
			best = g
		}
	}
	return best
}

func (r *report) group(g group, slice map[string]string) {
	for _, s := range perGroup {
		if r.usable(s) {
			rate, n := g.rate(s.of, s.hit)
			r.add(s.name, wilson(rate), n, "wilson", slice)
		}
	}
	if r.q.calibrated() {
		n, rows := g.calibration()
		r.add("calibration_gap", n, rows, "normal", slice)
	}
}

// calibration is the mean of score minus truth: calibration in the large.
func (g group) calibration() (number, int) {
	var w, ww, gap, squared float64
	rows := 0
	for _, c := range g.cells {
		if c.labelled {
			rows, w, ww, gap, squared = rows+c.rows, w+c.weight, ww+c.squares, gap+c.gap, squared+c.gapSquared
		}
	}
	mean := gap / w
	variance := math.Max(0, squared/w-mean*mean)
	low, high := stats.Normal(mean, math.Sqrt(variance*ww)/w, stats.Z95)
	return number{mean, low, high}, rows
}

func (r *report) compare(g, ref group, slice map[string]string) {
	for _, d := range differences {
		if !r.usable(d.share) {
			continue
		}
		a, n := g.rate(d.of, d.hit)
		b, m := ref.rate(d.of, d.hit)
		p, test := stats.Independence(a, b)
		if r.add(d.metric, newcombe(a, b, stats.Z95), n+m, "newcombe; "+test+", holm", slice) {
			r.remember(p)
		}
	}
	for _, d := range ratios {
		if r.usable(d.share) {
			a, n := g.rate(d.of, d.hit)
			b, m := ref.rate(d.of, d.hit)
			r.add(d.metric, katz(a, b, stats.Z95), n+m, "katz", slice)
		}
	}
	if r.q.t.Label == "" {
		return
	}
	r.odds(g, ref, slice)
}

func (r *report) odds(g, ref group, slice map[string]string) {
	var both [][2]stats.Rate
	var plain [2]number
	for i, s := range []share{opportunity, fallout} {
		a, _ := g.rate(s.of, s.hit)
		b, _ := ref.rate(s.of, s.hit)
		both, plain[i] = append(both, [2]stats.Rate{a, b}), newcombe(a, b, stats.Z95)
	}
	_, n := g.rate(labelled, labelled)
	_, m := ref.rate(labelled, labelled)
	r.add("equalized_odds_difference", greatest(both), n+m, "newcombe, intersection-union", slice)
	r.add("average_odds_difference", averageOdds(plain[0], plain[1]), n+m, "newcombe, mover", slice)
}

// remember puts the p value of the last measurement into its family.
func (r *report) remember(p float64) {
	if math.IsNaN(p) {
		return
	}
	i := len(r.scan.Measurements) - 1
	m := &r.scan.Measurements[i]
	m.P = &p
	if r.tests == nil {
		r.tests = map[string][]int{}
	}
	family := m.Metric
	if m.Slice["group"] == "" {
		family += " of wholes"
	}
	if _, ok := r.tests[family]; !ok {
		r.order = append(r.order, family)
	}
	r.tests[family] = append(r.tests[family], i)
}

// adjust corrects the p values for their number: all comparisons of one metric
// with a reference are one family, its tests of attributes as wholes another.
func (r *report) adjust() {
	for _, metric := range r.order {
		family := r.tests[metric]
		raw := make([]float64, len(family))
		for i, at := range family {
			raw[i] = *r.scan.Measurements[at].P
		}
		for i, p := range stats.Holm(raw) {
			*r.scan.Measurements[family[i]].P = p
		}
	}
}

// extremes are the numbers of an attribute as a whole.
func (r *report) extremes(groups []group, slice map[string]string) {
	rates := func(s share) (out []stats.Rate, rows int) {
		for _, g := range groups {
			rate, n := g.rate(s.of, s.hit)
			out, rows = append(out, rate), rows+n
		}
		return out, rows
	}
	method, ratio := "newcombe, intersection-union", "katz, intersection-union"
	if len(groups) == 2 {
		method, ratio = "newcombe", "katz"
	}
	whole := func(metric string, n number, rows int, of []stats.Rate) {
		p, test := stats.Homogeneous(of)
		if r.add(metric, n, rows, method+"; "+test+", holm", slice) {
			r.remember(p)
		}
	}
	selected, n := rates(selectionRate)
	whole("demographic_parity_difference", spread(selected), n, selected)
	r.add("demographic_parity_ratio", smallestRatio(selected), n, ratio, slice)
	if r.q.t.Label == "" {
		return
	}
	chance, n := rates(opportunity)
	whole("equal_opportunity_difference", spread(chance), n, chance)
	r.add("equal_opportunity_ratio", smallestRatio(chance), n, ratio, slice)
	luck, m := rates(fallout)
	r.add("equalized_odds_difference", spread(chance, luck), n+m, "newcombe, intersection-union", slice)
	r.add("equalized_odds_ratio", smallestRatio(chance, luck), n+m, "katz, intersection-union", slice)
	right, n := rates(precision)
	whole("predictive_parity_difference", spread(right), n, right)
}
