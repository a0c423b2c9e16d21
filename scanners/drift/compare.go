// SPDX-License-Identifier: Apache-2.0

package drift

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

// floor replaces the share of an empty bin in the stability index, whose
// logarithm would be infinite.
const floor = 1e-4

func one(ctx context.Context, t *dataset.Table, query string, to ...any) error {
	rows, err := t.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return errors.Join(errors.New("a question had no answer"), rows.Err())
	}
	return rows.Scan(to...)
}

// names compares the shares of the values of a column.
func (r *report) names(ctx context.Context, column string) error {
	before, err := counts(ctx, r.before, column)
	if err != nil {
		return err
	}
	after, err := counts(ctx, r.after, column)
	if err != nil {
		return err
	}
	if len(before) > maxValues || len(after) > maxValues {
		r.find("too-many-values", modelvet.SeverityInfo, fmt.Sprintf("column %q has more than %d values: its drift is not measured", column, maxValues))
		return nil
	}
	keys := make([]string, 0, len(before))
	fresh := 0
	for k := range before {
		keys = append(keys, k)
	}
	for k := range after {
		if _, ok := before[k]; !ok {
			keys, fresh = append(keys, k), fresh+1
		}
	}
	slices.Sort(keys)
	if fresh > 0 {
		r.find("new-category", modelvet.SeverityInfo, fmt.Sprintf("column %q has %d values that the reference does not have", column, fresh))
	}
	var a, b []float64
	for _, k := range keys {
		a, b = append(a, float64(before[k])), append(b, float64(after[k]))
	}
	x, p := chiSquare(a, b)
	n := int64(total(a) + total(b))
	r.add("chi_square", column, x, p, n, "chi-square, holm")
	r.shares(column, a, b, n, "")
	return nil
}

func counts(ctx context.Context, t *dataset.Table, column string) (map[string]int64, error) {
	rows, err := t.Query(ctx, fmt.Sprintf("SELECT %s AS v, count(*) FROM t WHERE v IS NOT NULL GROUP BY v LIMIT %d", t.Text(column), maxValues+1))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		var v string
		var n int64
		if err := rows.Scan(&v, &n); err != nil {
			return nil, err
		}
		out[v] = n
	}
	return out, rows.Err()
}

// shares tells the distances between two histograms over the same bins.
func (r *report) shares(column string, a, b []float64, n int64, method string) {
	r.add("psi", column, psi(a, b), math.NaN(), n, method)
	r.add("jensen_shannon_distance", column, jensenShannon(a, b), math.NaN(), n, method)
	r.add("total_variation_distance", column, totalVariation(a, b), math.NaN(), n, method)
}

func total(a []float64) (sum float64) {
	for _, v := range a {
		sum += v
	}
	return sum
}

// psi is the population stability index: sum of (q-p) ln(q/p).
func psi(a, b []float64) (sum float64) {
	n, m := total(a), total(b)
	for i := range a {
		p, q := math.Max(a[i]/n, floor), math.Max(b[i]/m, floor)
		sum += (q - p) * math.Log(q/p)
	}
	return sum
}

// jensenShannon is the distance (the root of the divergence), natural logarithm.
func jensenShannon(a, b []float64) float64 {
	n, m := total(a), total(b)
	var sum float64
	for i := range a {
		p, q := a[i]/n, b[i]/m
		middle := (p + q) / 2
		sum += part(p, middle)/2 + part(q, middle)/2
	}
	return math.Sqrt(math.Max(0, sum))
}

func part(p, middle float64) float64 {
	if p == 0 {
		return 0
	}
	return p * math.Log(p/middle)
}

func totalVariation(a, b []float64) (sum float64) {
	n, m := total(a), total(b)
	for i := range a {
		sum += math.Abs(a[i]/n-b[i]/m) / 2
	}
	return sum
}

// chiSquare tests whether two histograms are of one distribution.
func chiSquare(a, b []float64) (x, p float64) {
	n, m := total(a), total(b)
	if n == 0 || m == 0 {
		return math.NaN(), math.NaN()
	}
	bins := 0
	for i := range a {
		s := a[i] + b[i]
		if s == 0 {
			continue
		}
		bins++
		e, f := s*n/(n+m), s*m/(n+m)
		x += (a[i]-e)*(a[i]-e)/e + (b[i]-f)*(b[i]-f)/f
	}
	if bins < 2 {
		return 0, 1
	}
	return x, distuv.ChiSquared{K: float64(bins - 1)}.Survival(x)
}

