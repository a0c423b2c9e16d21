// SPDX-License-Identifier: Apache-2.0

package performance

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
	"github.com/modelvet/modelvet/scanners/internal/stats"
)

const (
	eps    = "2.220446049250313e-16" // the clipping of scikit-learn
	bins   = 15                      // of the calibration error, of equal width
	points = 64                      // of a curve, at most
)

// scores measures what follows from the score and the label.
func (r *report) scores(ctx context.Context) error {
	var rows, positives, negatives int
	var low, high float64
	err := r.one(ctx, "SELECT count(*), count(*) FILTER (WHERE y AND w > 0), count(*) FILTER (WHERE NOT y AND w > 0), min(s), max(s) FROM ("+r.pairs()+")",
		nil, &rows, &positives, &negatives, &low, &high)
	if err != nil {
		return err
	}
	if positives == 0 || negatives == 0 {
		r.find("single-class", modelvet.SeverityWarn, fmt.Sprintf("%s is %q in %d of %d rows: no score can tell apart what is not there",
			r.t.Label, r.positive, positives, positives+negatives))
	} else if err := errors.Join(r.ranks(ctx, rows), r.previous(ctx, rows)); err != nil {
		return err
	}
	if positives+negatives == 0 {
		return nil // every weight is 0
	}
	if err := r.sliced(ctx, low >= 0 && high <= 1); err != nil {
		return err
	}
	if low < 0 || high > 1 {
		r.find("score-no-probability", modelvet.SeverityInfo, fmt.Sprintf("%s runs from %g to %g: it is no probability, so its calibration is not measured", r.t.Score, low, high))
		return nil
	}
	if err := r.losses(ctx, rows); err != nil {
		return err
	}
	return r.calibration(ctx, rows)
}

// pairs is the table of score s, truth y and weight w.
func (r *report) pairs() string {
	return "SELECT " + r.tab.Number(r.t.Score) + " AS s, " + r.truth() + " AS y, CAST(" + r.weight() + " AS DOUBLE) AS w FROM t"
}

// truth is the condition that the label is positive.
func (r *report) truth() string { return r.tab.Text(r.t.Label) + " = " + dataset.Literal(r.positive) }

// steps adds to each distinct score the positives and negatives at it (p, n,
// and the sums of their squared weights pp, nn), at most it (cp, cn), and of all (tp, tn).
func (r *report) steps() string {
	return `SELECT *, sum(p) OVER up AS cp, sum(n) OVER up AS cn, sum(p) OVER () AS tp, sum(n) OVER () AS tn FROM (
		SELECT s, coalesce(sum(w) FILTER (WHERE y), 0) AS p, coalesce(sum(w) FILTER (WHERE NOT y), 0) AS n,
			coalesce(sum(w*w) FILTER (WHERE y), 0) AS pp, coalesce(sum(w*w) FILTER (WHERE NOT y), 0) AS nn
		FROM (` + r.pairs() + `) GROUP BY s) WINDOW up AS (ORDER BY s)`
}

// ranks measures how well the score orders: the area under the ROC curve with
// the variance of DeLong et al. (1988), ties counting half, and the average
// precision with the logit interval of Boyd et al. (2013).
func (r *report) ranks(ctx context.Context, rows int) error {
	var auc, ap, tp, tn, tpp, tnn, s10, s01 float64
	err := r.one(ctx, `WITH k AS (`+r.steps()+`), a AS (SELECT sum(p * (cn - n / 2)) / (max(tp) * max(tn)) AS auc FROM k)
		SELECT any_value(auc), sum(CASE WHEN p > 0 THEN p / tp * (tp - cp + p) / (tp - cp + p + tn - cn + n) ELSE 0 END), any_value(tp), any_value(tn), sum(pp), sum(nn),
			sum(pp * pow((cn - n / 2) / tn - auc, 2)), sum(nn * pow((tp - cp + p / 2) / tp - auc, 2)) FROM k, a`,
		nil, &auc, &ap, &tp, &tn, &tpp, &tnn, &s10, &s01)
	if err != nil {
		return err
	}
	m, n := tp*tp/tpp, tn*tn/tnn // effective numbers of positives and negatives
	variance := s10/(tp*tp)*unbias(m) + s01/(tn*tn)*unbias(n)
	r.add("roc_auc", delong(auc, variance, math.Min(m, n)), rows, "delong", nil)
	r.add("average_precision", logit(ap, m), rows, "logit", nil)
	if auc < .5 {
		r.find("reversed-score", modelvet.SeverityWarn, fmt.Sprintf("the ROC AUC of %s is %.4f: it orders worse than chance; is it the score of another value than %q?", r.t.Score, auc, r.positive))
	}
	return r.curve(ctx)
}

func unbias(n float64) float64 {
	if n <= 1 {
		return 1
	}
	return n / (n - 1)
}

