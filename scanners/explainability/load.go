// SPDX-License-Identifier: Apache-2.0

package explainability

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
)

// maxCells bounds the numbers kept of one table. Beyond it rows are taken at
// even distances and the coverage says so.
const maxCells = 4 << 20

// matrix is a table of numbers by row. A missing value is NaN.
type matrix struct {
	path    string
	columns []string
	ids     []string
	rows    [][]float64
	total   int64
}

// attributions reads the supplied attributions; the last column of a row is the
// output they explain, NaN without one.
func (s *scan) attributions(ctx context.Context) (*matrix, error) {
	tab, err := s.open(ctx, s.table)
	if err != nil {
		return nil, err
	}
	defer tab.Close()
	features := featuresOf(s.table, tab)
	if len(features) == 0 {
		return nil, fmt.Errorf("reading %s: no column of attributions; name them in features", s.table.Path)
	}
	m, err := load(ctx, tab, s.table, features, s.table.Output)
	if err != nil {
		return nil, err
	}
	s.read(s.table.Path)
	s.sampled(m)
	return m, nil
}

func (s *scan) sampled(m *matrix) {
	if n := int64(len(m.rows)); n < m.total {
		s.skip(m.path, "%d of %d rows were read, at even distances: the table is too large to keep", n, m.total)
	}
}

// inputs finds the table that holds the features of the attributed rows: the
// first with an id and all of the columns. nil: there is none, and the coverage says so.
func (s *scan) inputs(ctx context.Context, reasons *matrix) (*matrix, error) {
	if s.table.ID == "" {
		s.skip(s.table.Path, "it names no id column, so its rows cannot be matched with their features")
		return nil, nil
	}
	for _, kind := range []string{"training", "reference", "predictions", "production"} {
		t, ok := s.model.System.Table(kind)
		if !ok || t.ID == "" {
			continue
		}
		m, err := s.inputsFrom(ctx, t, reasons.columns)
		if m != nil || err != nil {
			return m, err
		}
	}
	s.skip(s.table.Path, "no table with an id has all of its feature columns as numbers, so attributions cannot be compared with the rows they explain")
	return nil, nil
}

func (s *scan) inputsFrom(ctx context.Context, t modelvet.Table, columns []string) (*matrix, error) {
	tab, err := s.open(ctx, t)
	if err != nil {
		return nil, err
	}
	defer tab.Close()
	for _, c := range columns {
		if col, ok := tab.Column(c); !ok || !numeric(col.Type) {
			return nil, nil
		}
	}
	m, err := load(ctx, tab, t, columns, "")
	if err != nil {
		return nil, err
	}
	s.read(t.Path)
	s.sampled(m)
	return m, nil
}

func numeric(sqlType string) bool {
	base, _, _ := strings.Cut(sqlType, "(")
	return slices.Contains([]string{
		"BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
		"FLOAT", "DOUBLE", "DECIMAL",
	}, base)
}

// featuresOf is what the system says, or every column without another role.
func featuresOf(t modelvet.Table, tab *dataset.Table) []string {
	if len(t.Features) > 0 {
		return t.Features
	}
	roles := append([]string{t.ID, t.Label, t.Prediction, t.Score, t.Weight, t.Output}, t.Protected...)
	var out []string
	for _, c := range tab.Columns() {
		if !slices.Contains(roles, c.Name) {
			out = append(out, c.Name)
		}
	}
	return out
}

// load reads columns as numbers, and extra, which may be "", as one more.
func load(ctx context.Context, tab *dataset.Table, t modelvet.Table, columns []string, extra string) (*matrix, error) {
	width := len(columns) + 1
	step := (tab.Rows()*int64(width) + maxCells - 1) / maxCells
	m := &matrix{path: t.Path, columns: columns, total: tab.Rows()}
	rows, err := tab.Query(ctx, selection(tab, t, columns, extra))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for at := int64(0); rows.Next(); at++ {
		if at%max(step, 1) != 0 {
			continue
		}
		if err := m.add(rows, width); err != nil {
			return nil, fmt.Errorf("reading %s: %w", t.Path, err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", t.Path, err)
	}
	return m, nil
}

func selection(tab *dataset.Table, t modelvet.Table, columns []string, extra string) string {
	want := []string{"NULL"}
	if t.ID != "" {
		want[0] = tab.Text(t.ID)
	}
	for _, c := range columns {
		want = append(want, "TRY_CAST("+dataset.Ident(c)+" AS DOUBLE)")
	}
	if extra == "" {
		return "SELECT " + strings.Join(append(want, "NULL::DOUBLE"), ", ") + " FROM t"
	}
	return "SELECT " + strings.Join(append(want, "TRY_CAST("+dataset.Ident(extra)+" AS DOUBLE)"), ", ") + " FROM t"
}

func (m *matrix) add(rows *sql.Rows, width int) error {
	var id sql.NullString
	cells := make([]sql.NullFloat64, width)
	into := make([]any, 0, width+1)
	into = append(into, &id)
	for i := range cells {
		into = append(into, &cells[i])
	}
	if err := rows.Scan(into...); err != nil {
		return err
	}
	row := make([]float64, width)
	for i, c := range cells {
		if row[i] = c.Float64; !c.Valid || math.IsInf(c.Float64, 0) {
			row[i] = math.NaN()
		}
	}
	m.ids, m.rows = append(m.ids, id.String), append(m.rows, row)
	return nil
}

// byID maps an id to its row; ids that occur twice map to -1.
func (m *matrix) byID() map[string]int {
	at := make(map[string]int, len(m.ids))
	for i, id := range m.ids {
		if _, twice := at[id]; twice {
			i = -1
		}
		at[id] = i
	}
	return at
}
