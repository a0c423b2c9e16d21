// SPDX-License-Identifier: Apache-2.0

package quality

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
)

// The kinds of documents that say something of a table, and are held against it.
const (
	kindCroissant    = "croissant"
	kindExpectations = "great-expectations"
)

// maxDocument is the size of such a document in bytes, at most.
const maxDocument = 16 << 20

// The classes of types in which a declared and a measured column can be compared.
const (
	number = "number"
	text   = "text"
	truth  = "truth"
	moment = "time"
)

// declared holds what Croissant and Great Expectations say against what is
// there. What they say stays declared: it becomes findings and never a
// measurement. A document that cannot be read is an error.
func declared(ctx context.Context, m modelvet.Model, scan *modelvet.Scan) error {
	for _, d := range m.System.Documents {
		if d.Kind != kindCroissant && d.Kind != kindExpectations {
			continue
		}
		if err := declaredBy(ctx, m, d, scan); err != nil {
			return fmt.Errorf("%s: %w", d.Path, err)
		}
		scan.Coverage.Read = append(scan.Coverage.Read, d.Path)
	}
	return nil
}

func declaredBy(ctx context.Context, m modelvet.Model, d modelvet.Document, scan *modelvet.Scan) error {
	data, err := readDocument(m.Dir, d.Path)
	if err != nil {
		return err
	}
	if d.Kind == kindCroissant {
		c, err := readCroissant(data)
		if err != nil {
			return err
		}
		return c.against(ctx, m, d.Path, scan)
	}
	e, err := readExpectations(data)
	if err != nil {
		return err
	}
	return e.against(ctx, m, d, scan)
}

func readDocument(dir, name string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(name)
	if err != nil {
		return nil, errors.New("it cannot be read: correct the path of the document")
	}
	if !info.Mode().IsRegular() || info.Size() > maxDocument {
		return nil, fmt.Errorf("it is no regular file of at most %d bytes", maxDocument)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxDocument))
}

// claims compares one document with one table.
type claims struct {
	*report
	document         string
	compared, differ int
}

// hold compares a declared number with the measured one.
func (c *claims) hold(what string, declared, measured float64) {
	c.compared++
	if math.Abs(declared-measured) > 1e-9*math.Max(1, math.Abs(measured)) {
		c.differs("%s is declared as %g; measured are %g", what, declared, measured)
	}
}

func (c *claims) differs(format string, args ...any) {
	c.differ++
	c.find("declared-disagrees", modelvet.SeverityWarn, c.document+": "+fmt.Sprintf(format, args...))
}

func (c *claims) sum(who string, statements int) {
	c.find("declared", modelvet.SeverityInfo, fmt.Sprintf("%s: declared by %s: %d statements, %d compared with what is there, %d differ", c.document, who, statements, c.compared, c.differ))
}

// against compares every table that the description knows.
func (c croissant) against(ctx context.Context, m modelvet.Model, document string, scan *modelvet.Scan) error {
	known := 0
	for _, t := range m.System.Tables {
		if t.Path == "" {
			continue
		}
		tab, err := dataset.Open(ctx, m.Dir, t)
		if err != nil {
			return err
		}
		for _, file := range tab.Files() {
			if f, ok := c.about(file, tab.Digest()); ok {
				known++
				w := &claims{report: &report{tab: tab, t: t, scan: scan}, document: document}
				if err := w.file(ctx, f, len(tab.Files()) == 1); err != nil {
					return errors.Join(err, tab.Close())
				}
			}
		}
		if err := tab.Close(); err != nil {
			return err
		}
	}
	if known == 0 {
		scan.Coverage.Skipped = append(scan.Coverage.Skipped, modelvet.Gap{Path: document, Reason: "it describes none of the tables: no file in it has the name or the SHA-256 of one"})
	}
	return nil
}

