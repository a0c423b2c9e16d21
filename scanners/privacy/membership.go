// SPDX-License-Identifier: Apache-2.0

package privacy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
	"github.com/modelvet/modelvet/scanners/internal/stats"
)

// step is one value of the loss, and how many members and others have it.
type step struct{ members, others float64 }

// membership measures how well the model's loss tells those it was trained on
// from others (threshold attack, Yeom et al. 2018): a lower loss speaks for a
// member. It tells the area under the attack's ROC curve, its advantage (the
// largest true minus false positive rate) and, since an attack that is sure of a
// few people harms these few, the true positive rate at 0.1 % and 1 % false
// positives (Carlini et al. 2022).
func membership(ctx context.Context, dir string, t modelvet.Table, scan *modelvet.Scan) (err error) {
	if t.Member == "" || t.Loss == "" {
		scan.Coverage.Skipped = append(scan.Coverage.Skipped, modelvet.Gap{Path: t.Path, Reason: "the table of members names no member or no loss column"})
		return nil
	}
	tab, err := dataset.Open(ctx, dir, t, dataset.Lean(t.Member, t.Loss))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tab.Close()) }()
	r := &report{tab: tab, t: t, scan: scan}
	steps, err := r.steps(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", t.Path, err)
	}
	r.attack(steps)
	scan.Coverage.Read = append(scan.Coverage.Read, tab.Files()...)
	return nil
}

// steps are the distinct losses from the lowest to the highest.
func (r *report) steps(ctx context.Context) (out []step, err error) {
	loss, member := r.tab.Number(r.t.Loss), r.tab.Text(r.t.Member)
	rows, err := r.tab.Query(ctx, fmt.Sprintf("SELECT l, count(*) FILTER (WHERE m = '1'), count(*) FILTER (WHERE m = '0'), count(*) FROM (SELECT %s AS l, %s AS m FROM t) o GROUP BY l ORDER BY l NULLS FIRST", loss, member))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var members, others float64
	for rows.Next() {
		var l sql.NullFloat64
		var s step
		var all float64
		if err := rows.Scan(&l, &s.members, &s.others, &all); err != nil {
			return nil, err
		}
		switch {
		case !l.Valid || math.IsNaN(l.Float64):
			return nil, fmt.Errorf("column %q: %g rows have no number: expected a loss in every row", r.t.Loss, all)
		case s.members+s.others != all:
			return nil, fmt.Errorf("column %q: expected 1 for members and 0 for others; %g rows with a loss of %g have something else", r.t.Member, all-s.members-s.others, l.Float64)
		}
		out, members, others = append(out, s), members+s.members, others+s.others
	}
	if err := r.tab.Explain(rows.Err()); err != nil {
		return nil, err
	}
	if members == 0 || others == 0 {
		return nil, fmt.Errorf("column %q: %g members and %g others: both are needed", r.t.Member, members, others)
	}
	return out, nil
}

func (r *report) attack(steps []step) {
	var m, n float64
	for _, s := range steps {
		m, n = m+s.members, n+s.others
	}
	slice := map[string]string{"table": r.t.Name}
	var auc, s10, s01, below, gone float64
	for _, s := range steps { // places, ties counting half
		auc += s.members * (n - below - s.others/2) / (m * n)
		below += s.others
	}
	below = 0
	for _, s := range steps {
		v, u := (n-below-s.others/2)/n, (gone+s.members/2)/m
		s10, s01 = s10+s.members*(v-auc)*(v-auc), s01+s.others*(u-auc)*(u-auc)
		below, gone = below+s.others, gone+s.members
	}
	low, high := stats.Normal(auc, math.Sqrt(s10/(m*math.Max(1, m-1))+s01/(n*math.Max(1, n-1))), stats.Z95)
	low, high = math.Max(0, low), math.Min(1, high)
	r.add(modelvet.Measurement{Metric: "membership_auc", Value: auc, Low: &low, High: &high, N: int(m + n), Slice: slice, Method: "loss threshold, delong"})
	r.advantage(steps, m, n, slice)
	for _, at := range []struct {
		metric string
		rate   float64
	}{{"membership_tpr_at_fpr_0001", .001}, {"membership_tpr_at_fpr_001", .01}} {
		r.tpr(steps, m, n, at.metric, at.rate, slice)
	}
}

func (r *report) advantage(steps []step, m, n float64, slice map[string]string) {
	var tp, fp, most float64
	for _, s := range steps {
		tp, fp = tp+s.members, fp+s.others
		most = math.Max(most, tp/m-fp/n)
	}
	// Twice the two-sample band of Dvoretzky, Kiefer, Wolfowitz and Massart: conservative.
	band := math.Sqrt(math.Log(2/.025)/2) * (1/math.Sqrt(m) + 1/math.Sqrt(n))
	low, high := math.Max(0, most-band), math.Min(1, most+band)
	r.add(modelvet.Measurement{Metric: "membership_advantage", Value: most, Low: &low, High: &high, N: int(m + n), Slice: slice, Method: "loss threshold, dkw (conservative)"})
}

// tpr is the share of members below the highest loss at which no more than this
// share of the others is. The interval is exact (Clopper and Pearson 1934) given
// the threshold. With fewer others than one per such share it says nothing, and
// a gap says why.
func (r *report) tpr(steps []step, m, n float64, metric string, rate float64, slice map[string]string) {
	if n*rate < 1 {
		r.scan.Coverage.Skipped = append(r.scan.Coverage.Skipped, modelvet.Gap{Path: r.t.Path,
			Reason: fmt.Sprintf("%s needs at least %.0f rows of non-members; there are %.0f", metric, 1/rate, n)})
		return
	}
	var tp, fp, best float64
	for _, s := range steps {
		if fp += s.others; fp > rate*n {
			break
		}
		tp += s.members
		best = tp
	}
	low, high := clopperPearson(best, m)
	r.add(modelvet.Measurement{Metric: metric, Value: best / m, Low: &low, High: &high, N: int(m + n), Slice: slice, Method: "loss threshold, clopper-pearson"})
}

func clopperPearson(k, n float64) (low, high float64) {
	high = 1
	if k > 0 {
		low = distuv.Beta{Alpha: k, Beta: n - k + 1}.Quantile(.025)
	}
	if k < n {
		high = distuv.Beta{Alpha: k + 1, Beta: n - k}.Quantile(.975)
	}
	return low, high
}
