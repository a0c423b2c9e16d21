// SPDX-License-Identifier: Apache-2.0

package performance

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/modelvet/modelvet/dataset"
)

// number is a value with its interval.
type number struct{ value, low, high float64 }

func (n number) defined() bool {
	for _, v := range []float64{n.value, n.low, n.high} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// within keeps the interval inside what the metric can be, and the value in it.
func (n number) within(low, high float64) number {
	return number{n.value, math.Min(n.value, math.Max(low, n.low)), math.Max(n.value, math.Min(high, n.high))}
}

// asker asks a table.
type asker struct{ tab *dataset.Table }

// one asks for one row.
func (a asker) one(ctx context.Context, query string, args []any, to ...any) error {
	found := false
	err := a.each(ctx, query, args, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(to...)
	})
	if err == nil && !found {
		return errors.New("a question had no answer")
	}
	return err
}

// each asks for rows and hands over one after the other.
func (a asker) each(ctx context.Context, query string, args []any, f func(*sql.Rows) error) error {
	rows, err := a.tab.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// check refuses tables on which a number would be a lie: one that leaves rows
// out, or in which a number is none.
func (r *report) check(ctx context.Context) error {
	finite := "v IS NULL OR NOT " + r.tab.Finite("v")
	type demand struct{ column, expr, bad, want string }
	demands := []demand{
		{r.t.Score, r.tab.Number(r.t.Score), finite, "a finite number in every row"},
		{r.t.Previous, r.tab.Number(r.t.Previous), finite, "a finite number in every row"},
		{r.t.Weight, r.tab.Number(r.t.Weight), finite + " OR v < 0", "a finite weight of 0 or more in every row"},
	}
	for _, c := range []string{r.t.Label, r.t.Prediction} {
		d := demand{c, "CAST(" + dataset.Ident(c) + " AS VARCHAR)", "v IS NULL", "a value in every row"}
		if r.task == regression {
			d = demand{c, r.tab.Number(c), finite, "a finite number in every row"}
		}
		demands = append(demands, d)
	}
	for _, d := range demands {
		if d.column == "" {
			continue
		}
		var bad, first sql.NullInt64
		err := r.one(ctx, "SELECT count(*), min(rn) FROM (SELECT "+d.expr+" AS v, row_number() OVER () AS rn FROM t) z WHERE "+d.bad, nil, &bad, &first)
		if err != nil {
			return err
		}
		if bad.Int64 > 0 {
			return fmt.Errorf("column %q: %d rows are not as they must be, the first is row %d%s: expected %s", d.column, bad.Int64, first.Int64, r.tab.Line(first.Int64), d.want)
		}
	}
	return nil
}
