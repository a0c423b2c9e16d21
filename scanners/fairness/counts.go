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
	maxFacts  = 200_000
	maxValues = 10 // how many values an error message lists
)

// question asks a table for counts: the only thing that fairness needs of it.
type question struct {
	tab                  *dataset.Table
	t                    modelvet.Table
	attributes           []string // protected, each once
	positive, favourable string
}

func newQuestion(tab *dataset.Table, t modelvet.Table) question {
	q := question{tab: tab, t: t, positive: t.Positive, favourable: t.Favourable}
	for _, a := range t.Protected {
		if !slices.Contains(q.attributes, a) {
			q.attributes = append(q.attributes, a)
		}
	}
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

// fact is what one row says, apart from its numbers, and how many rows say it.
type fact struct {
	label, prediction sql.NullString
	protected         []sql.NullString
	rows              int
	weight, squares   float64
	score, scores     float64 // weighted sums of the score and of its square
}

// facts asks the table, once, for everything that is measured afterwards.
func (q question) facts(ctx context.Context) ([]fact, error) {
	rows, err := q.tab.Query(ctx, q.sql())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []fact
	for rows.Next() {
		f := fact{protected: make([]sql.NullString, len(q.attributes))}
		to := []any{&f.label, &f.prediction}
		for i := range f.protected {
			to = append(to, &f.protected[i])
		}
		if err := rows.Scan(append(to, &f.rows, &f.weight, &f.squares, &f.score, &f.scores)...); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(out) > maxFacts {
		return nil, q.tooMany(ctx)
	}
	return out, nil
}

// sql groups by the columns as they are: nothing is computed for each row but sums.
func (q question) sql() string {
	columns := []string{"NULL", q.tab.Text(q.t.Prediction)}
	if q.t.Label != "" {
		columns[0] = q.tab.Text(q.t.Label)
	}
	for _, a := range q.attributes {
		columns = append(columns, q.tab.Text(a))
	}
	weight, score := "", ""
	sums := []string{"CAST(count(*) AS DOUBLE)", "CAST(count(*) AS DOUBLE)", "0.0::DOUBLE", "0.0::DOUBLE"}
	if q.t.Weight != "" {
		weight = "CAST(" + dataset.Ident(q.t.Weight) + " AS DOUBLE)"
		sums[0], sums[1] = "sum("+weight+")", "sum("+weight+"*"+weight+")"
		weight += "*"
	}
	if q.calibrated() {
		score = "CAST(" + dataset.Ident(q.t.Score) + " AS DOUBLE)"
		sums[2], sums[3] = "sum("+weight+score+")", "sum("+weight+score+"*"+score+")"
	}
	return fmt.Sprintf("SELECT %s, count(*), %s FROM t GROUP BY ALL ORDER BY ALL LIMIT %d", strings.Join(columns, ", "), strings.Join(sums, ", "), maxFacts+1)
}

// tooMany says which column is at fault.
func (q question) tooMany(ctx context.Context) error {
	for _, c := range append([]string{q.t.Label, q.t.Prediction}, q.attributes...) {
		var n sql.NullInt64
		if c == "" {
			continue
		}
		if err := q.one(ctx, "SELECT count(DISTINCT "+dataset.Ident(c)+") FROM t", &n); err != nil {
			return err
		}
		if n.Int64 > maxGroups {
			return fmt.Errorf("column %q has %d values, more than %d: it holds no groups or classes; put the values into groups first", c, n.Int64, maxGroups)
		}
	}
	return fmt.Errorf("the protected attributes %s have more than %d combinations: name fewer, or put their values into groups first", strings.Join(q.attributes, ", "), maxFacts)
}

// cell is what a fact means, given the positive and the favourable value.
func (q question) cell(f fact) cell {
	c := cell{labelled: f.label.Valid, rows: f.rows, weight: f.weight, squares: f.squares}
	c.labelFav, c.labelPos = f.label.Valid && f.label.String == q.favourable, f.label.Valid && f.label.String == q.positive
	c.predFav, c.predPos = f.prediction.String == q.favourable, f.prediction.String == q.positive
	c.correct = f.label.Valid && f.label.String == f.prediction.String
	truth := one(c.labelPos)
	c.gap, c.gapSquared = f.score-truth*f.weight, f.scores-2*truth*f.score+truth*f.weight
	return c
}

// groups divides the facts by the attributes at these places; without any,
// there is one group. Groups are sorted by name.
func (q question) groups(facts []fact, at ...int) []group {
	byName := map[string]*group{}
	var names []string
	for _, f := range facts {
		parts := make([]string, len(at))
		for i, k := range at {
			parts[i] = Missing
			if v := f.protected[k]; v.Valid {
				parts[i] = v.String
			}
		}
		name := join(parts)
		g := byName[name]
		if g == nil {
			g = &group{name: name}
			byName[name], names = g, append(names, name)
		}
		g.put(q.cell(f))
	}
	slices.Sort(names)
	out := make([]group, 0, len(names))
	for _, n := range names {
		out = append(out, *byName[n])
	}
	return out
}

// put adds a cell to the one of its like.
func (g *group) put(c cell) {
	g.rows += c.rows
	for i := range g.cells {
		o := &g.cells[i]
		if o.labelled == c.labelled && o.labelFav == c.labelFav && o.labelPos == c.labelPos && o.predFav == c.predFav && o.predPos == c.predPos && o.correct == c.correct {
			o.rows, o.weight, o.squares, o.gap, o.gapSquared = o.rows+c.rows, o.weight+c.weight, o.squares+c.squares, o.gap+c.gap, o.gapSquared+c.gapSquared
			return
		}
	}
	g.cells = append(g.cells, c)
}

// calibrated says whether the score can be set against the label.
func (q question) calibrated() bool { return q.t.Score != "" && q.t.Label != "" }

// check refuses what would make every later number a lie.
func (q question) check(facts []fact, task string) error {
	var predictions, labels []string
	for _, f := range facts {
		predictions = append(predictions, f.prediction.String)
		if f.label.Valid {
			labels = append(labels, f.label.String)
		}
	}
	if q.t.Label == "" {
		labels = predictions
	}
	return q.checkValues(distinct(predictions), distinct(labels), task)
}

func distinct(values []string) []string { return slices.Compact(slices.Sorted(slices.Values(values))) }

func (q question) checkValues(predictions, labels []string, task string) error {
	all := distinct(slices.Concat(predictions, labels))
	if len(all) > maxGroups {
		return fmt.Errorf("%s and %s have more than %d values: they hold no classes", q.t.Prediction, orNone(q.t.Label), maxGroups)
	}
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
		err := q.one(ctx, "SELECT count(*) FROM (SELECT "+c.expr+" AS v FROM t) WHERE "+c.bad, &bad)
		if err == nil && bad.Int64 > 0 {
			err = q.one(ctx, "SELECT min(r) FROM (SELECT "+c.expr+" AS v, row_number() OVER () AS r FROM t) WHERE "+c.bad, &first)
		}
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
