// SPDX-License-Identifier: Apache-2.0

package explainability

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// usable: every attribution of the row is a number.
func usable(row []float64) bool {
	for _, v := range row[:len(row)-1] {
		if v != v {
			return false
		}
	}
	return true
}

// wholeness reports rows whose attributions are no numbers, and ids that occur
// twice: neither can be shown to the person concerned.
func (s *scan) wholeness(m *matrix) {
	bad := 0
	for _, row := range m.rows {
		if !usable(row) {
			bad++
		}
	}
	s.measure(rate("missing_rate", bad, len(m.rows)))
	if bad > 0 {
		s.find(modelvet.SeverityBlock, "attribution-missing", m.path, "%d of %d rows have an attribution that is missing or no finite number", bad, len(m.rows))
	}
	if s.table.ID == "" {
		return
	}
	if twice := len(m.ids) - len(m.byID()); twice > 0 {
		s.find(modelvet.SeverityWarn, "duplicate-id", m.path, "%d rows have the id of another", twice)
	}
}

// additivity: base value plus attributions must be the output (local accuracy
// in Lundberg and Lee, 2017; completeness in Sundararajan et al., 2017).
func (s *scan) additivity(m *matrix) {
	if s.table.BaseValue == nil || s.table.Output == "" {
		s.skip(m.path, "additivity was not checked: the table names no baseValue or no output column")
		return
	}
	worst, bad, n := 0.0, 0, 0
	for _, row := range m.rows {
		out := row[len(row)-1]
		if !usable(row) || out != out {
			continue
		}
		gap := math.Abs(sum(row[:len(row)-1]) + *s.table.BaseValue - out)
		if n++; gap > additivityTolerance*math.Max(1, math.Abs(out)) {
			bad++
		}
		worst = math.Max(worst, gap)
	}
	if n == 0 {
		s.skip(m.path, "additivity was not checked: no row has all of its attributions and an output")
		return
	}
	s.measure(modelvet.Measurement{Metric: "additivity_max_error", Value: worst, N: n, Method: "max |sum + base - output|"})
	s.measure(rate("additivity_violations", bad, n))
	if lost := len(m.rows) - n; lost > 0 {
		s.skip(m.path, "additivity was not checked for %d of %d rows: an attribution or the output is missing", lost, len(m.rows))
	}
	if bad > 0 {
		s.find(modelvet.SeverityBlock, "not-additive", m.path, "in %d of %d rows base value and attributions miss the output, by up to %.3g", bad, n, worst)
	}
}

func sum(v []float64) float64 {
	t := 0.0
	for _, x := range v {
		t += x
	}
	return t
}

// concentration measures how few features carry an explanation: the Gini index
// of |attribution| (Chalasani et al., 2020), its entropy in nats (Bhatt et
// al., 2020), and draws the mean |attribution| of the strongest features.
func (s *scan) concentration(m *matrix) {
	gini, entropy, n := 0.0, 0.0, 0
	for _, row := range m.rows {
		if g, h, ok := sparsity(row[:len(row)-1]); ok {
			gini, entropy, n = gini+g, entropy+h, n+1
		}
	}
	if n > 0 {
		s.measure(modelvet.Measurement{Metric: "gini", Value: gini / float64(n), N: n, Method: "mean over rows"})
		s.measure(modelvet.Measurement{Metric: "complexity", Value: entropy / float64(n), N: n, Method: "mean entropy over rows, nats"})
	}
	strength, _ := strengths(m)
	order := make([]int, len(strength))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(strength[b], strength[a]) })
	series := modelvet.Series{Name: "explainability/mean_absolute_attribution"}
	for _, i := range order[:min(20, len(order))] {
		series.Labels, series.Y = append(series.Labels, m.columns[i]), append(series.Y, strength[i])
	}
	s.result.Series = append(s.result.Series, series)
}

// sparsity is false for a row without a number or of zeros only.
func sparsity(phi []float64) (gini, entropy float64, ok bool) {
	abs, total := make([]float64, len(phi)), 0.0
	for i, v := range phi {
		abs[i] = math.Abs(v)
		total += abs[i]
	}
	if !(total > 0) {
		return 0, 0, false
	}
	slices.Sort(abs)
	n := float64(len(abs))
	for i, a := range abs {
		gini += (2*float64(i+1) - n - 1) * a / (n * total)
		if p := a / total; p > 0 {
			entropy -= p * math.Log(p)
		}
	}
	return gini, entropy, true
}

