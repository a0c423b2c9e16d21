// SPDX-License-Identifier: Apache-2.0

package fairness

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
	"github.com/modelvet/modelvet/scanners/internal/stats"
)

const (
	maxGroups = 500
	maxValues = 10 // how many values an error message lists
)

// question asks a table for counts: the only thing that fairness needs of it.
type question struct {
	tab                  *dataset.Table
	t                    modelvet.Table
	positive, favourable string
}

func newQuestion(tab *dataset.Table, t modelvet.Table) question {
	q := question{tab: tab, t: t, positive: t.Positive, favourable: t.Favourable}
	if q.positive == "" {
		q.positive = "1"
	}
	if q.favourable == "" {
		q.favourable = q.positive
	}
	return q
}

// cell is what is counted: one for each combination of facts about a row.
type cell struct {
	labelled        bool // the label is there
	labelFav        bool // the label is favourable
	labelPos        bool // the label is positive
	predFav         bool // the prediction is favourable: the person is selected
	predPos         bool // the prediction is positive
	correct         bool // prediction and label are one value
	rows            int
	weight, squares float64 // sums of weights and of their squares
	gap, gapSquared float64 // weighted sums of score minus truth (1 where the label is positive) and of its square
}

// group is one group of people and its cells.
type group struct {
	name  string
	rows  int
	cells []cell
}

// rate counts the rows that hit among those that are of.
func (g group) rate(of, hit func(cell) bool) (stats.Rate, int) {
	var weight, squares, hits float64
	var rows int
	for _, c := range g.cells {
		if !of(c) {
			continue
		}
		rows, weight, squares = rows+c.rows, weight+c.weight, squares+c.squares
		if hit(c) {
			hits += c.weight
		}
	}
	if squares == 0 {
		return stats.Rate{}, rows
	}
	scale := weight / squares // the effective number is weight^2/squares (Kish 1965); 1 without weights
	return stats.Rate{Hits: hits * scale, Of: weight * scale}, rows
}

