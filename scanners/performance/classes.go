// SPDX-License-Identifier: Apache-2.0

package performance

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/modelvet/modelvet/scanners/internal/stats"
)

const (
	maxClasses = 200
	maxGroups  = 500
	missing    = "(missing)"
)

// tally counts the rows of one label that got one prediction.
type tally struct {
	label, prediction string
	rows              int
	weight, squares   float64
}

// classes measures what follows from the confusion matrix.
func (r *report) classes(ctx context.Context) error {
	tallies, err := r.confusion(ctx)
	if err != nil {
		return err
	}
	labels, all := classesOf(tallies)
	if err := r.plausible(labels, all); err != nil {
		return err
	}
	any := func(tally) bool { return true }
	right := func(t tally) bool { return t.label == t.prediction }
	rate, n := share(tallies, any, right)
	r.add("accuracy", wilson(rate), n, "wilson", nil)
	r.balanced(tallies, labels, n)
	if len(all) > 2 {
		r.macroF1(tallies, all, n)
	} else {
		r.binary(tallies)
	}
	return r.groups(ctx)
}

func (r *report) confusion(ctx context.Context) (out []tally, err error) {
	w := r.weight()
	err = r.each(ctx, "SELECT "+r.tab.Text(r.t.Label)+" AS y, "+r.tab.Text(r.t.Prediction)+" AS p, count(*), CAST(sum("+w+") AS DOUBLE), CAST(sum("+w+"*"+w+
		") AS DOUBLE) FROM t GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 40001", nil, func(rows *sql.Rows) error {
		var t tally
		err := rows.Scan(&t.label, &t.prediction, &t.rows, &t.weight, &t.squares)
		out = append(out, t)
		return err
	})
	return out, err
}

func classesOf(tallies []tally) (labels, all []string) {
	for _, t := range tallies {
		labels = append(labels, t.label)
		all = append(all, t.label, t.prediction)
	}
	slices.Sort(labels)
	slices.Sort(all)
	return slices.Compact(labels), slices.Compact(all)
}

// plausible refuses columns that are no classes, or not the same ones.
func (r *report) plausible(labels, all []string) error {
	list := strings.Join(all[:min(len(all), 10)], ", ")
	switch {
	case len(all) > maxClasses:
		return fmt.Errorf("%s and %s have %d values or more (%s, ...): they hold no classes; is the task a regression?", r.t.Label, r.t.Prediction, len(all), list)
	case len(all) > 2 && r.task == "binary-classification":
		return fmt.Errorf("%s and %s together have %d values (%s): a binary classification has two, written alike in both columns", r.t.Label, r.t.Prediction, len(all), list)
	case len(all) <= 2 && !slices.Contains(all, r.positive) && r.task != "multiclass":
		return fmt.Errorf("positive is %q, a value that neither %s nor %s has: the values are %s; set positive in the table", r.positive, r.t.Label, r.t.Prediction, list)
	}
	return nil
}

// share counts the rows that hit among those that are of, and their effective
// number (Kish 1965).
func share(tallies []tally, of, hit func(tally) bool) (stats.Rate, int) {
	var weight, squares, hits float64
	rows := 0
	for _, t := range tallies {
		if !of(t) {
			continue
		}
		rows, weight, squares = rows+t.rows, weight+t.weight, squares+t.squares
		if hit(t) {
			hits += t.weight
		}
	}
	if squares == 0 {
		return stats.Rate{}, rows
	}
	return stats.Rate{Hits: hits * weight / squares, Of: weight * weight / squares}, rows
}

func wilson(r stats.Rate) number {
	low, high := stats.Wilson(r, stats.Z95)
	return number{r.Value(), low, high}
}

// balanced is the mean of the recalls of all classes that occur; its interval
// is made of theirs (MOVER, Zou and Donner 2008).
func (r *report) balanced(tallies []tally, labels []string, rows int) {
	var value, down, up float64
	for _, l := range labels {
		rate, _ := share(tallies, func(t tally) bool { return t.label == l }, func(t tally) bool { return t.prediction == l })
		n := wilson(rate)
		value, down, up = value+n.value, math.Hypot(down, n.value-n.low), math.Hypot(up, n.high-n.value)
	}
	k := float64(len(labels))
	r.add("balanced_accuracy", number{value / k, (value - down) / k, (value + up) / k}.within(0, 1), rows, "wilson, mover", nil)
}

// binary measures the positive class.
func (r *report) binary(tallies []tally) {
	called := func(t tally) bool { return t.prediction == r.positive }
	truly := func(t tally) bool { return t.label == r.positive }
	precision, n := share(tallies, called, truly)
	r.add("precision", wilson(precision), n, "wilson", nil)
	recall, n := share(tallies, truly, called)
	r.add("recall", wilson(recall), n, "wilson", nil)
	other := func(t tally) bool { return !truly(t) }
	specificity, n := share(tallies, other, func(t tally) bool { return !called(t) })
	r.add("specificity", wilson(specificity), n, "wilson", nil)
	either := func(t tally) bool { return called(t) || truly(t) }
	both, n := share(tallies, either, func(t tally) bool { return called(t) && truly(t) })
	f := wilson(both) // F1 = 2J/(1+J) rises with the Jaccard index J, which is a share
	r.add("f1", number{fromJaccard(f.value), fromJaccard(f.low), fromJaccard(f.high)}, n, "wilson on jaccard", nil)
}

func fromJaccard(j float64) float64 { return 2 * j / (1 + j) }

// macroF1 is the plain mean of the F1 of all classes; its interval is made of
// theirs (MOVER).
func (r *report) macroF1(tallies []tally, classes []string, rows int) {
	var value, down, up float64
	for _, c := range classes {
		rate, _ := share(tallies, func(t tally) bool { return t.label == c || t.prediction == c },
			func(t tally) bool { return t.label == c && t.prediction == c })
		n := wilson(rate)
		v := fromJaccard(n.value)
		value, down, up = value+v, math.Hypot(down, v-fromJaccard(n.low)), math.Hypot(up, fromJaccard(n.high)-v)
	}
	k := float64(len(classes))
	r.add("macro_f1", number{value / k, (value - down) / k, (value + up) / k}.within(0, 1), rows, "wilson on jaccard, mover", nil)
}

// groups measures accuracy for each group of each protected attribute.
func (r *report) groups(ctx context.Context) error {
	w := r.weight()
	for i, a := range r.t.Protected {
		if slices.Contains(r.t.Protected[:i], a) {
			continue
		}
		var of []tally
		err := r.each(ctx, "SELECT coalesce("+r.tab.Text(a)+", '"+missing+"') AS g, CASE WHEN "+r.tab.Text(r.t.Label)+" = "+r.tab.Text(r.t.Prediction)+
			" THEN '1' ELSE '0' END AS hit, count(*), CAST(sum("+w+") AS DOUBLE), CAST(sum("+w+"*"+w+") AS DOUBLE) FROM t GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 1001",
			nil, func(rows *sql.Rows) error {
				var t tally
				err := rows.Scan(&t.label, &t.prediction, &t.rows, &t.weight, &t.squares)
				of = append(of, t)
				return err
			})
		if err != nil {
			return err
		}
		names, _ := classesOf(of)
		if len(names) > maxGroups {
			return fmt.Errorf("protected attribute %q has more than %d values: put the values into groups first", a, maxGroups)
		}
		for _, g := range names {
			rate, n := share(of, func(t tally) bool { return t.label == g }, func(t tally) bool { return t.prediction == "1" })
			r.add("accuracy", wilson(rate), n, "wilson", map[string]string{"attribute": a, "group": g})
		}
	}
	return nil
}
