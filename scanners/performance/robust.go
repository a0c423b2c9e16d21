// SPDX-License-Identifier: Apache-2.0

package performance

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/modelvet/modelvet/scanners/internal/stats"
)

// perturbed measures how often the prediction turns when a row is changed in a
// way that should not matter, and the accuracy on the changed rows. Rows count
// alike: a weight says nothing about the model's stability.
func (r *report) perturbed(ctx context.Context) error {
	for _, column := range r.t.Perturbed {
		p, q, y := r.tab.Text(r.t.Prediction), r.tab.Text(column), r.tab.Text(r.t.Label)
		var rows, turned, right int
		var empty sql.NullInt64
		err := r.one(ctx, fmt.Sprintf("SELECT count(*), count(*) FILTER (WHERE %[2]s IS NULL), count(*) FILTER (WHERE %[1]s <> %[2]s), count(*) FILTER (WHERE %[2]s = %[3]s) FROM t", p, q, y),
			nil, &rows, &empty, &turned, &right)
		if err != nil {
			return err
		}
		if empty.Int64 > 0 {
			return fmt.Errorf("column %q (perturbed): %d rows are empty: expected a prediction in every row", column, empty.Int64)
		}
		slice := map[string]string{"perturbation": column}
		for _, m := range []struct {
			metric string
			hits   int
		}{{"flip_rate", turned}, {"perturbed_accuracy", right}} {
			rate := stats.Rate{Hits: float64(m.hits), Of: float64(rows)}
			low, high := stats.Wilson(rate, stats.Z95)
			r.add(m.metric, number{rate.Value(), low, high}, rows, "wilson", slice)
		}
	}
	return nil
}