func (c *claims) file(ctx context.Context, f croissantFile, alone bool) error {
	if f.sha256 != "" && alone {
		c.compared++
		if "sha256:"+f.sha256 != c.tab.Digest() {
			c.differs("sha256 of %s is declared as %s; the file has %s", f.name, f.sha256, c.tab.Digest())
		}
	}
	for _, column := range sortedKeys(f.columns) {
		there, ok := c.tab.Column(column)
		if !ok {
			c.compared++
			c.differs("column %q is declared and not there", column)
		} else if err := c.class(ctx, there, f.columns[column], f.columns[column]); err != nil {
			return err
		}
	}
	for _, column := range c.tab.Columns() {
		if _, ok := f.columns[column.Name]; !ok && len(f.columns) > 0 {
			c.differs("column %q is there and not declared", column.Name)
		}
	}
	c.sum("Croissant", 1+len(f.columns))
	return nil
}

// class holds the declared class of a column's values against what they are. A
// column of names is read as text even where it holds numbers only: those count.
func (c *claims) class(ctx context.Context, column dataset.Column, class, as string) error {
	if c.compared++; class == "" || agrees(class, column.Type) {
		return nil
	}
	if class == number && classOf(column.Type) == text {
		var odd int64
		q := "SELECT count(*) FILTER (WHERE " + c.tab.Number(column.Name) + " IS NULL AND " + dataset.Ident(column.Name) + " IS NOT NULL) FROM t"
		if err := c.one(ctx, q, nil, &odd); err != nil || odd == 0 {
			return err
		}
	}
	c.differs("column %q is declared as %s and is %s", column.Name, as, column.Type)
	return nil
}

// agrees says whether a column of an SQL type can be what is declared. Names in
// CSV files are read as text, and truth is often written as a number or a word.
func agrees(class, sqlType string) bool {
	return classOf(sqlType) == class || classOf(sqlType) == text && class != number || class == truth && classOf(sqlType) == number
}

func classOf(sqlType string) string {
	switch s := strings.ToUpper(sqlType); {
	case s == "BOOLEAN":
		return truth
	case strings.HasPrefix(s, "DATE") || strings.HasPrefix(s, "TIME"):
		return moment
	case strings.HasSuffix(s, "INT") || strings.HasSuffix(s, "INTEGER") || strings.HasPrefix(s, "DECIMAL") || s == "DOUBLE" || s == "FLOAT" || s == "REAL":
		return number
	}
	return text
}

// against compares the table that the result is of: the one that the document
// names, else the training table, else the only one.
func (e expectations) against(ctx context.Context, m modelvet.Model, d modelvet.Document, scan *modelvet.Scan) error {
	t, ok := tableOf(m.System, d)
	if !ok {
		return fmt.Errorf("no table is named %q: set table of the document to one of %s", d.Table, strings.Join(tableNames(m.System), ", "))
	}
	tab, err := dataset.Open(ctx, m.Dir, t)
	if err != nil {
		return err
	}
	defer tab.Close()
	w := &claims{report: &report{tab: tab, t: t, scan: scan}, document: d.Path}
	if e.told >= 0 && e.told != len(e.results) {
		w.differs("its statistics say %d expectations, and it holds %d", e.told, len(e.results))
	}
	for _, one := range e.results {
		if err := w.expectation(ctx, one); err != nil {
			return err
		}
	}
	w.sum(strings.TrimSpace("Great Expectations "+e.version), len(e.results))
	return nil
}

func tableOf(s modelvet.System, d modelvet.Document) (modelvet.Table, bool) {
	for _, t := range s.Tables {
		if d.Table != "" && t.Name == d.Table {
			return t, true
		}
	}
	if d.Table != "" {
		return modelvet.Table{}, false
	}
	if t, ok := s.Table("training"); ok {
		return t, true
	}
	if len(s.Tables) == 1 {
		return s.Tables[0], true
	}
	return modelvet.Table{}, false
}

func tableNames(s modelvet.System) (out []string) {
	for _, t := range s.Tables {
		out = append(out, t.Name)
	}
	return out
}

