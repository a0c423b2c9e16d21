// SPDX-License-Identifier: Apache-2.0

package quality

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
)

// maxCategories is how many values a column of names may have to be compared.
const maxCategories = 10_000

// skew compares what the model is served with what it was trained on, feature by
// feature: the schema, the types, values that training never saw, and how far
// the distributions are apart. How the data moves over time is for drift.
func skew(ctx context.Context, m modelvet.Model, scan *modelvet.Scan) error {
	train, ok := m.System.Table("training")
	served, ok2 := m.System.Table("production")
	if !ok || !ok2 {
		return nil
	}
	a, err := dataset.Open(ctx, m.Dir, train)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := dataset.Open(ctx, m.Dir, served)
	if err != nil {
		return err
	}
	defer b.Close()
	s := &skewed{before: &report{tab: a, t: train, scan: scan}, report: &report{tab: b, t: served, scan: scan}}
	for _, c := range a.Columns() {
		if s.before.feature(c.Name) && s.served(c.Name) {
			if err := s.column(ctx, c); err != nil {
				return fmt.Errorf("comparing %s with %s: column %q: %w", served.Path, train.Path, c.Name, err)
			}
		}
	}
	for _, c := range b.Columns() {
		if _, there := a.Column(c.Name); !there && s.feature(c.Name) && c.Name != served.Time {
			s.find("untrained-column", modelvet.SeverityInfo, fmt.Sprintf("column %q is served and is not in %s", c.Name, train.Path))
		}
	}
	return nil
}

// skewed compares the features of two tables; the served one is the report's.
type skewed struct {
	*report
	before *report
}

// served says whether what serving names leaves the column a feature there.
func (s *skewed) served(column string) bool {
	_, there := s.tab.Column(column)
	return !there || s.feature(column)
}

func (s *skewed) column(ctx context.Context, c dataset.Column) error {
	other, ok := s.tab.Column(c.Name)
	if !ok {
		s.find("unserved-column", modelvet.SeverityWarn, fmt.Sprintf("column %q of %s is not served", c.Name, s.before.t.Path))
		return nil
	}
	if classOf(c.Type) != classOf(other.Type) {
		s.find("served-type", modelvet.SeverityWarn, fmt.Sprintf("column %q is %s in training and %s when served", c.Name, c.Type, other.Type))
		return nil
	}
	if classOf(c.Type) == number {
		return s.numbers(ctx, c.Name)
	}
	if classOf(c.Type) == moment {
		return nil // time goes on
	}
	return s.names(ctx, c.Name)
}

// tell adds a distance without an interval.
func (s *skewed) tell(metric, column string, value float64, n int64, method string) {
	s.scan.Measurements = append(s.scan.Measurements, modelvet.Measurement{Metric: name + "/" + metric, Value: value, N: int(n), Method: method,
		Slice: map[string]string{"table": s.t.Name, "column": column, "from": s.before.t.Name}})
}

func (r *report) counts(ctx context.Context, column string) (map[string]int64, int64, error) {
	rows, err := r.tab.Query(ctx, fmt.Sprintf("SELECT v, count(*) FROM (SELECT %s AS v FROM t) z WHERE v IS NOT NULL GROUP BY v LIMIT %d", r.tab.Text(column), maxCategories+1))
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	out, total := map[string]int64{}, int64(0)
	for rows.Next() {
		var v string
		var n int64
		if err := rows.Scan(&v, &n); err != nil {
			return nil, 0, err
		}
		out[v], total = n, total+n
	}
	return out, total, rows.Err()
}

// names tells how much of what is served training never saw, and the largest
// difference between two shares (L-infinity, as TensorFlow Data Validation).
func (s *skewed) names(ctx context.Context, column string) error {
	before, n, err := s.before.counts(ctx, column)
	if err != nil {
		return err
	}
	after, m, err := s.counts(ctx, column)
	if err != nil {
		return err
	}
	if len(before) > maxCategories || len(after) > maxCategories {
		s.find("too-many-values", modelvet.SeverityInfo, fmt.Sprintf("column %q has more than %d values: what is served is not compared with training", column, maxCategories))
		return nil
	}
	if n == 0 || m == 0 {
		s.find("undefined", modelvet.SeverityInfo, fmt.Sprintf("column %q is empty in training or when served: nothing can be compared", column))
		return nil
	}
	var unseen int64
	most := 0.
	for v, c := range after {
		if before[v] == 0 {
			unseen += c
		}
		most = math.Max(most, math.Abs(float64(c)/float64(m)-float64(before[v])/float64(n)))
	}
	for v, c := range before {
		if after[v] == 0 {
			most = math.Max(most, float64(c)/float64(n))
		}
	}
	s.share("unseen_category_share", unseen, m, "column", column, "from", s.before.t.Name)
	s.tell("skew_l_infinity", column, most, n+m, "shares of values")
	return nil
}

