// SPDX-License-Identifier: Apache-2.0

package fairness

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
)

const (
	proxyBins   = 10  // of a number, of equal frequency
	proxyValues = 200 // of a feature of names, at most
	proxyRows   = 1_000_000
)

// proxies measures how well each feature of the training data tells the
// protected attributes: Cramér's V, corrected for bias (Bergsma 2013), from 0
// (nothing) to 1 (all), and how much oftener than by the commonest group alone
// the group is guessed right (Goodman and Kruskal's lambda). Numbers are cut
// into ten parts by their rank. A feature that tells an attribute lets a model
// treat groups differently without seeing the attribute.
func proxies(ctx context.Context, m modelvet.Model, scan *modelvet.Scan) (err error) {
	t, ok := m.System.Table("training")
	if !ok || len(t.Protected) == 0 {
		return nil
	}
	tab, err := dataset.Open(ctx, m.Dir, t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tab.Close()) }()
	r := &report{q: newQuestion(tab, t), scan: scan}
	for _, feature := range features(t, tab) {
		for _, a := range r.q.attributes {
			if a == feature {
				continue
			}
			if err := r.proxy(ctx, feature, a); err != nil {
				return fmt.Errorf("%s: column %q: %w", t.Path, feature, err)
			}
		}
	}
	r.adjust()
	scan.Coverage.Read = append(scan.Coverage.Read, tab.Files()...)
	return nil
}

// features are the columns that the model is given.
func features(t modelvet.Table, tab *dataset.Table) (out []string) {
	if len(t.Features) > 0 {
		return t.Features
	}
	for _, c := range tab.Columns() {
		other := []string{t.ID, t.Label, t.Prediction, t.Score, t.Weight, t.Output, t.Time, t.Split}
		if !slices.Contains(slices.Concat(other, t.Protected, t.Text, t.Embedding), c.Name) {
			out = append(out, c.Name)
		}
	}
	return out
}

func (r *report) proxy(ctx context.Context, feature, attribute string) error {
	table, n, err := r.contingency(ctx, feature, attribute)
	if err != nil || len(table) < 2 {
		return err
	}
	slice := map[string]string{"attribute": attribute, "feature": feature}
	v, p, lambda := association(table, n)
	if math.IsNaN(v) {
		return nil
	}
	if r.add("proxy_association", only(v), int(n), "", slice) {
		r.scan.Measurements[len(r.scan.Measurements)-1].Method = "cramer's v, bias-corrected; chi-square, holm"
		r.remember(p)
	}
	if r.add("proxy_gain", only(lambda), int(n), "", slice) {
		r.scan.Measurements[len(r.scan.Measurements)-1].Method = "goodman-kruskal lambda"
	}
	return nil
}

// contingency counts the rows of each part of the feature (outer) and group.
func (r *report) contingency(ctx context.Context, feature, attribute string) (out map[string]map[string]float64, n float64, err error) {
	c, _ := r.q.tab.Column(feature)
	part := r.q.tab.TextOf("f", c.Type)
	if quantity(c.Type) {
		part = fmt.Sprintf("CASE WHEN v <= %d THEN %s ELSE CAST(CAST(floor(q * %d) AS BIGINT) AS VARCHAR) END", proxyBins, part, proxyBins)
	}
	// The number of values is found by dense ranks, the part of a number by its rank.
	from := fmt.Sprintf(`SELECT f, g, max(d) OVER () AS v, q FROM (SELECT %[1]s AS f, %[2]s AS g, dense_rank() OVER (ORDER BY %[1]s) AS d,
		percent_rank() OVER (ORDER BY %[1]s) AS q FROM (SELECT * FROM t LIMIT %[3]d) u WHERE %[1]s IS NOT NULL AND %[2]s IS NOT NULL) o`, dataset.Ident(feature), r.q.tab.Text(attribute), proxyRows)
	rows, err := r.q.tab.Query(ctx, fmt.Sprintf("SELECT %s AS part, g, count(*) FROM (%s) z GROUP BY 1, 2 ORDER BY 1, 2 LIMIT %d", part, from, proxyValues*50))
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	out = map[string]map[string]float64{}
	for rows.Next() {
		var f, g sql.NullString
		var k float64
		if err := rows.Scan(&f, &g, &k); err != nil {
			return nil, 0, err
		}
		if out[f.String] == nil {
			out[f.String] = map[string]float64{}
		}
		out[f.String][g.String], n = k, n+k
	}
	if len(out) > proxyValues { // names of rows, not of kinds
		return nil, 0, rows.Err()
	}
	return out, n, r.q.tab.Explain(rows.Err())
}

func quantity(sqlType string) bool {
	switch sqlType {
	case "VARCHAR", "BOOLEAN", "DATE":
		return false
	}
	return true
}

// association is Cramér's V with the correction of Bergsma (2013), the p value of
// the chi-square test and Goodman and Kruskal's lambda.
func association(table map[string]map[string]float64, n float64) (v, p, lambda float64) {
	parts, groups := map[string]float64{}, map[string]float64{}
	var right float64
	for f, row := range table {
		var most float64
		for g, k := range row {
			parts[f], groups[g], most = parts[f]+k, groups[g]+k, math.Max(most, k)
		}
		right += most
	}
	rows, columns := float64(len(parts)), float64(len(groups))
	if rows < 2 || columns < 2 || n < 2 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	var x, most float64
	for _, g := range sorted(groups) {
		most = math.Max(most, groups[g])
		for _, f := range sorted(parts) {
			e := parts[f] * groups[g] / n
			d := table[f][g] - e
			x += d * d / e
		}
	}
	phi := math.Max(0, x/n-(rows-1)*(columns-1)/(n-1))
	r, c := rows-(rows-1)*(rows-1)/(n-1), columns-(columns-1)*(columns-1)/(n-1)
	v = math.Min(1, math.Sqrt(phi/math.Max(1e-12, math.Min(r-1, c-1))))
	return v, distuv.ChiSquared{K: (rows - 1) * (columns - 1)}.Survival(x), (right - most) / (n - most)
}

func sorted(m map[string]float64) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
