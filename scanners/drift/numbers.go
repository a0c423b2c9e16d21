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

// inMemory is up to how many rows of both tables together a column of numbers
// is sorted here (16 bytes a row with the room that sorting takes). Above it
// the engine sorts, which is some times slower and holds nothing here.
var inMemory int64 = 24_000_000

// numbers compares the distributions of a column of numbers. Numbers with only a
// few values are taken for names of classes.
func (r *report) numbers(ctx context.Context, column string) error {
	p, err := r.pair(ctx, column)
	if err != nil {
		return err
	}
	r.missing(column, r.before.Rows()-int64(p.n), r.after.Rows()-int64(p.m))
	if p.few {
		return r.names(ctx, column)
	}
	if p.n == 0 || p.m == 0 {
		r.find("undefined", modelvet.SeverityInfo, fmt.Sprintf("column %q has no number in one of the tables", column))
		return nil
	}
	w := newMerger(p.n, p.m, p.edges)
	if err := p.walk(ctx, w); err != nil {
		return err
	}
	n := int64(p.n + p.m)
	r.add("ks_statistic", column, w.ks, kolmogorov(w.ks, w.n*w.m/(w.n+w.m)), n, "kolmogorov-smirnov (Stephens 1970), holm")
	r.add("wasserstein_normed", column, w.distance/p.spread, math.NaN(), n, "in standard deviations of the reference")
	r.shares(column, w.a, w.b, n, "deciles of the reference")
	return nil
}

// pair is what has to be known of a column in both tables before its
// distributions are walked along.
type pair struct {
	n, m   int       // finite numbers
	few    bool      // the reference has but a few values
	spread float64   // the standard deviation of the reference
	edges  []float64 // the deciles of the reference
	walk   func(context.Context, *merger) error
}

func (r *report) pair(ctx context.Context, column string) (pair, error) {
	if r.before.Rows()+r.after.Rows() > inMemory {
		return r.pairThere(ctx, column)
	}
	a, err := sorted(ctx, r.before, column)
	if err != nil {
		return pair{}, err
	}
	b, err := sorted(ctx, r.after, column)
	if err != nil {
		return pair{}, err
	}
	return pair{n: len(a), m: len(b), few: few(a), spread: deviation(a), edges: deciles(a), walk: func(_ context.Context, w *merger) error {
		return w.run(&list{values: a}, &list{values: b})
	}}, nil
}

// few says whether sorted values are but a few different ones.
func few(sorted []float64) bool {
	l := list{values: sorted}
	for range fewValues + 1 {
		if _, _, more, _ := l.next(); !more {
			return len(sorted) > 0
		}
	}
	return false
}

// sorted are the finite numbers of a column, in order.
func sorted(ctx context.Context, t *dataset.Table, column string) ([]float64, error) {
	rows, err := t.Query(ctx, finite(t, column, "v"))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make([]float64, 0, t.Rows())
	var v any // a pointer to a float64 would cost a conversion by reflection for every row
	for rows.Next() {
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		f, ok := v.(float64)
		if !ok {
			return nil, fmt.Errorf("the engine gave %T for a number", v)
		}
		out = append(out, f)
	}
	sortFloats(out)
	return out, rows.Err()
}

// finite asks something of the finite numbers of a column, which are called v.
func finite(t *dataset.Table, column, what string) string {
	return "SELECT " + what + " FROM (SELECT CAST(" + dataset.Ident(column) + " AS DOUBLE) AS v FROM t) z WHERE v IS NOT NULL AND " + t.Finite("v")
}

// rank is the place, from 1, of the k-th decile among n sorted values.
func rank(n, k int) int { return max(1, (n*k+9)/10) }

// deciles are the inner edges of the bins: values that occur in the reference.
func deciles(sorted []float64) (out []float64) {
	for k := 1; k < 10 && len(sorted) > 0; k++ {
		out = append(out, sorted[rank(len(sorted), k)-1])
	}
	return slices.Compact(out)
}

// deviation is the standard deviation, of the whole and not of a sample.
func deviation(values []float64) float64 {
	var sum, squares float64
	for _, v := range values {
		sum += v
	}
	mean := sum / float64(len(values))
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return math.Sqrt(squares / float64(len(values)))
}

