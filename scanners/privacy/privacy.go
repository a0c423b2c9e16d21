// SPDX-License-Identifier: Apache-2.0

// Package privacy looks for personal data in tables, measures how easily a
// person is singled out by the declared attributes, and how well the model's
// losses tell whom it was trained on.
//
// It must never repeat a value that it takes for personal: it names columns
// and counts rows.
package privacy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
	"github.com/modelvet/modelvet/scanners/internal/stats"
)

const (
	name    = "privacy"
	version = "1"
	// maxDistinct bounds how many different values of a column are looked at; that
	// more were there is written down.
	maxDistinct = 1_000_000
	// maxLength bounds how much of a value is looked at, in characters.
	maxLength = 10_000
	// FewerThan is the size below which a group of people who look alike is
	// counted as small (k-anonymity with k = 5).
	FewerThan = 5
)

// Scanner looks for personal data. The zero value is ready.
type Scanner struct{}

// Name is the scanner's name in evidence.
func (Scanner) Name() string { return name }

// Scan reads every table of the system but attributions. Without any, it says
// so in its coverage.
func (Scanner) Scan(ctx context.Context, m modelvet.Model) (modelvet.Scan, error) {
	scan := modelvet.Scan{Scanner: name, Version: version,
		Coverage: modelvet.Coverage{Read: []string{}, Skipped: []modelvet.Gap{}},
		Findings: []modelvet.Finding{}, Measurements: []modelvet.Measurement{}}
	for _, t := range m.System.Tables {
		if t.Kind == "attributions" {
			continue
		}
		measure := table
		if t.Kind == "members" {
			measure = membership
		}
		if err := measure(ctx, m.Dir, t, &scan); err != nil {
			return modelvet.Scan{}, fmt.Errorf("scanning %s: %w", name, err)
		}
	}
	if len(scan.Coverage.Read) == 0 {
		scan.Coverage.Skipped = append(scan.Coverage.Skipped, modelvet.Gap{Path: "tables", Reason: "the system names no table of data"})
	}
	slices.Sort(scan.Coverage.Read)
	scan.Coverage.Read = slices.Compact(scan.Coverage.Read)
	return scan, nil
}

func table(ctx context.Context, dir string, t modelvet.Table, scan *modelvet.Scan) error {
	tab, err := dataset.Open(ctx, dir, t)
	if err != nil {
		return err
	}
	defer tab.Close()
	r := &report{tab: tab, t: t, scan: scan}
	for _, c := range tab.Columns() {
		if err := r.column(ctx, c); err != nil {
			return fmt.Errorf("%s: column %q: %w", t.Path, c.Name, err)
		}
	}
	scan.Coverage.Read = append(scan.Coverage.Read, tab.Files()...)
	return r.anonymity(ctx)
}

// report looks at one table.
type report struct {
	tab  *dataset.Table
	t    modelvet.Table
	scan *modelvet.Scan
}

func (r *report) add(m modelvet.Measurement) {
	m.Metric = name + "/" + m.Metric
	r.scan.Measurements = append(r.scan.Measurements, m)
}

func (r *report) find(id, severity, what string) {
	r.scan.Findings = append(r.scan.Findings, modelvet.Finding{ID: name + "/" + id, Path: r.t.Path, Severity: severity, What: what, CWE: []string{"CWE-359"}})
}

