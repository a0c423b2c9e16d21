// SPDX-License-Identifier: Apache-2.0

// Package quality measures the data that a model was made of and is judged on:
// what is missing, repeated, constant or unique, how rare the rarest class is,
// whether a feature gives the label away, whether rows of the test were already
// in the training, and whether what is served is what was trained on. What
// Croissant and Great Expectations say of a table is held against the table.
//
// It must never repair data or repeat a value of a table: it counts.
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
	"github.com/modelvet/modelvet/scanners/internal/stats"
)

const (
	name    = "quality"
	version = "1"
)

// kinds are the kinds of tables that hold data about people or things.
// Attributions are numbers about the model; another scanner reads them.
var kinds = []string{"training", "validation", "test", "predictions", "reference", "production"}

// Scanner measures data quality. The zero value is ready.
type Scanner struct{}

// Name is the scanner's name in evidence.
func (Scanner) Name() string { return name }

// Scan measures every table of the system that holds data. Without any, it
// says so in its coverage. A table that cannot be read is an error.
func (Scanner) Scan(ctx context.Context, m modelvet.Model) (modelvet.Scan, error) {
	scan := modelvet.Scan{Scanner: name, Version: version,
		Coverage: modelvet.Coverage{Read: []string{}, Skipped: []modelvet.Gap{}},
		Findings: []modelvet.Finding{}, Measurements: []modelvet.Measurement{}}
	for _, t := range m.System.Tables {
		if !slices.Contains(kinds, t.Kind) {
			continue
		}
		if err := one(ctx, m, t, &scan); err != nil {
			return modelvet.Scan{}, fmt.Errorf("scanning %s: %w", name, err)
		}
	}
	if len(scan.Coverage.Read) == 0 {
		scan.Coverage.Skipped = append(scan.Coverage.Skipped, modelvet.Gap{Path: "tables", Reason: "the system names no table of data"})
		return scan, nil
	}
	for _, f := range []func(context.Context, modelvet.Model, *modelvet.Scan) error{leakage, skew, declared} {
		if err := f(ctx, m, &scan); err != nil {
			return modelvet.Scan{}, fmt.Errorf("scanning %s: %w", name, err)
		}
	}
	slices.Sort(scan.Coverage.Read)
	scan.Coverage.Read = slices.Compact(scan.Coverage.Read)
	return scan, nil
}

func one(ctx context.Context, m modelvet.Model, t modelvet.Table, scan *modelvet.Scan) error {
	tab, err := dataset.Open(ctx, m.Dir, t)
	if err != nil {
		return err
	}
	defer tab.Close()
	r := &report{tab: tab, t: t, scan: scan}
	for _, f := range []func(context.Context) error{r.columns, r.duplicates, r.ids, r.classes, r.giveaways} {
		if err := f(ctx); err != nil {
			return fmt.Errorf("%s: %w", t.Path, err)
		}
	}
	scan.Coverage.Read = append(scan.Coverage.Read, tab.Files()...)
	return nil
}

// report measures one table.
type report struct {
	tab  *dataset.Table
	t    modelvet.Table
	scan *modelvet.Scan
}

func (r *report) find(id, severity, what string) {
	r.scan.Findings = append(r.scan.Findings, modelvet.Finding{ID: name + "/" + id, Path: r.t.Path, Severity: severity, What: what})
}

// share tells a part of the rows with its Wilson interval.
func (r *report) share(metric string, hits, of int64, kv ...string) {
	slice := map[string]string{"table": r.t.Name}
	for i := 0; i+1 < len(kv); i += 2 {
		slice[kv[i]] = kv[i+1]
	}
	rate := stats.Rate{Hits: float64(hits), Of: float64(of)}
	low, high := stats.Wilson(rate, stats.Z95)
	r.scan.Measurements = append(r.scan.Measurements, modelvet.Measurement{Metric: name + "/" + metric, Value: rate.Value(),
		Low: &low, High: &high, N: int(of), Slice: slice, Method: "wilson"})
}

func (r *report) one(ctx context.Context, query string, args []any, to ...any) error {
	rows, err := r.tab.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return errors.Join(errors.New("a question had no answer"), rows.Err())
	}
	return rows.Scan(to...)
}