// pairThere lets the engine sort and count.
func (r *report) pairThere(ctx context.Context, column string) (p pair, err error) {
	var mean, spread sql.NullFloat64
	if err := one(ctx, r.before, finite(r.before, column, "count(*), avg(v), stddev_pop(v)"), &p.n, &mean, &spread); err != nil {
		return p, err
	}
	p.spread = spread.Float64
	if err := one(ctx, r.after, finite(r.after, column, "count(*)"), &p.m); err != nil || p.n == 0 {
		return p, err
	}
	var values int
	distinct := finite(r.before, column, "DISTINCT v") + fmt.Sprintf(" LIMIT %d", fewValues+1)
	if err := one(ctx, r.before, "SELECT count(*) FROM ("+distinct+") y", &values); err != nil {
		return p, err
	}
	p.few = values <= fewValues
	p.edges, err = r.decilesThere(ctx, column, p.n)
	p.walk = func(ctx context.Context, w *merger) error { return r.walkThere(ctx, column, w) }
	return p, err
}

func (r *report) walkThere(ctx context.Context, column string, w *merger) error {
	const end = " GROUP BY v ORDER BY v"
	a, err := r.before.Query(ctx, finite(r.before, column, "v, count(*)")+end)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := r.after.Query(ctx, finite(r.after, column, "v, count(*)")+end)
	if err != nil {
		return err
	}
	defer b.Close()
	return w.run(&steps{rows: a}, &steps{rows: b})
}

func (r *report) decilesThere(ctx context.Context, column string, n int) (out []float64, err error) {
	places := ""
	for k := 1; k < 10; k++ {
		places += fmt.Sprintf(", %d", rank(n, k))
	}
	rows, err := r.before.Query(ctx, "SELECT DISTINCT v FROM ("+finite(r.before, column, "v, row_number() OVER (ORDER BY v) AS place")+") y WHERE place IN ("+places[2:]+") ORDER BY v")
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

// walk gives distinct values in order, and how often each occurs; false at the end.
type walk interface {
	next() (value, count float64, more bool, err error)
}

// list walks along sorted values.
type list struct{ values []float64 }

func (l *list) next() (value, count float64, more bool, err error) {
	if len(l.values) == 0 {
		return 0, 0, false, nil
	}
	n := 1
	for n < len(l.values) && l.values[n] == l.values[0] {
		n++
	}
	value, l.values = l.values[0], l.values[n:]
	return value, float64(n), true, nil
}

// steps walks along what the engine has sorted and counted.
type steps struct{ rows *sql.Rows }

func (s *steps) next() (value, count float64, more bool, err error) {
	if !s.rows.Next() {
		return 0, 0, false, s.rows.Err()
	}
	err = s.rows.Scan(&value, &count)
	return value, count, err == nil, err
}

// merger compares two empirical distributions in one pass and constant memory.
type merger struct {
	edges        []float64
	n, m         float64
	a, b         []float64 // the histograms over the edges
	ks, distance float64
}

func newMerger(n, m int, edges []float64) *merger {
	return &merger{edges: edges, n: float64(n), m: float64(m), a: make([]float64, len(edges)+1), b: make([]float64, len(edges)+1)}
}

func (w *merger) run(x, y walk) error {
	v, c, vMore, err := x.next()
	u, d, uMore, uErr := y.next()
	var f, g, last float64
	bin := 0
	for started := false; err == nil && uErr == nil && (vMore || uMore); started = true {
		isV, isU := vMore && (!uMore || v <= u), uMore && (!vMore || u <= v)
		at := u
		if isV {
			at = v
		}
		if started {
			w.distance += math.Abs(f/w.n-g/w.m) * (at - last)
		}
		for bin < len(w.edges) && w.edges[bin] < at { // a value on an edge belongs to the bin below
			bin++
		}
		if isV {
			f, w.a[bin] = f+c, w.a[bin]+c
			v, c, vMore, err = x.next()
		}
		if isU {
			g, w.b[bin] = g+d, w.b[bin]+d
			u, d, uMore, uErr = y.next()
		}
		w.ks = math.Max(w.ks, math.Abs(f/w.n-g/w.m))
		last = at
	}
	return errors.Join(err, uErr)
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
