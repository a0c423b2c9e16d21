// SPDX-License-Identifier: Apache-2.0

package performance

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"github.com/modelvet/modelvet/dataset"
)

// sliced measures the score for each group of each protected attribute: one
// question for the order of the scores, one for their losses.
func (r *report) sliced(ctx context.Context, probability bool) error {
	for i, a := range r.t.Protected {
		if slices.Contains(r.t.Protected[:i], a) {
			continue
		}
		if err := r.ranksOf(ctx, a); err != nil {
			return err
		}
		if probability {
			if err := r.lossesOf(ctx, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *report) grouped(attribute string) string {
	return "SELECT coalesce(" + r.tab.Text(attribute) + ", " + dataset.Literal(missing) + ") AS g, " + r.tab.Number(r.t.Score) + " AS s, " +
		r.truth() + " AS y, CAST(" + r.weight() + " AS DOUBLE) AS w FROM t"
}

func of(attribute, group string) map[string]string {
	return map[string]string{"attribute": attribute, "group": group}
}

// ranksOf is [report.ranks] within each group. A group with one class has none.
func (r *report) ranksOf(ctx context.Context, attribute string) error {
	return r.each(ctx, `WITH c AS (SELECT g, s, coalesce(sum(w) FILTER (WHERE y), 0) AS p, coalesce(sum(w) FILTER (WHERE NOT y), 0) AS n,
			coalesce(sum(w*w) FILTER (WHERE y), 0) AS pp, coalesce(sum(w*w) FILTER (WHERE NOT y), 0) AS nn, count(*) AS x
			FROM (`+r.grouped(attribute)+`) o GROUP BY g, s),
		k AS (SELECT *, sum(p) OVER (PARTITION BY g ORDER BY s) AS cp, sum(n) OVER (PARTITION BY g ORDER BY s) AS cn,
			sum(p) OVER (PARTITION BY g) AS tp, sum(n) OVER (PARTITION BY g) AS tn FROM c),
		a AS (SELECT *, sum(p * (cn - n / 2)) OVER (PARTITION BY g) / (tp * tn) AS auc FROM k WHERE tp > 0 AND tn > 0)
		SELECT g, max(auc), max(tp), max(tn), sum(pp), sum(nn), sum(pp * pow((cn - n / 2) / tn - auc, 2)), sum(nn * pow((tp - cp + p / 2) / tp - auc, 2)), CAST(sum(x) AS BIGINT)
		FROM a GROUP BY g ORDER BY g`, nil, func(rows *sql.Rows) error {
		var g string
		var auc, tp, tn, tpp, tnn, s10, s01 float64
		var x int
		if err := rows.Scan(&g, &auc, &tp, &tn, &tpp, &tnn, &s10, &s01, &x); err != nil {
			return err
		}
		m, n := tp*tp/tpp, tn*tn/tnn
		r.add("roc_auc", delong(auc, s10/(tp*tp)*unbias(m)+s01/(tn*tn)*unbias(n), math.Min(m, n)), x, "delong", of(attribute, g))
		return nil
	})
}

func (r *report) lossesOf(ctx context.Context, attribute string) error {
	return r.each(ctx, fmt.Sprintf(`SELECT g, count(*), sum(w), sum(w*w), sum(w*l), sum(w*l*l), sum(w*b), sum(w*b*b) FROM (SELECT g, w,
			-ln(greatest(%[1]s, least(1 - %[1]s, CASE WHEN y THEN s ELSE 1 - s END))) AS l, pow(s - CASE WHEN y THEN 1 ELSE 0 END, 2) AS b FROM (%[2]s) o) z
		GROUP BY g HAVING sum(w) > 0 ORDER BY g`, eps, r.grouped(attribute)), nil, func(rows *sql.Rows) error {
		var g string
		var x int
		var w, ww, l, ll, b, bb float64
		if err := rows.Scan(&g, &x, &w, &ww, &l, &ll, &b, &bb); err != nil {
			return err
		}
		r.add("log_loss", ofMean(l/w, ll/w, w*w/ww).within(0, math.Inf(1)), x, "normal", of(attribute, g))
		r.add("brier", ofMean(b/w, bb/w, w*w/ww).within(0, 1), x, "normal", of(attribute, g))
		return nil
	})
}

// regressionOf measures the errors of numbers for each group.
func (r *report) regressionOf(ctx context.Context) error {
	for i, a := range r.t.Protected {
		if slices.Contains(r.t.Protected[:i], a) {
			continue
		}
		err := r.each(ctx, "SELECT g, count(*), sum(w), sum(w*w), sum(w*abs(e)), sum(w*e*e), sum(w*e*e*e*e) FROM (SELECT coalesce("+r.tab.Text(a)+", "+dataset.Literal(missing)+
			") AS g, "+r.tab.Number(r.t.Label)+" - "+r.tab.Number(r.t.Prediction)+" AS e, CAST("+r.weight()+" AS DOUBLE) AS w FROM t) o GROUP BY g HAVING sum(w) > 0 ORDER BY g LIMIT 501",
			nil, func(rows *sql.Rows) error {
				var g string
				var x int
				var w, ww, e1, e2, e4 float64
				if err := rows.Scan(&g, &x, &w, &ww, &e1, &e2, &e4); err != nil {
					return err
				}
				n := w * w / ww
				r.add("mae", ofMean(e1/w, e2/w, n).within(0, math.Inf(1)), x, "normal", of(a, g))
				mse := ofMean(e2/w, e4/w, n).within(0, math.Inf(1))
				r.add("rmse", number{math.Sqrt(mse.value), math.Sqrt(mse.low), math.Sqrt(mse.high)}, x, "normal on mse", of(a, g))
				return nil
			})
		if err != nil {
			return err
		}
	}
	return nil
}
