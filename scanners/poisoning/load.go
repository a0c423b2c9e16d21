// SPDX-License-Identifier: Apache-2.0

package poisoning

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
)

// The limits of what is kept of a table.
const (
	maxCells   = 4 << 20
	maxClasses = 50
)

// frame is a table of features with labels.
type frame struct {
	path, label string
	columns     []column
	labels      []int32 // class of each row
	classes     []string
	n           int
	unlabelled  int
	total       int64
	rng         *rand.Rand // seeded by the table's own content
}

// column holds one feature. Every value has a code; those of numbers are in the
// order of the numbers.
type column struct {
	name    string
	numeric bool
	number  []float64 // of a row; NaN: missing
	code    []int32   // of a row
	values  []string  // of a code
}

// load reads the features and labels of a table, of a large one as many rows as
// fit, drawn at random. The seed is the table's digest: the same table gives the
// same rows, and nobody can know beforehand where not to look.
func (s *scan) load(ctx context.Context, t modelvet.Table) (*frame, error) {
	tab, err := s.open(ctx, t)
	if err != nil {
		return nil, err
	}
	defer tab.Close()
	f := &frame{path: t.Path, label: t.Label, total: tab.Rows(), rng: seeded(tab.Digest())}
	for _, name := range featuresOf(t, tab) {
		c, ok := tab.Column(name)
		if !ok {
			return nil, fmt.Errorf("reading %s: no column %q, which features names", t.Path, name)
		}
		f.columns = append(f.columns, column{name: c.Name, numeric: numeric(c.Type)})
	}
	labels, texts, err := f.read(ctx, tab, t)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", t.Path, err)
	}
	if kept := int64(len(labels) + f.unlabelled); kept < f.total {
		s.skip(t.Path, "%d of %d rows were looked at, drawn at random: the table is too large to keep", kept, f.total)
	}
	f.encode(labels, texts)
	return f, nil
}

func seeded(digest string) *rand.Rand {
	sum, _ := hex.DecodeString(strings.TrimPrefix(digest, "sha256:"))
	var seed [32]byte
	copy(seed[:], sum)
	return rand.New(rand.NewChaCha8(seed))
}

func numeric(sqlType string) bool {
	base, _, _ := strings.Cut(sqlType, "(")
	return slices.Contains([]string{
		"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
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

// read keeps rows by reservoir sampling, in the order of the table.
func (f *frame) read(ctx context.Context, tab *dataset.Table, t modelvet.Table) ([]string, [][]string, error) {
	want := []string{tab.Text(t.Label)}
	for _, c := range f.columns {
		if c.numeric {
			want = append(want, "CAST("+dataset.Ident(c.name)+" AS DOUBLE)")
		} else {
			want = append(want, "CAST("+dataset.Ident(c.name)+" AS VARCHAR)")
		}
	}
	rows, err := tab.Query(ctx, "SELECT "+strings.Join(want, ", ")+" FROM t")
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	keep := f.draw(int(tab.Rows()), max(minRows, maxCells/(len(f.columns)+1)))
	var labels []string
	texts := make([][]string, len(f.columns))
	for at := 0; rows.Next(); at++ {
		if keep != nil && !keep[at] {
			continue
		}
		if labels, err = f.add(rows, labels, texts); err != nil {
			return nil, nil, err
		}
	}
	return labels, texts, rows.Err()
}

// draw marks size of n rows; nil: all.
func (f *frame) draw(n, size int) []bool {
	if n <= size {
		return nil
	}
	keep := make([]bool, n)
	for left, at := size, 0; left > 0; at++ {
		if f.rng.IntN(n-at) < left {
			keep[at] = true
			left--
		}
	}
	return keep
}

func (f *frame) add(rows *sql.Rows, labels []string, texts [][]string) ([]string, error) {
	var label sql.NullString
	numbers, words := make([]sql.NullFloat64, len(f.columns)), make([]sql.NullString, len(f.columns))
	into := []any{&label}
	for j, c := range f.columns {
		if c.numeric {
			into = append(into, &numbers[j])
		} else {
			into = append(into, &words[j])
		}
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	if !label.Valid {
		f.unlabelled++
		return labels, nil
	}
	for j := range f.columns {
		if c := &f.columns[j]; c.numeric {
			v := numbers[j].Float64
			if !numbers[j].Valid || math.IsInf(v, 0) {
				v = math.NaN()
			}
			c.number = append(c.number, v)
		} else {
			texts[j] = append(texts[j], words[j].String)
		}
	}
	return append(labels, label.String), nil
}

// encode turns labels and values into codes.
func (f *frame) encode(labels []string, texts [][]string) {
	f.n = len(labels)
	f.classes, f.labels = codes(labels, cmp.Compare[string])
	for j := range f.columns {
		c := &f.columns[j]
		if !c.numeric {
			c.values, c.code = codes(texts[j], cmp.Compare[string])
			continue
		}
		var numbers []float64
		numbers, c.code = codes(c.number, cmp.Compare[float64])
		for _, v := range numbers {
			c.values = append(c.values, fmt.Sprint(v))
		}
	}
}

// codes sorts the different values and says which of them each row has. NaN is
// one value, the smallest.
func codes[T any](rows []T, compare func(a, b T) int) ([]T, []int32) {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compare(rows[a], rows[b]) })
	var values []T
	code := make([]int32, len(rows))
	for _, i := range order {
		if len(values) == 0 || compare(values[len(values)-1], rows[i]) != 0 {
			values = append(values, rows[i])
		}
		code[i] = int32(len(values) - 1)
	}
	return values, code
}