// numbers walks along the sorted values of both tables at once.
func (r *report) numbers(ctx context.Context, column string) error {
	var n, m int64
	var deviation sql.NullFloat64
	id := dataset.Ident(column)
	v := "CAST(" + id + " AS DOUBLE)"
	if err := one(ctx, r.before, "SELECT count(*), stddev_pop("+v+") FROM t WHERE isfinite("+v+")", &n, &deviation); err != nil {
		return err
	}
	if err := one(ctx, r.after, "SELECT count(*) FROM t WHERE isfinite("+v+")", &m); err != nil {
		return err
	}
	if n == 0 || m == 0 {
		r.find("undefined", modelvet.SeverityInfo, fmt.Sprintf("column %q has no number in one of the tables", column))
		return nil
	}
	edges, err := r.deciles(ctx, v)
	if err != nil {
		return err
	}
	w := merger{edges: edges, n: float64(n), m: float64(m), a: make([]float64, len(edges)+1), b: make([]float64, len(edges)+1)}
	if err := r.merge(ctx, v, &w); err != nil {
		return err
	}
	r.add("ks_statistic", column, w.ks, kolmogorov(w.ks, w.n*w.m/(w.n+w.m)), n+m, "kolmogorov-smirnov (Stephens 1970), holm")
	r.add("wasserstein_normed", column, w.distance/deviation.Float64, math.NaN(), n+m, "in standard deviations of the reference")
	r.shares(column, w.a, w.b, n+m, "deciles of the reference")
	return nil
}

// deciles are the inner edges of the bins: those of the reference.
func (r *report) deciles(ctx context.Context, v string) (out []float64, err error) {
	rows, err := r.before.Query(ctx, "SELECT DISTINCT unnest(quantile_disc("+v+", [.1,.2,.3,.4,.5,.6,.7,.8,.9])) AS e FROM t WHERE isfinite("+v+") ORDER BY e")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e float64
		if err := rows.Scan(&e); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

func (r *report) merge(ctx context.Context, v string, w *merger) error {
	q := "SELECT " + v + " AS v, count(*) FROM t WHERE isfinite(v) GROUP BY v ORDER BY v"
	a, err := r.before.Query(ctx, q)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := r.after.Query(ctx, q)
	if err != nil {
		return err
	}
	defer b.Close()
	return w.run(&steps{rows: a}, &steps{rows: b})
}

// steps are the distinct values of a column, sorted, and how often they occur.
type steps struct {
	rows  *sql.Rows
	value float64
	count float64
	done  bool
	err   error
}

func (s *steps) next() {
	if s.done = !s.rows.Next(); s.done {
		s.err = s.rows.Err()
		s.value = math.Inf(1)
		return
	}
	if s.err = s.rows.Scan(&s.value, &s.count); s.err != nil {
		s.done = true
	}
}

// merger compares two empirical distributions in one pass and constant memory.
type merger struct {
	edges        []float64
	n, m         float64
	a, b         []float64 // the histograms over the edges
	ks, distance float64
}

func (w *merger) run(x, y *steps) error {
	x.next()
	y.next()
	var f, g, last float64
	started := false
	for !x.done || !y.done {
		at := math.Min(x.value, y.value)
		if started {
			w.distance += math.Abs(f/w.n-g/w.m) * (at - last)
		}
		bin, _ := slices.BinarySearch(w.edges, at) // a value on an edge belongs to the bin below
		if !x.done && x.value == at {
			f, w.a[bin] = f+x.count, w.a[bin]+x.count
			x.next()
		}
		if !y.done && y.value == at {
			g, w.b[bin] = g+y.count, w.b[bin]+y.count
			y.next()
		}
		w.ks = math.Max(w.ks, math.Abs(f/w.n-g/w.m))
		last, started = at, true
	}
	return errors.Join(x.err, y.err)
}

// kolmogorov is the p value of the statistic d for n effective rows, by the
// limiting distribution with the correction of Stephens (1970).
func kolmogorov(d, n float64) float64 {
	x := (math.Sqrt(n) + .12 + .11/math.Sqrt(n)) * d
	if x < .2 {
		return 1
	}
	var p, sign float64 = 0, 1
	for k := 1.; k < 101; k++ {
		p += sign * 2 * math.Exp(-2*k*k*x*x)
		sign = -sign
	}
	return math.Min(1, math.Max(0, p))
}
