// SPDX-License-Identifier: Apache-2.0

package fairness

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/modelvet/modelvet/dataset"
	"github.com/modelvet/modelvet/scanners/internal/stats"
)

// moments are the weighted sums of a group's predictions and errors.
type moments struct {
	name                        string
	rows                        int
	w, ww, p, pp, e, ee, square float64 // square: of the squared error
}

// regression measures how predictions of a number, and their errors, differ
// between groups: the mean prediction, the mean error (prediction minus truth)
// and the mean squared error, each against the largest group.
func (r *report) regression(ctx context.Context) error {
	if r.q.t.Label == "" {
		r.find("empty-label", "info", "the table names no label: the errors of the groups are not measured")
	}
	for _, at := range eachAndPairs(len(r.q.attributes)) {
		groups, err := r.moments(ctx, at)
		if err != nil {
			return err
		}
		var names []string
		for _, i := range at {
			names = append(names, r.q.attributes[i])
		}
		if len(groups) > maxGroups {
			return fmt.Errorf("%s has more than %d groups: put the values into groups first", join(names), maxGroups)
		}
		r.means(join(names), groups)
	}
	return nil
}

func (r *report) moments(ctx context.Context, at []int) (out []moments, err error) {
	q := r.q
	var keys []string
	for _, i := range at {
		keys = append(keys, "coalesce("+q.tab.Text(q.attributes[i])+", "+dataset.Literal(Missing)+")")
	}
	p, w, e := q.tab.Number(q.t.Prediction), "1e0", "0e0"
	if q.t.Weight != "" {
		w = q.tab.Number(q.t.Weight)
	}
	bad := p + " IS NULL OR NOT " + q.tab.Finite(p) + " OR " + w + " IS NULL OR NOT " + q.tab.Finite(w) + " OR " + w + " < 0"
	if q.t.Label != "" {
		y := q.tab.Number(q.t.Label)
		bad += " OR " + y + " IS NULL OR NOT " + q.tab.Finite(y)
		e = p + " - " + y
	}
	rows, err := q.tab.Query(ctx, fmt.Sprintf("SELECT g, count(*), count(*) FILTER (WHERE bad), sum(w), sum(w*w), sum(w*p), sum(w*p*p), sum(w*e), sum(w*e*e), sum(w*e*e*e*e) "+
		"FROM (SELECT %s AS g, %s AS p, %s AS w, %s AS e, (%s) AS bad FROM t) o GROUP BY g ORDER BY g LIMIT %d", strings.Join(keys, " || '×' || "), p, w, e, bad, maxGroups+1))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m moments
		var wrong int64
		var sums [7]sql.NullFloat64
		if err := rows.Scan(&m.name, &m.rows, &wrong, &sums[0], &sums[1], &sums[2], &sums[3], &sums[4], &sums[5], &sums[6]); err != nil {
			return nil, err
		}
		if wrong > 0 {
			return nil, fmt.Errorf("columns %s: in %d rows of group %q the prediction, label or weight is no finite number", strings.Join([]string{q.t.Prediction, q.t.Label, q.t.Weight}, " "), wrong, m.name)
		}
		for i, to := range []*float64{&m.w, &m.ww, &m.p, &m.pp, &m.e, &m.ee, &m.square} {
			*to = sums[i].Float64
		}
		out = append(out, m)
	}
	return out, q.tab.Explain(rows.Err())
}

// mean is a mean and its variance, from the first two sums.
func (m moments) mean(sum, squares float64) (mean, variance float64) {
	mean = sum / m.w
	return mean, math.Max(0, squares/m.w-mean*mean) * m.ww / (m.w * m.w)
}

func (r *report) means(attribute string, groups []moments) {
	if len(groups) < 2 {
		r.find("one-group", "warn", attribute+" has one group only: there is nothing to compare")
	}
	reference := slices.MaxFunc(groups, func(a, b moments) int { return a.rows - b.rows })
	for _, k := range []struct {
		metric string
		label  bool
		of     func(moments) (float64, float64)
	}{
		{"mean_prediction", false, func(m moments) (float64, float64) { return m.mean(m.p, m.pp) }},
		{"mean_error", true, func(m moments) (float64, float64) { return m.mean(m.e, m.ee) }},
		{"mean_squared_error", true, func(m moments) (float64, float64) { return m.mean(m.ee, m.square) }},
	} {
		if k.label && r.q.t.Label == "" {
			continue
		}
		base, spread := k.of(reference)
		for _, g := range groups {
			v, variance := k.of(g)
			low, high := stats.Normal(v, math.Sqrt(variance), stats.Z95)
			slice := map[string]string{"attribute": attribute, "group": g.name}
			r.add(k.metric, number{v, low, high}, g.rows, "normal", slice)
			if g.name == reference.name {
				continue
			}
			deviation := math.Sqrt(variance + spread)
			low, high = stats.Normal(v-base, deviation, stats.Z95)
			slice = map[string]string{"attribute": attribute, "group": g.name, "reference": reference.name}
			if r.add(k.metric+"_difference", number{v - base, low, high}, g.rows+reference.rows, "welch, normal; z, holm", slice) {
				r.remember(math.Erfc(math.Abs(v-base) / deviation / math.Sqrt2))
			}
		}
	}
}

// classes measures, where a prediction names one of several classes, how
// differently each of them is given to the groups.
func (r *report) classes(facts []fact) {
	var all []string
	for _, f := range facts {
		all = append(all, f.prediction.String)
	}
	if all = distinct(all); len(all) < 3 {
		return
	}
	for i, attribute := range r.q.attributes {
		for _, class := range all {
			one := r.q
			one.favourable = class
			groups := one.groups(facts, i)
			if len(groups) < 2 {
				continue
			}
			var rates []stats.Rate
			rows := 0
			for _, g := range groups {
				rate, n := g.rate(selectionRate.of, selectionRate.hit)
				rates, rows = append(rates, rate), rows+n
			}
			p, test := stats.Homogeneous(rates)
			if r.add("class_parity_difference", spread(rates), rows, "newcombe, intersection-union; "+test+", holm", map[string]string{"attribute": attribute, "class": class}) {
				r.remember(p)
			}
		}
	}
}
