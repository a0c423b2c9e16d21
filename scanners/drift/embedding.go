// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"context"
	"fmt"
	"math"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
)

// sampleRows is how many rows of each table an embedding is compared on. Which
// ones does not depend on chance: those with the least hashes of their id, or
// of their place in the file.
const sampleRows = 1000

// maxDimensions bounds what one row of an embedding may be.
const maxDimensions = 16_384

// embedding compares the columns that together are one.
func (r *report) embedding(ctx context.Context, reference, production modelvet.Table) error {
	columns := reference.Embedding
	if len(columns) == 0 {
		columns = production.Embedding
	}
	if len(columns) == 0 {
		return nil
	}
	for _, c := range columns {
		for _, t := range []*dataset.Table{r.before, r.after} {
			if _, ok := t.Column(c); !ok {
				r.find("missing-column", modelvet.SeverityWarn, fmt.Sprintf("column %q of the embedding is not in both tables: its drift is not measured", c))
				return nil
			}
		}
	}
	x, err := sample(ctx, r.before, reference.ID, columns)
	if err != nil {
		return fmt.Errorf("embedding in %s: %w", reference.Path, err)
	}
	y, err := sample(ctx, r.after, production.ID, columns)
	if err != nil {
		return fmt.Errorf("embedding in %s: %w", production.Path, err)
	}
	if len(x) < 2 || len(y) < 2 {
		r.find("undefined", modelvet.SeverityInfo, "the embedding has fewer than two rows in one of the tables: its drift is not measured")
		return nil
	}
	if len(x[0]) != len(y[0]) {
		r.find("type-changed", modelvet.SeverityWarn, fmt.Sprintf("the embedding had %d dimensions and has %d", len(x[0]), len(y[0])))
		return nil
	}
	mmd, p := discrepancy(x, y)
	r.add("mmd", columns[0], mmd, p, int64(len(x)+len(y)),
		fmt.Sprintf("unbiased MMD², RBF kernel, median heuristic, %d permutations, seeded, holm", permutations))
	return nil
}

// sample reads the embedding of a deterministic sample of rows. A row without
// one, or in which a number is none, is an error: what is left out would make
// the tables look more alike than they are.
func sample(ctx context.Context, t *dataset.Table, id string, columns []string) ([][]float64, error) {
	q, err := sampleQuery(t, id, columns)
	if err != nil {
		return nil, err
	}
	rows, err := t.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][]float64
	values := make([]any, len(columns))
	to := make([]any, len(columns))
	for i := range to {
		to[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		v, err := vector(values)
		if err != nil {
			return nil, err
		}
		if len(out) > 0 && len(v) != len(out[0]) {
			return nil, fmt.Errorf("one row has %d dimensions and another %d", len(out[0]), len(v))
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func sampleQuery(t *dataset.Table, id string, columns []string) (string, error) {
	place := "CAST(row_number() OVER () AS VARCHAR)"
	if id != "" {
		place = t.Text(id)
	} else if !t.Ordered() {
		return "", fmt.Errorf("name the table's id: without one its rows have no order, and no sample of them could be drawn twice")
	}
	list := ""
	for i, c := range columns {
		list += fmt.Sprintf(", %s AS e%d", dataset.Ident(c), i)
	}
	picked := ""
	for i := range columns {
		picked += fmt.Sprintf(", e%d", i)
	}
	return fmt.Sprintf("SELECT %s FROM (SELECT %s AS k%s FROM t) z ORDER BY %s, k LIMIT %d", picked[2:], place, list, t.Hash("k"), sampleRows), nil
}

// vector puts one row's numbers, or its one list of numbers, side by side.
func vector(values []any) (out []float64, err error) {
	for _, v := range values {
		if list, ok := v.([]any); ok {
			part, err := vector(list)
			if err != nil {
				return nil, err
			}
			out = append(out, part...)
			continue
		}
		f, ok := dataset.Float(v)
		if !ok || math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, fmt.Errorf("a row holds no finite number in one of its dimensions: expected numbers, or one list of them, in every row")
		}
		out = append(out, f)
	}
	if len(out) > maxDimensions {
		return nil, fmt.Errorf("a row has %d dimensions, more than %d", len(out), maxDimensions)
	}
	return out, nil
}