// groups counts the table by the given attributes; without any, as a whole.
// Groups are sorted by name.
func (q question) groups(ctx context.Context, attributes ...string) ([]group, error) {
	rows, err := q.tab.Query(ctx, q.sql(attributes), q.args()...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []group
	for rows.Next() {
		name, c, err := read(rows)
		if err != nil {
			return nil, err
		}
		if n := len(out); n == 0 || out[n-1].name != name {
			out = append(out, group{name: name})
		}
		g := &out[len(out)-1]
		g.cells, g.rows = append(g.cells, c), g.rows+c.rows
	}
	return out, rows.Err()
}

func read(rows *sql.Rows) (string, cell, error) {
	var name string
	var c cell
	var fav, pos, correct sql.NullBool
	err := rows.Scan(&name, &fav, &pos, &correct, &c.predFav, &c.predPos, &c.rows, &c.weight, &c.squares, &c.gap, &c.gapSquared)
	c.labelled, c.labelFav, c.labelPos, c.correct = pos.Valid, fav.Bool, pos.Bool, correct.Bool
	return name, c, err
}

// sql groups by the attributes and by what is known of a row.
func (q question) sql(attributes []string) string {
	group := "''"
	var parts []string
	for _, a := range attributes {
		parts = append(parts, "coalesce("+q.tab.Text(a)+", "+"'"+Missing+"')")
	}
	if len(parts) > 0 {
		group = strings.Join(parts, " || '×' || ")
	}
	label, weight, score, truth := "NULL", "1", "0.0", "0.0"
	if q.t.Label != "" {
		label = q.tab.Text(q.t.Label)
	}
	if q.t.Weight != "" {
		weight = "CAST(" + dataset.Ident(q.t.Weight) + " AS DOUBLE)"
	}
	if q.calibrated() {
		score, truth = "CAST("+dataset.Ident(q.t.Score)+" AS DOUBLE)", "CASE WHEN "+label+" = $1 THEN 1.0 ELSE 0.0 END"
	}
	gap := "(" + score + " - " + truth + ")"
	predicted := q.tab.Text(q.t.Prediction)
	sum := func(expr string) string { return ", CAST(sum(" + weight + expr + ") AS DOUBLE)" }
	return "SELECT " + group + " AS g, " + label + " = $2, " + label + " = $1, " + label + " = " + predicted + ", " +
		predicted + " = $2, " + predicted + " = $1, count(*)" +
		sum("") + sum("*"+weight) + sum("*"+gap) + sum("*"+gap+"*"+gap) + " " +
		"FROM t GROUP BY ALL ORDER BY ALL"
}

func (q question) args() []any { return []any{q.positive, q.favourable} }

// calibrated says whether the score can be set against the label.
func (q question) calibrated() bool { return q.t.Score != "" && q.t.Label != "" }

// check refuses what would make every later number a lie.
func (q question) check(ctx context.Context, task string) error {
	if err := q.checkNumbers(ctx); err != nil {
		return err
	}
	predictions, err := q.values(ctx, q.t.Prediction)
	if err != nil {
		return err
	}
	labels := predictions
	if q.t.Label != "" {
		if labels, err = q.values(ctx, q.t.Label); err != nil {
			return err
		}
	}
	return q.checkValues(predictions, labels, task)
}

func (q question) checkValues(predictions, labels []string, task string) error {
	all := slices.Compact(slices.Sorted(slices.Values(slices.Concat(predictions, labels))))
	for _, r := range [][2]string{{"positive", q.positive}, {"favourable", q.favourable}} {
		if role, v := r[0], r[1]; !slices.Contains(all, v) {
			return fmt.Errorf("%s is %q, a value that neither %s nor %s has: its values are %s; set %s in the table",
				role, v, q.t.Prediction, orNone(q.t.Label), some(all), role)
		}
	}
	if len(all) > 2 && (task == "binary-classification" || !slices.ContainsFunc(predictions, func(p string) bool { return slices.Contains(labels, p) })) {
		return fmt.Errorf("%s and %s together have %d values (%s): a binary decision has two, written alike in both columns",
			q.t.Prediction, orNone(q.t.Label), len(all), some(all))
	}
	return nil
}

func orNone(label string) string {
	if label == "" {
		return "a label"
	}
	return label
}

func some(values []string) string {
	if len(values) > maxValues {
		return strings.Join(values[:maxValues], ", ") + ", ..."
	}
	return strings.Join(values, ", ")
}

// values lists the distinct values of a column; an end is put to columns that
// are no classes.
func (q question) values(ctx context.Context, column string) ([]string, error) {
	rows, err := q.tab.Query(ctx, "SELECT DISTINCT "+q.tab.Text(column)+" AS v FROM t WHERE v IS NOT NULL ORDER BY v LIMIT 501")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	if len(out) > maxGroups {
		return nil, fmt.Errorf("column %q has more than %d values: it holds no classes", column, maxGroups)
	}
	return out, rows.Err()
}

// checkNumbers looks for empty predictions, and for weights and scores that
// are no numbers.
func (q question) checkNumbers(ctx context.Context) error {
	for _, c := range []struct{ column, expr, bad, want string }{
		{q.t.Prediction, q.tab.Text(q.t.Prediction), "v IS NULL", "a prediction in every row"},
		{q.t.Weight, "TRY_CAST(" + dataset.Ident(q.t.Weight) + " AS DOUBLE)", "v IS NULL OR NOT isfinite(v) OR v < 0", "finite weights of 0 or more"},
		{q.t.Score, "TRY_CAST(" + dataset.Ident(q.t.Score) + " AS DOUBLE)", "v IS NULL OR NOT isfinite(v)", "a finite score in every row"},
	} {
		if c.column == "" {
			continue
		}
		var bad, first sql.NullInt64
		err := q.one(ctx, "SELECT count(*), min(r) FROM (SELECT "+c.expr+" AS v, row_number() OVER () AS r FROM t) WHERE "+c.bad, &bad, &first)
		if err != nil {
			return err
		}
		if bad.Int64 > 0 {
			return fmt.Errorf("column %q: %d rows are not as they must be, the first is row %d: expected %s", c.column, bad.Int64, first.Int64, c.want)
		}
	}
	return nil
}

func (q question) one(ctx context.Context, query string, to ...any) error {
	rows, err := q.tab.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return errors.Join(errors.New("a question had no answer"), rows.Err())
	}
	return rows.Scan(to...)
}
