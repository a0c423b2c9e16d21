// SPDX-License-Identifier: Apache-2.0

// Package drift measures how far the data of production has moved from the
// data that the model was released on: for each column the population
// stability index, the Jensen-Shannon distance and, for numbers, the
// Kolmogorov-Smirnov statistic and the Wasserstein distance, for an embedding
// the maximum mean discrepancy, with tests whose p values are corrected for
// their number.
//
// It must never say that a model drifted: how far is too far is for a rule.
package drift

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
	"github.com/modelvet/modelvet/scanners/internal/stats"
)

const (
	name    = "drift"
	version = "1"
	// fewValues is the number of distinct values up to which numbers are taken
	// for names of classes.
	fewValues = 5
	maxValues = 10_000 // of a column of names
)

// Scanner measures drift. The zero value is ready.
type Scanner struct{}

// Name is the scanner's name in evidence.
func (Scanner) Name() string { return name }

// Scan compares the table of kind "production" with that of kind "reference",
// or with the training table if there is none. Without both it says so in its
// coverage and measures nothing.
func (Scanner) Scan(ctx context.Context, m modelvet.Model) (modelvet.Scan, error) {
	scan := modelvet.Scan{Scanner: name, Version: version,
		Coverage: modelvet.Coverage{Read: []string{}, Skipped: []modelvet.Gap{}},
		Findings: []modelvet.Finding{}, Measurements: []modelvet.Measurement{}}
	production, ok := m.System.Table("production")
	if !ok {
		return skip(scan, "production", "the system names no table of kind production"), nil
	}
	reference, ok := m.System.Table("reference")
	if !ok {
		reference, ok = m.System.Table("training")
	}
	if !ok {
		return skip(scan, "reference", "the system names no table of kind reference or training"), nil
	}
	if err := compare(ctx, m, reference, production, &scan); err != nil {
		return modelvet.Scan{}, fmt.Errorf("scanning %s: comparing %s with %s: %w", name, production.Path, reference.Path, err)
	}
	return scan, nil
}

func skip(scan modelvet.Scan, path, reason string) modelvet.Scan {
	scan.Coverage.Skipped = append(scan.Coverage.Skipped, modelvet.Gap{Path: path, Reason: reason})
	return scan
}

func compare(ctx context.Context, m modelvet.Model, reference, production modelvet.Table, scan *modelvet.Scan) error {
	a, err := dataset.Open(ctx, m.Dir, reference)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := dataset.Open(ctx, m.Dir, production)
	if err != nil {
		return err
	}
	defer b.Close()
	r := &report{before: a, after: b, path: production.Path, scan: scan}
	if err := r.columns(ctx, reference); err != nil {
		return err
	}
	if err := r.embedding(ctx, reference, production); err != nil {
		return err
	}
	r.adjust()
	scan.Coverage.Read = slices.Concat(a.Files(), b.Files())
	if len(scan.Measurements) == 0 {
		*scan = skip(*scan, production.Path, "it has no column in common with "+reference.Path)
	}
	return nil
}

// columns compares column by column, several at once as far as memory allows,
// and tells of them in the order of the file. The columns of an embedding are
// compared together and not each by itself.
func (r *report) columns(ctx context.Context, reference modelvet.Table) error {
	var all []dataset.Column
	for _, c := range r.before.Columns() {
		if c.Name != reference.ID && c.Name != reference.Weight && !slices.Contains(reference.Embedding, c.Name) {
			all = append(all, c)
		}
	}
	parts, errs := make([]report, len(all)), make([]error, len(all))
	room := make(chan struct{}, r.workers())
	var wg sync.WaitGroup
	for i, c := range all {
		parts[i] = report{before: r.before, after: r.after, path: r.path, scan: &modelvet.Scan{}}
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			if err := parts[i].column(ctx, c); err != nil {
				errs[i] = fmt.Errorf("column %q: %w", c.Name, err)
			}
		})
	}
	wg.Wait()
	for _, p := range parts {
		r.append(p)
	}
	return errors.Join(errs...)
}

// workers is how many columns are compared at once: one where the engine sorts.
func (r *report) workers() int {
	rows := max(1, r.before.Rows()+r.after.Rows())
	return max(1, min(runtime.GOMAXPROCS(0), 4, int(inMemory/rows)))
}

func (r *report) append(part report) {
	for _, at := range part.tests {
		r.tests = append(r.tests, at+len(r.scan.Measurements))
	}
	r.scan.Measurements = append(r.scan.Measurements, part.scan.Measurements...)
	r.scan.Findings = append(r.scan.Findings, part.scan.Findings...)
}

// report compares column by column.
type report struct {
	before, after *dataset.Table
	path          string
	scan          *modelvet.Scan
	tests         []int // measurements with a p value: one family
}

func (r *report) find(id, severity, what string) {
	r.scan.Findings = append(r.scan.Findings, modelvet.Finding{ID: name + "/" + id, Path: r.path, Severity: severity, What: what})
}

func (r *report) add(metric, column string, value, p float64, n int64, method string) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		r.find("undefined", modelvet.SeverityInfo, metric+" of column "+column+" is not defined")
		return
	}
	m := modelvet.Measurement{Metric: name + "/" + metric, Value: value, N: int(n), Slice: map[string]string{"column": column}, Method: method}
	if !math.IsNaN(p) {
		m.P = &p
		r.tests = append(r.tests, len(r.scan.Measurements))
	}
	r.scan.Measurements = append(r.scan.Measurements, m)
}

// adjust corrects all p values together (Holm).
func (r *report) adjust() {
	raw := make([]float64, len(r.tests))
	for i, at := range r.tests {
		raw[i] = *r.scan.Measurements[at].P
	}
	for i, p := range stats.Holm(raw) {
		*r.scan.Measurements[r.tests[i]].P = p
	}
}

func (r *report) column(ctx context.Context, c dataset.Column) error {
	other, ok := r.after.Column(c.Name)
	if !ok {
		r.find("missing-column", modelvet.SeverityWarn, fmt.Sprintf("column %q of the reference is not there", c.Name))
		return nil
	}
	if number(c.Type) != number(other.Type) {
		r.find("type-changed", modelvet.SeverityWarn, fmt.Sprintf("column %q was %s and is %s", c.Name, c.Type, other.Type))
	}
	if number(c.Type) && number(other.Type) {
		return r.numbers(ctx, c.Name)
	}
	var empty [2]int64
	for i, t := range []*dataset.Table{r.before, r.after} {
		if err := one(ctx, t, "SELECT count(*) FILTER (WHERE "+t.Text(c.Name)+" IS NULL) FROM t", &empty[i]); err != nil {
			return err
		}
	}
	r.missing(c.Name, empty[0], empty[1])
	return r.names(ctx, c.Name)
}

// missing compares how often the column is empty or no finite number.
func (r *report) missing(column string, before, after int64) {
	was := stats.Rate{Hits: float64(before), Of: float64(r.before.Rows())}
	is := stats.Rate{Hits: float64(after), Of: float64(r.after.Rows())}
	low, high := stats.Newcombe(is, was, stats.Z95)
	r.scan.Measurements = append(r.scan.Measurements, modelvet.Measurement{Metric: name + "/missing_share_difference",
		Value: is.Value() - was.Value(), Low: &low, High: &high, N: int(r.before.Rows() + r.after.Rows()),
		Slice: map[string]string{"column": column}, Method: "newcombe"})
}

func number(sqlType string) bool {
	return slices.Contains([]string{"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "FLOAT", "REAL", "DOUBLE"}, sqlType) ||
		len(sqlType) > 7 && sqlType[:7] == "DECIMAL"
}
