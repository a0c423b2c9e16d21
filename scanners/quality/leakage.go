// SPDX-License-Identifier: Apache-2.0

package quality

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
)

// giveaways finds features of the training data from each value of which the
// label follows without exception: they are often written down after the event.
func (r *report) giveaways(ctx context.Context) error {
	if r.t.Label == "" || r.t.Kind != "training" || r.tab.Rows() < 50 {
		return nil
	}
	label := r.tab.Text(r.t.Label)
	for _, c := range r.tab.Columns() {
		if !r.feature(c.Name) || c.Name == r.t.Label {
			continue
		}
		var values, impure, labels int64
		id := dataset.Ident(c.Name)
		err := r.one(ctx, "SELECT count(*), count(*) FILTER (WHERE n > 1), (SELECT count(DISTINCT "+label+") FROM t) FROM (SELECT count(DISTINCT "+label+") AS n FROM t WHERE "+
			id+" IS NOT NULL GROUP BY "+id+")", nil, &values, &impure, &labels)
		if err != nil {
			return err
		}
		if impure == 0 && labels > 1 && values > 1 && values*10 <= r.tab.Rows() {
			r.find("label-giveaway", modelvet.SeverityWarn, fmt.Sprintf("from each of the %d values of column %q the label follows without exception: does the feature know the outcome?", values, c.Name))
		}
	}
	return nil
}

// leakage counts the rows of a test that were already in the training.
func leakage(ctx context.Context, m modelvet.Model, scan *modelvet.Scan) error {
	train, ok := m.System.Table("training")
	if !ok {
		return nil
	}
	for _, kind := range []string{"validation", "test"} {
		held, ok := m.System.Table(kind)
		if !ok {
			continue
		}
		if err := overlap(ctx, m, train, held, scan); err != nil {
			return fmt.Errorf("comparing %s with %s: %w", held.Path, train.Path, err)
		}
	}
	return nil
}

func overlap(ctx context.Context, m modelvet.Model, train, held modelvet.Table, scan *modelvet.Scan) (err error) {
	a, err := dataset.Open(ctx, m.Dir, train)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := dataset.Open(ctx, m.Dir, held)
	if err != nil {
		return err
	}
	defer b.Close()
	r := &report{tab: b, t: held, scan: scan}
	columns := shared(&report{tab: a, t: train}, r)
	if len(columns) == 0 {
		scan.Coverage.Skipped = append(scan.Coverage.Skipped, modelvet.Gap{Path: held.Path, Reason: "it shares no feature with " + train.Path + ": leakage cannot be looked for"})
		return nil
	}
	for _, q := range []struct {
		metric string
		row    func(*dataset.Table) string
	}{
		{"leaked_share", func(t *dataset.Table) string { return row(t, columns, exactly) }},
		{"near_leaked_share", func(t *dataset.Table) string { return row(t, columns, nearly) }},
	} {
		seen, err := common(ctx, a, b, q.row(a), q.row(b))
		if err != nil {
			return err
		}
		r.share(q.metric, seen, b.Rows(), "from", train.Name)
	}
	if train.ID == "" || held.ID == "" {
		return nil
	}
	seen, err := common(ctx, a, b, a.Text(train.ID), b.Text(held.ID))
	if err != nil {
		return err
	}
	r.share("leaked_id_share", seen, b.Rows(), "from", train.Name)
	return nil
}

// shared are the features that both tables have.
func shared(a, b *report) (out []string) {
	for _, c := range a.tab.Columns() {
		if _, ok := b.tab.Column(c.Name); ok && a.feature(c.Name) && b.feature(c.Name) {
			out = append(out, c.Name)
		}
	}
	slices.Sort(out)
	return out
}

// common counts the rows of b whose text equals that of a row of a. It walks
// along the sorted 60-bit hashes of both, so that memory stays the same whatever
// their size. A text that is NULL equals none.
func common(ctx context.Context, a, b *dataset.Table, inA, inB string) (n int64, err error) {
	left, err := a.Query(ctx, hashes(a, inA))
	if err != nil {
		return 0, err
	}
	defer left.Close()
	right, err := b.Query(ctx, hashes(b, inB))
	if err != nil {
		return 0, err
	}
	defer right.Close()
	x, y := walk{rows: left}, walk{rows: right}
	for x.next(); y.next(); {
		for x.ok && x.hash < y.hash {
			x.next()
		}
		if x.ok && x.hash == y.hash {
			n += y.count
		}
	}
	return n, errors.Join(x.err, y.err, left.Err(), right.Err())
}

func hashes(t *dataset.Table, text string) string {
	return "SELECT h, count(*) FROM (SELECT " + t.Key("v") + " AS h FROM (SELECT " + text + " AS v FROM t) y WHERE v IS NOT NULL) z GROUP BY h ORDER BY h"
}

// row is one text for the columns of a row; what is empty is no text of theirs.
func row(t *dataset.Table, columns []string, form func(*dataset.Table, string) string) string {
	var all []string
	for _, c := range columns {
		all = append(all, "coalesce('v' || "+form(t, c)+", 'n')")
	}
	return strings.Join(all, " || chr(31) || ")
}

func exactly(t *dataset.Table, column string) string { return t.Text(column) }

// nearly is a column in which numbers that agree in three digits, and texts that
// differ in case and in spaces only, are the same.
func nearly(t *dataset.Table, column string) string {
	c, _ := t.Column(column)
	if classOf(c.Type) != number {
		return "lower(trim(regexp_replace(" + t.Text(column) + ", " + t.Spaces() + ")))"
	}
	v := t.Number(column)
	exponent := "CAST(floor(log10(abs(" + v + "))) AS BIGINT)"
	return "CASE WHEN " + v + " = 0 THEN '0' WHEN " + v + " IS NULL OR NOT " + t.Finite(v) + " THEN " + t.Text(column) +
		" ELSE CAST(CAST(round(" + v + " / pow(10, " + exponent + " - 2)) AS BIGINT) AS VARCHAR) || 'e' || CAST(" + exponent + " AS VARCHAR) END"
}

// walk goes along hashes.
type walk struct {
	rows  *sql.Rows
	hash  int64
	count int64
	ok    bool
	err   error
}

func (w *walk) next() bool {
	w.ok = w.err == nil && w.rows.Next()
	if w.ok {
		w.err = w.rows.Scan(&w.hash, &w.count)
		w.ok = w.err == nil
	}
	return w.ok
}
