// SPDX-License-Identifier: Apache-2.0

package performance

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/modelvet/modelvet/scanners/internal/stats"
)

// regression measures errors of numbers. The intervals are normal, by the delta
// method where the metric is a function of means.
func (r *report) regression(ctx context.Context) error {
	from := fmt.Sprintf("(SELECT %s AS y, %s AS p, CAST(%s AS DOUBLE) AS w FROM t)", r.tab.Number(r.t.Label), r.tab.Number(r.t.Prediction), r.weight())
	var rows int
	var w, ww, mean float64
	if err := r.one(ctx, "SELECT count(*), sum(w), sum(w*w), sum(w*y)/sum(w) FROM "+from, nil, &rows, &w, &ww, &mean); err != nil {
		return err
	}
	// e is the error, d the distance of the label from the mean label
	var e1, e2, e4, d2, d4, cross float64
	err := r.one(ctx, "SELECT sum(w*abs(e)), sum(w*e*e), sum(w*e*e*e*e), sum(w*d*d), sum(w*d*d*d*d), sum(w*e*e*d*d) FROM (SELECT w, y - p AS e, y - CAST('"+strconv.FormatFloat(mean, 'g', -1, 64)+"' AS DOUBLE) AS d FROM "+from+")",
		nil, &e1, &e2, &e4, &d2, &d4, &cross)
	if err != nil {
		return err
	}
	n := w * w / ww
	r.add("mae", ofMean(e1/w, e2/w, n).within(0, math.Inf(1)), rows, "normal", nil)
	mse := ofMean(e2/w, e4/w, n).within(0, math.Inf(1))
	r.add("rmse", number{math.Sqrt(mse.value), math.Sqrt(mse.low), math.Sqrt(mse.high)}, rows, "normal on mse", nil)
	r.add("r2", explained(e2/w, d2/w, e4/w, d4/w, cross/w, n), rows, "normal, delta", nil)
	return r.regressionOf(ctx)
}

// explained is 1 - a/b for the means a of squared errors and b of squared
// distances from the mean; a2, b2 and ab are the means of their products.
func explained(a, b, a2, b2, ab, n float64) number {
	ratio := a / b
	variance := ((a2 - a*a) + ratio*ratio*(b2-b*b) - 2*ratio*(ab-a*b)) / (b * b * n)
	low, high := stats.Normal(1-ratio, math.Sqrt(math.Max(0, variance)), stats.Z95)
	return number{1 - ratio, low, high}.within(math.Inf(-1), 1)
}