// column counts the rows in which each recogniser sees its kind.
func (r *report) column(ctx context.Context, c dataset.Column) error {
	text := strings.HasPrefix(c.Type, "VARCHAR")
	if !text && c.Type != "BIGINT" && c.Type != "HUGEINT" {
		return nil
	}
	rows, err := r.tab.Query(ctx, fmt.Sprintf("SELECT v, count(*) FROM (SELECT substr(CAST(%[1]s AS VARCHAR), 1, %[2]d) AS v FROM t) z WHERE v IS NOT NULL GROUP BY v ORDER BY v LIMIT %[3]d",
		dataset.Ident(c.Name), maxLength, maxDistinct+1))
	if err != nil {
		return err
	}
	defer rows.Close()
	hits, filled, distinct := make([]int64, len(recognisers)), int64(0), 0
	for rows.Next() {
		var v string
		var n int64
		if err := rows.Scan(&v, &n); err != nil {
			return err
		}
		if distinct++; distinct > maxDistinct {
			r.scan.Coverage.Skipped = append(r.scan.Coverage.Skipped, modelvet.Gap{Path: r.t.Path,
				Reason: fmt.Sprintf("column %q has more than %d values: only these were looked at", c.Name, maxDistinct)})
			break
		}
		filled += n
		for i, k := range recognisers {
			if k.sees(v) {
				hits[i] += n
			}
		}
	}
	r.kinds(c.Name, text, hits, filled)
	return rows.Err()
}

// kinds tells what was seen. A kind that proves itself by a checksum or its
// form counts from the first row of a text on; any other, and numbers, which
// pass a checksum by chance, only if the column's name speaks for it or half of
// its rows do.
func (r *report) kinds(column string, text bool, hits []int64, filled int64) {
	for i, k := range recognisers {
		if hits[i] == 0 {
			continue
		}
		rate := stats.Rate{Hits: float64(hits[i]), Of: float64(filled)}
		if !(text && k.sure) && !k.named(column) && rate.Value() < .5 {
			continue
		}
		low, high := stats.Wilson(rate, stats.Z95)
		r.add(modelvet.Measurement{Metric: "personal_data_share", Value: rate.Value(), Low: &low, High: &high, N: int(filled),
			Slice: map[string]string{"table": r.t.Name, "column": column, "kind": k.kind}, Method: "wilson"})
		r.find("personal-data", modelvet.SeverityWarn, fmt.Sprintf("column %q: %d of %d filled rows hold what looks like %s", column, hits[i], filled, k.what))
	}
}

// anonymity measures how many people share each combination of the protected
// attributes (k-anonymity, Sweeney 2002) and how many labels they have
// (l-diversity, Machanavajjhala et al. 2007).
func (r *report) anonymity(ctx context.Context) error {
	quasi := r.t.Quasi
	method := "declared quasi-identifiers"
	if len(quasi) == 0 {
		quasi, method = r.t.Protected, "protected attributes as quasi-identifiers"
	}
	if len(quasi) == 0 {
		return nil
	}
	group := ""
	for _, a := range quasi {
		group += ", " + dataset.Ident(a)
	}
	diverse := "0"
	if r.t.Label != "" {
		diverse = "count(DISTINCT " + dataset.Ident(r.t.Label) + ")"
	}
	rows, err := r.tab.Query(ctx, fmt.Sprintf("SELECT min(n), min(l), CAST(coalesce(sum(n) FILTER (WHERE n < %d), 0) AS BIGINT) FROM (SELECT count(*) AS n, %s AS l FROM t GROUP BY %s) z",
		FewerThan, diverse, group[2:]))
	if err != nil {
		return err
	}
	defer rows.Close()
	var k, l, small int64
	if !rows.Next() {
		return errors.Join(errors.New("a question had no answer"), rows.Err())
	}
	if err := rows.Scan(&k, &l, &small); err != nil {
		return err
	}
	n := int(r.tab.Rows())
	slice := map[string]string{"table": r.t.Name}
	r.add(modelvet.Measurement{Metric: "k_anonymity", Value: float64(k), N: n, Slice: slice, Method: method})
	if r.t.Label != "" {
		r.add(modelvet.Measurement{Metric: "l_diversity", Value: float64(l), N: n, Slice: slice, Method: method})
	}
	r.add(modelvet.Measurement{Metric: "small_group_share", Value: float64(small) / float64(n), N: n, Slice: slice, Method: fmt.Sprintf("groups of fewer than %d", FewerThan)})
	return nil
}