func (c *claims) expectation(ctx context.Context, e expectation) error {
	where := e.kind
	if e.column != "" {
		where += fmt.Sprintf(" of column %q", e.column)
	}
	switch {
	case e.broken:
		c.find("declared-broken", modelvet.SeverityWarn, c.document+": "+where+" raised an exception there: it says nothing")
		return nil
	case !e.success:
		c.find("declared-failed", modelvet.SeverityWarn, c.document+": "+where+" did not hold there")
	}
	if e.rows != nil {
		c.hold("the number of rows ("+where+")", *e.rows, float64(c.tab.Rows()))
	}
	switch e.kind {
	case "expect_table_row_count_to_equal", "expect_table_row_count_to_be_between":
		if e.observed != nil {
			c.hold("the number of rows", *e.observed, float64(c.tab.Rows()))
		}
	case "expect_table_column_count_to_equal", "expect_table_column_count_to_be_between":
		if e.observed != nil {
			c.hold("the number of columns", *e.observed, float64(len(c.tab.Columns())))
		}
	case "expect_table_columns_to_match_set", "expect_table_columns_to_match_ordered_list":
		c.columnSet(e.columns)
	}
	if e.column == "" {
		return nil
	}
	return c.column(ctx, e)
}

func (c *claims) columnSet(declared []string) {
	var there []string
	for _, column := range c.tab.Columns() {
		there = append(there, column.Name)
	}
	a, b := slices.Sorted(slices.Values(declared)), slices.Sorted(slices.Values(there))
	if c.compared++; !slices.Equal(a, b) {
		c.differs("the columns are declared as %s; there are %s", strings.Join(a, ", "), strings.Join(b, ", "))
	}
}

// observed are the expectations whose observed value is an aggregate.
var observed = map[string]string{
	"expect_column_mean_to_be_between": "avg(%s)", "expect_column_min_to_be_between": "min(%s)", "expect_column_max_to_be_between": "max(%s)",
	"expect_column_sum_to_be_between": "sum(%s)", "expect_column_unique_value_count_to_be_between": "count(DISTINCT %s)",
}

func (c *claims) column(ctx context.Context, e expectation) error {
	there, ok := c.tab.Column(e.column)
	if c.compared++; !ok {
		if e.kind != "expect_column_to_exist" || e.success {
			c.differs("%s speaks of column %q, which is not there", e.kind, e.column)
		}
		return nil
	}
	if e.kind == "expect_column_to_exist" && !e.success {
		c.differs("column %q is declared not to exist, and does", e.column)
	}
	missing := e.missing
	if e.kind == "expect_column_values_to_not_be_null" {
		missing = e.unexpected
	}
	id := dataset.Ident(e.column)
	if missing != nil {
		var n float64
		if err := c.one(ctx, "SELECT CAST(count(*) - count("+id+") AS DOUBLE) FROM t", nil, &n); err != nil {
			return err
		}
		c.hold(fmt.Sprintf("the number of missing values of column %q", e.column), *missing, n)
	}
	if class := pandasTypes[e.observedText]; class != "" && e.kind == "expect_column_values_to_be_of_type" {
		if err := c.class(ctx, there, class, e.observedText); err != nil {
			return err
		}
	}
	if f := observed[e.kind]; f != "" && e.observed != nil {
		return c.aggregate(ctx, e, f, there.Type)
	}
	return nil
}

// pandasTypes are types as Great Expectations observes them.
var pandasTypes = map[string]string{"int8": number, "int16": number, "int32": number, "int64": number, "float32": number, "float64": number,
	"Int64": number, "Float64": number, "object": text, "str": text, "string": text, "bool": truth, "boolean": truth, "datetime64[ns]": moment,
	"INTEGER": number, "BIGINT": number, "FLOAT": number, "DOUBLE": number, "VARCHAR": text, "TEXT": text, "BOOLEAN": truth, "DATE": moment, "TIMESTAMP": moment}

func (c *claims) aggregate(ctx context.Context, e expectation, f, sqlType string) error {
	expr := dataset.Ident(e.column)
	if !strings.Contains(f, "DISTINCT") {
		if classOf(sqlType) != number {
			return nil
		}
		expr = c.tab.Number(e.column)
	}
	var n sql.NullFloat64
	if err := c.one(ctx, "SELECT CAST("+fmt.Sprintf(f, expr)+" AS DOUBLE) FROM t", nil, &n); err != nil || !n.Valid {
		return err
	}
	c.hold(fmt.Sprintf("%s of column %q", e.kind, e.column), *e.observed, n.Float64)
	return nil
}