// delong gives the normal interval. At perfect separation the variance is 0
// and says nothing: there the bound is the one that an event unseen in n
// trials has (Clopper and Pearson 1934).
func delong(auc, variance, n float64) number {
	if variance <= 0 {
		edge := 1 - math.Pow(.025, 1/n)
		return number{auc, auc - edge, auc + edge}.within(0, 1)
	}
	low, high := stats.Normal(auc, math.Sqrt(variance), stats.Z95)
	return number{auc, low, high}.within(0, 1)
}

func logit(p, n float64) number {
	if p <= 0 || p >= 1 {
		return number{p, p - (1 - math.Pow(.025, 1/n)), p}.within(0, 1)
	}
	middle, spread := math.Log(p/(1-p)), stats.Z95/math.Sqrt(n*p*(1-p))
	expit := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	return number{p, expit(middle - spread), expit(middle + spread)}
}

// curve draws the ROC curve in at most as many points as a chart shows.
func (r *report) curve(ctx context.Context) error {
	c := modelvet.Series{Name: name + "/roc_curve", X: []float64{0}, Y: []float64{0}}
	err := r.each(ctx, `SELECT max(x), max(y) FROM (SELECT 1 - (cn - n) / tn AS x, 1 - (cp - p) / tp AS y FROM (`+r.steps()+`))
		GROUP BY least(floor(x * 31), 30) * 31 + least(floor(y * 31), 30) ORDER BY 1, 2`, nil, func(rows *sql.Rows) error {
		var x, y float64
		err := rows.Scan(&x, &y)
		c.X, c.Y = append(c.X, x), append(c.Y, y)
		return err
	})
	if len(c.X) > points { // a monotone curve crosses at most 61 cells; never trust that with a chart
		c.X, c.Y = append(c.X[:points-1], 1), append(c.Y[:points-1], 1)
	}
	r.scan.Series = append(r.scan.Series, c)
	return err
}

// losses are means over the rows; their intervals are those of a mean.
func (r *report) losses(ctx context.Context, rows int) error {
	loss := "-ln(greatest(" + eps + ", least(1 - " + eps + ", CASE WHEN y THEN s ELSE 1 - s END)))"
	square := "pow(s - CASE WHEN y THEN 1 ELSE 0 END, 2)"
	for _, c := range []struct{ metric, expr string }{{"log_loss", loss}, {"brier", square}} {
		var w, ww, mean, second float64
		err := r.one(ctx, "SELECT sum(w), sum(w*w), sum(w*v), sum(w*v*v) FROM (SELECT w, "+c.expr+" AS v FROM ("+r.pairs()+"))", nil, &w, &ww, &mean, &second)
		if err != nil {
			return err
		}
		r.add(c.metric, ofMean(mean/w, second/w, w*w/ww).within(0, math.Inf(1)), rows, "normal", nil)
	}
	return nil
}

// ofMean is the normal interval of a mean from its first two moments.
func ofMean(mean, second, n float64) number {
	low, high := stats.Normal(mean, math.Sqrt(math.Max(0, second-mean*mean)/n), stats.Z95)
	return number{mean, low, high}
}

// calibration sets the mean score of each of 15 bins of equal width against the
// share of positives in it. The expected calibration error is the mean distance.
func (r *report) calibration(ctx context.Context, rows int) error {
	var all []bin
	chart := modelvet.Series{Name: name + "/calibration"}
	err := r.each(ctx, fmt.Sprintf(`SELECT sum(w), sum(w*w), sum(w*s), sum(w*g), sum(w*g*g), coalesce(sum(w) FILTER (WHERE y), 0) FROM (
		SELECT *, s - CASE WHEN y THEN 1 ELSE 0 END AS g, least(floor(s * %d), %d) AS b FROM (%s)) GROUP BY b ORDER BY b`, bins, bins-1, r.pairs()),
		nil, func(rows *sql.Rows) error {
			var b bin
			var score, positives float64
			err := rows.Scan(&b.weight, &b.squares, &score, &b.gap, &b.gapSquared, &positives)
			if b.weight > 0 {
				all = append(all, b)
				chart.X, chart.Y = append(chart.X, score/b.weight), append(chart.Y, positives/b.weight)
			}
			return err
		})
	if err != nil {
		return err
	}
	r.scan.Series = append(r.scan.Series, chart)
	r.add("expected_calibration_error", calibrationError(all), rows, "normal, mover", nil)
	return nil
}

// bin holds weighted sums of score minus truth.
type bin struct{ weight, squares, gap, gapSquared float64 }

// calibrationError is the weighted mean of the sizes of the bins' gaps; the
// interval is made of those of the bins (MOVER).
func calibrationError(all []bin) number {
	var total, value, down, up float64
	for _, b := range all {
		total += b.weight
	}
	for _, b := range all {
		n := ofMean(b.gap/b.weight, b.gapSquared/b.weight, b.weight*b.weight/b.squares)
		size := math.Abs(n.value)
		low, high := stats.Abs(n.low, n.high)
		part := b.weight / total
		value, down, up = value+part*size, math.Hypot(down, part*(size-low)), math.Hypot(up, part*(high-size))
	}
	return number{value, value - down, value + up}.within(0, 1)
}
