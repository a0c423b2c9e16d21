// SPDX-License-Identifier: Apache-2.0

package fairness

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
	"github.com/modelvet/modelvet/scanners/internal/stats"
)

// excludable is the share of the data below which a category may be left out of
// the impact ratios (6 RCNY 5-301(d)); it is told with its number and rate.
const excludable = .02

// category is one group of a bias audit.
type category struct {
	name         string
	rows, chosen int
}

// audit makes the tables of New York City Local Law 144 (6 RCNY 5-301): by sex,
// by race or ethnicity and by both, the number of people, the selection rate and
// the impact ratio against the category most selected. Where the table names no
// prediction, the rate is the scoring rate: the share above the median score of
// all. Weights do not count, and people whose category is unknown are told as a
// number and are in no ratio.
func (q question) audit(ctx context.Context, scan *modelvet.Scan) error {
	a := q.t.BiasAudit
	if a == nil {
		return nil
	}
	chosen, name, err := q.chosen(ctx)
	if err != nil {
		return err
	}
	cells, err := q.categories(ctx, chosen)
	if err != nil {
		return err
	}
	for _, by := range [][]int{{0}, {1}, {0, 1}} {
		auditTable(cells, by, []string{a.Sex, a.Race}, name, q.t.Path, scan)
	}
	return nil
}

// chosen is the condition that a person was selected, or scored above the median.
func (q question) chosen(ctx context.Context) (condition, rate string, err error) {
	if q.t.Prediction != "" {
		return q.tab.Text(q.t.Prediction) + " = " + dataset.Literal(q.favourable), "selection_rate", nil
	}
	score := q.tab.Number(q.t.Score)
	var bad sql.NullInt64
	if err := q.one(ctx, "SELECT count(*) FROM t WHERE "+score+" IS NULL OR NOT "+q.tab.Finite(score), &bad); err != nil {
		return "", "", err
	}
	if bad.Int64 > 0 {
		return "", "", fmt.Errorf("column %q: %d rows have no finite score: a median of the others would be another", q.t.Score, bad.Int64)
	}
	// The median is the middle, or the mean of the middle two.
	return score + ` > (SELECT avg(s) FROM (SELECT s, row_number() OVER (ORDER BY s) AS i, count(*) OVER () AS n FROM (SELECT ` + score +
		` AS s FROM t) a) b WHERE i >= n / 2e0 AND i <= n / 2e0 + 1)`, "scoring_rate", nil
}

// cells counts by sex and race; an empty field is an unknown category.
type auditCell struct {
	parts        [2]sql.NullString
	rows, chosen int
}

func (q question) categories(ctx context.Context, chosen string) (out []auditCell, err error) {
	a := q.t.BiasAudit
	rows, err := q.tab.Query(ctx, fmt.Sprintf("SELECT a, b, count(*), count(*) FILTER (WHERE c) FROM (SELECT %s AS a, %s AS b, %s AS c FROM t) o GROUP BY a, b ORDER BY a, b LIMIT 10001",
		q.tab.Text(a.Sex), q.tab.Text(a.Race), chosen))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c auditCell
		if err := rows.Scan(&c.parts[0], &c.parts[1], &c.rows, &c.chosen); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if len(out) > 10_000 {
		return nil, fmt.Errorf("%s and %s have more than 10,000 combinations: they hold no categories", a.Sex, a.Race)
	}
	return out, q.tab.Explain(rows.Err())
}

func auditTable(cells []auditCell, by []int, columns []string, rate, path string, scan *modelvet.Scan) {
	var attribute []string
	for _, i := range by {
		attribute = append(attribute, columns[i])
	}
	all, total, unknown := gather(cells, by)
	add := func(metric string, n number, rows int, method string, group string) {
		m := modelvet.Measurement{Metric: name + "/bias_audit_" + metric, Value: n.value, N: rows, Method: method, Slice: map[string]string{"attribute": join(attribute)}}
		if group != "" {
			m.Slice["group"] = group
		}
		if method != "" {
			m.Low = &n.low
			if n.defined() && n.high < 1e300 {
				m.High = &n.high
			}
		}
		scan.Measurements = append(scan.Measurements, m)
	}
	add("unknown_count", only(float64(unknown)), total+unknown, "", "")
	best := mostSelected(all, total)
	for _, c := range all {
		r := stats.Rate{Hits: float64(c.chosen), Of: float64(c.rows)}
		add(rate, wilson(r), c.rows, "wilson", c.name)
		if excluded(c, total) {
			scan.Findings = append(scan.Findings, modelvet.Finding{ID: name + "/bias-audit-excluded", Path: path, Severity: modelvet.SeverityInfo, What: fmt.Sprintf(
				"%s = %s has %d of %d people, less than 2 %%, and a rate of %.4f: it is in no impact ratio; the auditor has to justify that", join(attribute), c.name, c.rows, total, r.Value())})
			continue
		}
		if b := (stats.Rate{Hits: float64(best.chosen), Of: float64(best.rows)}); b.Hits > 0 {
			n := katz(r, b, stats.Z95)
			if c.name == best.name {
				n = only(1)
			}
			add("impact_ratio", n, c.rows+best.rows, "katz", c.name)
		}
	}
}

func excluded(c category, total int) bool { return float64(c.rows) < excludable*float64(total) }

// gather adds the cells up to categories; the unknown are counted apart.
func gather(cells []auditCell, by []int) (out []category, total, unknown int) {
	at := map[string]int{}
	for _, c := range cells {
		var parts []string
		for _, i := range by {
			if c.parts[i].Valid && c.parts[i].String != "" {
				parts = append(parts, c.parts[i].String)
			}
		}
		if len(parts) < len(by) {
			unknown += c.rows
			continue
		}
		n := strings.Join(parts, "×")
		if _, ok := at[n]; !ok {
			at[n] = len(out)
			out = append(out, category{name: n})
		}
		o := &out[at[n]]
		o.rows, o.chosen, total = o.rows+c.rows, o.chosen+c.chosen, total+c.rows
	}
	slices.SortFunc(out, func(a, b category) int { return strings.Compare(a.name, b.name) })
	return out, total, unknown
}

// mostSelected is the category with the highest rate among those not excluded.
func mostSelected(all []category, total int) (best category) {
	for _, c := range all {
		if !excluded(c, total) && (best.rows == 0 || c.chosen*best.rows > best.chosen*c.rows) {
			best = c
		}
	}
	return best
}
