// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

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
	rows, err := t.Query(ctx, fmt.Sprintf("SELECT v, count(*) FROM (SELECT %s AS v FROM t) z WHERE v IS NOT NULL GROUP BY v LIMIT %d", t.Text(column), maxValues+1))
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