// columns looks at each column by itself.
func (r *report) columns(ctx context.Context) error {
	for _, c := range r.tab.Columns() {
		id := dataset.Ident(c.Name)
		odd := "0"
		if slices.Contains([]string{"DOUBLE", "FLOAT", "REAL"}, c.Type) {
			odd = "count(*) FILTER (WHERE NOT " + r.tab.Finite("CAST("+id+" AS DOUBLE)") + ")"
		}
		var filled, values, nonFinite int64
		if err := r.one(ctx, "SELECT count("+id+"), "+r.tab.Distinct(id)+", "+odd+" FROM t", nil, &filled, &values, &nonFinite); err != nil {
			return err
		}
		r.share("missing_share", r.tab.Rows()-filled, r.tab.Rows(), "column", c.Name)
		if nonFinite > 0 {
			r.find("non-finite", modelvet.SeverityWarn, fmt.Sprintf("column %q holds NaN or infinity in %d rows", c.Name, nonFinite))
		}
		if err := r.variety(ctx, c, filled, values); err != nil {
			return err
		}
	}
	return nil
}

// variety finds columns that say nothing and columns that name rows. The
// engine's estimate picks the candidates, an exact count decides.
func (r *report) variety(ctx context.Context, c dataset.Column, filled, estimate int64) error {
	switch {
	case filled == 0:
		r.find("empty-column", modelvet.SeverityWarn, fmt.Sprintf("column %q is empty in every row", c.Name))
		return nil
	case estimate > 3 && float64(estimate) < .8*float64(filled):
		return nil
	}
	var exact int64
	if err := r.one(ctx, "SELECT count(DISTINCT "+dataset.Ident(c.Name)+") FROM t", nil, &exact); err != nil {
		return err
	}
	whole := strings.HasSuffix(c.Type, "INT") || strings.HasSuffix(c.Type, "INTEGER") || strings.HasPrefix(c.Type, "VARCHAR") || c.Type == "UUID"
	switch {
	case exact == 1 && filled > 1:
		r.find("constant-column", modelvet.SeverityWarn, fmt.Sprintf("column %q has one value only", c.Name))
	case exact == filled && filled >= 20 && whole && c.Name != r.t.ID && r.feature(c.Name):
		r.find("identifier-column", modelvet.SeverityWarn, fmt.Sprintf("column %q has another value in every row: it names rows and is no feature", c.Name))
	}
	return nil
}

// feature says whether a column is given to the model.
func (r *report) feature(column string) bool {
	if len(r.t.Features) > 0 {
		return slices.Contains(r.t.Features, column)
	}
	return column != r.t.ID && column != r.t.Label && column != r.t.Prediction && column != r.t.Score && column != r.t.Weight && column != r.t.Output
}

// duplicates counts the rows that repeat an earlier one in all but its id.
func (r *report) duplicates(ctx context.Context) error {
	var columns []string
	for _, c := range r.tab.Columns() {
		if c.Name != r.t.ID {
			columns = append(columns, dataset.Ident(c.Name))
		}
	}
	if len(columns) == 0 || r.t.Kind == "predictions" { // two people may well have one score
		return nil
	}
	var distinct int64
	if err := r.one(ctx, "SELECT count(*) FROM (SELECT DISTINCT "+strings.Join(columns, ", ")+" FROM t)", nil, &distinct); err != nil {
		return err
	}
	r.share("duplicate_share", r.tab.Rows()-distinct, r.tab.Rows())
	return nil
}

func (r *report) ids(ctx context.Context) error {
	if r.t.ID == "" {
		return nil
	}
	var filled, distinct int64
	id := dataset.Ident(r.t.ID)
	if err := r.one(ctx, "SELECT count("+id+"), count(DISTINCT "+id+") FROM t", nil, &filled, &distinct); err != nil {
		return err
	}
	if bad := r.tab.Rows() - distinct; bad > 0 {
		r.find("repeated-id", modelvet.SeverityWarn, fmt.Sprintf("id column %q: %d rows have no id or that of another row", r.t.ID, bad))
	}
	return nil
}

// classes measures how rare the rarest value of the label is.
func (r *report) classes(ctx context.Context) error {
	if r.t.Label == "" {
		return nil
	}
	var least, values, filled sql.NullInt64
	err := r.one(ctx, "SELECT min(n), count(*), CAST(sum(n) AS BIGINT) FROM (SELECT count(*) AS n FROM t WHERE "+r.tab.Text(r.t.Label)+" IS NOT NULL GROUP BY "+r.tab.Text(r.t.Label)+")",
		nil, &least, &values, &filled)
	if err != nil || values.Int64 > 200 || filled.Int64 == 0 { // more are no classes
		return err
	}
	if values.Int64 < 2 {
		r.find("single-class", modelvet.SeverityWarn, fmt.Sprintf("label column %q has one value only", r.t.Label))
		return nil
	}
	r.share("minority_class_share", least.Int64, filled.Int64)
	return nil
}
