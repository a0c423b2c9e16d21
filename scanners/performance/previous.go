// SPDX-License-Identifier: Apache-2.0

package performance

import (
	"context"
	"fmt"
	"math"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/internal/stats"
)

// against is the slice of a comparison with the version in use now.
var against = map[string]string{"reference": "previous"}

// previous sets the score against that of the version in use now, row by row:
// the difference of the areas under the ROC curve with the paired variance of
// DeLong et al. (1988), of the Brier score and of the log loss with that of a
// mean of paired differences. Above 0 is better for roc_auc_difference, below 0
// for the losses. Whether the new version is inferior is for a rule to say, at
// the end of the interval.
func (r *report) previous(ctx context.Context, rows int) error {
	if r.t.Previous == "" {
		return nil
	}
	if r.t.Weight != "" {
		r.scan.Coverage.Skipped = append(r.scan.Coverage.Skipped, modelvet.Gap{Path: r.t.Path, Reason: "with weights, the previous version is not compared"})
		return nil
	}
	if err := r.paired(ctx, rows); err != nil {
		return err
	}
	return r.pairedLosses(ctx, rows)
}

// both is the table of the score s, the previous score q and the truth y (1 or 0).
func (r *report) both() string {
	return "SELECT " + r.tab.Number(r.t.Score) + " AS s, " + r.tab.Number(r.t.Previous) + " AS q, CASE WHEN " + r.truth() + " THEN 1 ELSE 0 END AS y FROM t"
}

// placed adds to each row its place among those of the other class, by either
// score, ties counting half: the share of negatives below a positive, and of
// positives above a negative.
const placed = `SELECT y, CASE WHEN y = 1 THEN (sum(1 - y) OVER (ORDER BY s) - sum(1 - y) OVER (PARTITION BY s) / 2e0) / n
		ELSE 1e0 - (sum(y) OVER (ORDER BY s) - sum(y) OVER (PARTITION BY s) / 2e0) / m END AS a,
	CASE WHEN y = 1 THEN (sum(1 - y) OVER (ORDER BY q) - sum(1 - y) OVER (PARTITION BY q) / 2e0) / n
		ELSE 1e0 - (sum(y) OVER (ORDER BY q) - sum(y) OVER (PARTITION BY q) / 2e0) / m END AS b
	FROM (SELECT s, q, y, sum(y) OVER () AS m, sum(1 - y) OVER () AS n FROM (%s) p) o`

func (r *report) paired(ctx context.Context, rows int) error {
	var auc, variance [2]float64
	var n [2]int
	err := r.one(ctx, "SELECT count(*) FILTER (WHERE y = 1), count(*) FILTER (WHERE y = 0), avg(a) FILTER (WHERE y = 1), avg(b) FILTER (WHERE y = 1), "+
		"var_samp(a - b) FILTER (WHERE y = 1), var_samp(a - b) FILTER (WHERE y = 0) FROM ("+fmt.Sprintf(placed, r.both())+") z",
		nil, &n[0], &n[1], &auc[0], &auc[1], &nullable{&variance[0]}, &nullable{&variance[1]})
	if err != nil {
		return err
	}
	d := auc[0] - auc[1]
	r.add("roc_auc_previous", number{auc[1], auc[1], auc[1]}, rows, "", against)
	low, high := stats.Normal(d, math.Sqrt(variance[0]/float64(n[0])+variance[1]/float64(n[1])), stats.Z95)
	r.add("roc_auc_difference", number{d, low, high}.within(-1, 1), rows, "delong, paired", against)
	return nil
}

// pairedLosses compares losses, where both scores are probabilities.
func (r *report) pairedLosses(ctx context.Context, rows int) error {
	var low, high float64
	if err := r.one(ctx, "SELECT min(least(s, q)), max(greatest(s, q)) FROM ("+r.both()+") z", nil, &low, &high); err != nil {
		return err
	}
	if low < 0 || high > 1 {
		return nil
	}
	loss := func(c string) string {
		return "-ln(greatest(" + eps + ", least(1 - " + eps + ", CASE WHEN y = 1 THEN " + c + " ELSE 1 - " + c + " END)))"
	}
	for _, d := range []struct{ metric, of string }{{"log_loss_difference", loss("s") + " - " + loss("q")}, {"brier_difference", "(s - y) * (s - y) - (q - y) * (q - y)"}} {
		var n, mean, second float64
		err := r.one(ctx, "SELECT CAST(count(*) AS DOUBLE), avg(d), avg(d * d) FROM (SELECT "+d.of+" AS d FROM ("+r.both()+") z) x", nil, &n, &mean, &second)
		if err != nil {
			return err
		}
		r.add(d.metric, ofMean(mean, second, n), rows, "normal, paired", against)
	}
	return nil
}

// nullable leaves a number at 0 where there is none: one row has no variance.
type nullable struct{ to *float64 }

// Scan takes what a database gives.
func (n *nullable) Scan(v any) error {
	switch x := v.(type) {
	case nil:
		*n.to = math.NaN()
	case float64:
		*n.to = x
	default:
		return fmt.Errorf("expected a number, got %T", v)
	}
	return nil
}
