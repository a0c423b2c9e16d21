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
	var bad int64
	for rows.Next() {
		f := fact{protected: make([]sql.NullString, len(q.attributes))}
		to := []any{&f.label, &f.prediction}
		for i := range f.protected {
			to = append(to, &f.protected[i])
		}
		var wrong int64
		if err := rows.Scan(append(to, &f.rows, &wrong, &f.weight, &f.squares, &f.score, &f.scores)...); err != nil {
			return nil, err
		}
		if bad += wrong; !f.prediction.Valid {
			bad += int64(f.rows)
		}
		out = append(out, f)
	}
	if err := rows.Err(); err != nil {
		return nil, q.tab.Explain(err)
	}
	return out, q.usable(ctx, out, bad)
}

// usable refuses facts that leave something out.
func (q question) usable(ctx context.Context, facts []fact, bad int64) error {
	switch {
	case len(facts) == 0:
		return errors.New("it has no rows: nothing can be measured on it")
	case bad > 0:
		return q.blame(ctx)
	case len(facts) > maxFacts:
		return q.tooMany(ctx)
	}
	return nil
}

// sql groups by the columns as they are: nothing is computed for each row but
// sums, which are exact in every order unless there are weights.
func (q question) sql() string {
	columns := []string{q.t.Label, q.t.Prediction}
	columns = append(columns, q.attributes...)
	var inner, group, outer []string
	for i, c := range columns {
		as := fmt.Sprintf("k%d", i)
		if c == "" {
			outer = append(outer, "CAST(NULL AS VARCHAR) AS o0")
			continue
		}
		col, _ := q.tab.Column(c)
		inner, group = append(inner, dataset.Ident(c)+" AS "+as), append(group, dataset.Ident(c))
		outer = append(outer, q.tab.TextOf(as, col.Type)+fmt.Sprintf(" AS o%d", i))
	}
	weight, sums := q.sums()
	inner = append(inner, "count(*) AS n", "count(*) FILTER (WHERE "+q.wrong()+") AS bad",
		weight+" AS w", sums[0]+" AS ww", sums[1]+" AS sc", sums[2]+" AS sq")
	return fmt.Sprintf("SELECT %s, n, bad, w, ww, sc, sq FROM (SELECT %s FROM t GROUP BY %s LIMIT %d) g ORDER BY %s", strings.Join(outer, ", "),
		strings.Join(inner, ", "), strings.Join(group, ", "), maxFacts+1, places(len(columns)))
}

func places(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint(i + 1)
	}
	return strings.Join(out, ", ")
}

// sums are those of the weight, its square, the score and its square. Weighted
// ones add in the order of the rows.
func (q question) sums() (weight string, rest [3]string) {
	n := "CAST(count(*) AS DOUBLE)"
	rest = [3]string{n, "CAST(0 AS DOUBLE)", "CAST(0 AS DOUBLE)"}
	score := q.tab.Number(q.t.Score)
	if q.t.Weight == "" {
		if q.calibrated() {
			rest[1], rest[2] = q.tab.Sum(score), q.tab.Sum(score+"*"+score)
		}
		return n, rest
	}
	w := q.tab.Number(q.t.Weight)
	sum := func(e string) string { return "coalesce(sum(" + e + "), 0)" }
	rest[0] = sum(w + "*" + w)
	if q.calibrated() {
		rest[1], rest[2] = sum(w+"*"+score), sum(w+"*"+score+"*"+score)
	}
	return sum(w), rest
}

// demand is what the numbers of a column must be.
type demand struct{ column, wrong, want string }

func (q question) demands() (out []demand) {
	number := func(column, also, want string) {
		if column != "" {
			v := q.tab.Number(column)
			out = append(out, demand{column, v + " IS NULL OR NOT " + q.tab.Finite(v) + strings.ReplaceAll(also, "v", v), want})
		}
	}
	out = append(out, demand{q.t.Prediction, q.tab.Text(q.t.Prediction) + " IS NULL", "a prediction in every row"})
	number(q.t.Weight, " OR v < 0", "finite weights of 0 or more")
	number(q.t.Score, fmt.Sprintf(" OR abs(v) > %g", maxScore), fmt.Sprintf("a finite score in every row, of at most %g in size", maxScore))
	return out
}

// maxScore is the size up to which sums of squares are exact.
const maxScore = 1e9

// wrong is the condition that a row's weight or score is none.
func (q question) wrong() string {
	out := "1 = 0"
	for _, d := range q.demands()[1:] {
		out += " OR " + d.wrong
	}
	return out
}

// blame finds the first row at fault, and how many there are.
func (q question) blame(ctx context.Context) error {
	for _, d := range q.demands() {
		var bad, first sql.NullInt64
		if err := q.one(ctx, "SELECT count(*) FROM t WHERE "+d.wrong, &bad); err != nil {
			return err
		}
		if bad.Int64 == 0 {
			continue
		}
		err := q.one(ctx, "SELECT min(r) FROM (SELECT CASE WHEN "+d.wrong+" THEN 1 ELSE 0 END AS x, row_number() OVER () AS r FROM t) z WHERE x = 1", &first)
		if err != nil {
			return err
		}
		return fmt.Errorf("column %q: %d rows are not as they must be, the first is row %d%s: expected %s", d.column, bad.Int64, first.Int64, q.tab.Line(first.Int64), d.want)
	}
	return errors.New("a row has no number where it must have one")
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
	if err := q.filled(facts, labels); err != nil {
		return err
	}
	if q.t.Label == "" {
		labels = predictions
	}
	return q.checkValues(distinct(predictions), distinct(labels), task)
}

// filled wants a value somewhere in every column that the table names.
func (q question) filled(facts []fact, labels []string) error {
	if q.t.Label != "" && len(labels) == 0 {
		return fmt.Errorf("column %q (label) is empty in every row: name the column with what came true, or none", q.t.Label)
	}
	for i, a := range q.attributes {
		if !slices.ContainsFunc(facts, func(f fact) bool { return f.protected[i].Valid }) {
			return fmt.Errorf("column %q (protected) is empty in every row: there is no group to measure", a)
		}
	}
	return nil
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