// numbers tells how much of what is served lies outside of what training saw, and
// the Jensen-Shannon distance over the deciles of training.
func (s *skewed) numbers(ctx context.Context, column string) error {
	edges, low, high, n, err := s.before.deciles(ctx, column)
	if err != nil {
		return err
	}
	v := s.tab.Number(column)
	q := fmt.Sprintf("SELECT count(v), count(*) FILTER (WHERE v < %v OR v > %v)", literal(low), literal(high))
	for _, e := range edges {
		q += fmt.Sprintf(", count(*) FILTER (WHERE v <= %v)", literal(e))
	}
	var m, outside int64
	below := make([]int64, len(edges))
	to := []any{&m, &outside}
	for i := range below {
		to = append(to, &below[i])
	}
	if n > 0 {
		if err := s.one(ctx, q+" FROM (SELECT "+v+" AS v FROM t) z WHERE "+s.tab.Finite("v"), nil, to...); err != nil {
			return err
		}
	}
	if n == 0 || m == 0 {
		s.find("undefined", modelvet.SeverityInfo, fmt.Sprintf("column %q has no number in training or when served: nothing can be compared", column))
		return nil
	}
	s.share("out_of_range_share", outside, m, "column", column, "from", s.before.t.Name)
	shares, err := s.before.below(ctx, column, edges)
	if err != nil {
		return err
	}
	s.tell("skew_jensen_shannon", column, jensenShannon(shares, below, n, m), n+m, "deciles of training")
	return nil
}

// literal is a number in SQL, to its last bit.
func literal(v float64) string { return fmt.Sprintf("%.17E", v) }

// deciles are those of a column, with its ends and the number of its finite values.
func (r *report) deciles(ctx context.Context, column string) (edges []float64, low, high float64, n int64, err error) {
	from := "(SELECT " + r.tab.Number(column) + " AS v FROM t) z WHERE v IS NOT NULL AND " + r.tab.Finite("v")
	var least, most sql.NullFloat64
	if err := r.one(ctx, "SELECT count(*), min(v), max(v) FROM "+from, nil, &n, &least, &most); err != nil || n == 0 {
		return nil, 0, 0, 0, err
	}
	places := ""
	for k := int64(1); k < 10; k++ {
		places += fmt.Sprintf(", %d", max(1, (n*k+9)/10))
	}
	rows, err := r.tab.Query(ctx, "SELECT DISTINCT v FROM (SELECT v, row_number() OVER (ORDER BY v) AS place FROM "+from+") y WHERE place IN ("+places[2:]+") ORDER BY v")
	if err != nil {
		return nil, 0, 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var e float64
		if err := rows.Scan(&e); err != nil {
			return nil, 0, 0, 0, err
		}
		edges = append(edges, e)
	}
	return edges, least.Float64, most.Float64, n, rows.Err()
}

// below counts the values up to each edge.
func (r *report) below(ctx context.Context, column string, edges []float64) ([]int64, error) {
	out, to, q := make([]int64, len(edges)), []any{}, ""
	for i, e := range edges {
		to, q = append(to, &out[i]), q+fmt.Sprintf(", count(*) FILTER (WHERE v <= %s)", literal(e))
	}
	return out, r.one(ctx, "SELECT "+q[2:]+" FROM (SELECT "+r.tab.Number(column)+" AS v FROM t) z WHERE "+r.tab.Finite("v"), nil, to...)
}

// jensenShannon is the distance (the root of the divergence, natural logarithm)
// between two histograms that are told as counts up to each edge.
func jensenShannon(a, b []int64, n, m int64) (d float64) {
	a, b = append(slices.Clone(a), n), append(slices.Clone(b), m)
	part := func(p, q float64) float64 {
		if p == 0 {
			return 0
		}
		return p * math.Log(2*p/(p+q)) / 2
	}
	var x, y int64
	for i := range a {
		p, q := float64(a[i]-x)/float64(n), float64(b[i]-y)/float64(m)
		d, x, y = d+part(p, q)+part(q, p), a[i], b[i]
	}
	return math.Sqrt(math.Max(0, d))
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