// strengths is the mean |attribution| of each feature over the usable rows.
func strengths(m *matrix) ([]float64, int) {
	out, n := make([]float64, len(m.columns)), 0
	for _, row := range m.rows {
		if !usable(row) {
			continue
		}
		n++
		for j := range out {
			out[j] += math.Abs(row[j])
		}
	}
	for j := range out {
		out[j] /= float64(max(n, 1))
	}
	return out, n
}

// protected is the share of all |attribution| that falls on features named
// after a protected attribute. A feature that only stands in for one (a proxy)
// is not counted: names are all there is to go by.
func (s *scan) protected(m *matrix) {
	strength, n := strengths(m)
	total := sum(strength)
	if attributes := s.attributes(); len(attributes) == 0 {
		s.skip(m.path, "the share of protected attributes was not measured: no table names one")
	} else if n > 0 && total > 0 {
		s.shares(m, attributes, strength, total, n)
	} else {
		s.skip(m.path, "the share of protected attributes was not measured: every attribution is 0 or missing")
	}
}

func (s *scan) shares(m *matrix, attributes []string, strength []float64, total float64, n int) {
	counted, all := map[int]bool{}, 0.0
	for _, a := range attributes {
		share := 0.0
		for j, c := range m.columns {
			if !named(c, a) {
				continue
			}
			if share += strength[j] / total; !counted[j] {
				counted[j], all = true, all+strength[j]/total
			}
		}
		s.measure(modelvet.Measurement{Metric: "protected_share", Value: share, N: n, Slice: map[string]string{"attribute": a}, Method: "features by name"})
	}
	s.measure(modelvet.Measurement{Metric: "protected_share", Value: all, N: n, Method: "features by name"})
}

// attributes is every protected attribute that any table names, sorted.
func (s *scan) attributes() []string {
	var out []string
	for _, t := range s.model.System.Tables {
		out = append(out, t.Protected...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// named: sex and sex_male, age_group and age.
func named(feature, attribute string) bool {
	f, a := strings.ToLower(feature), strings.ToLower(attribute)
	return f == a || strings.HasPrefix(f, a+"_") || strings.HasPrefix(a, f+"_")
}

// coverage: which of the predictions are explained at all.
func (s *scan) coverage(ctx context.Context, m *matrix) error {
	t, ok := s.model.System.Table("predictions")
	switch {
	case !ok:
		s.skip("modelvet.yaml", "the share of explained predictions was not measured: no table of kind predictions")
		return nil
	case t.ID == "" || s.table.ID == "":
		s.skip(t.Path, "the share of explained predictions was not measured: predictions or attributions name no id column")
		return nil
	case int64(len(m.rows)) < m.total:
		s.skip(t.Path, "the share of explained predictions was not measured: the attributions were sampled")
		return nil
	}
	tab, err := s.open(ctx, t)
	if err != nil {
		return err
	}
	defer tab.Close()
	ids, err := load(ctx, tab, t, nil, "")
	if err != nil {
		return err
	}
	explained, at := 0, m.byID()
	for _, id := range ids.ids {
		if _, ok := at[id]; ok {
			explained++
		}
	}
	s.read(t.Path)
	s.sampled(ids)
	s.measure(modelvet.Measurement{Metric: "coverage", Value: float64(explained) / float64(len(ids.ids)), N: len(ids.ids), Method: "share of prediction ids"})
	if explained < len(ids.ids) {
		s.find(modelvet.SeverityWarn, "not-explained", m.path, "%d of %d predictions have no attributions", len(ids.ids)-explained, len(ids.ids))
	}
	return nil
}

// rate is k of n with Wilson's 95 % interval (Wilson, 1927).
func rate(metric string, k, n int) modelvet.Measurement {
	const z = 1.959963984540054
	p, nn := float64(k)/float64(n), float64(n)
	d := 1 + z*z/nn
	centre := (p + z*z/(2*nn)) / d
	half := z / d * math.Sqrt(p*(1-p)/nn+z*z/(4*nn*nn))
	low, high := math.Max(0, centre-half), math.Min(1, centre+half)
	return modelvet.Measurement{Metric: metric, Value: p, Low: &low, High: &high, N: n, Method: "wilson"}
}
