// SPDX-License-Identifier: Apache-2.0

// Package dataset answers SQL questions about tables: files of CSV, Parquet,
// JSON lines and Arrow IPC (Feather version 2 among it) through an in-process
// DuckDB over exactly these files, and relations of a Trino server. Both engines are asked the same questions; what
// they write differently is in [Table.Text], [Table.Number], [Table.Finite] and
// the like.
//
// It must never read a file outside the folder it is given, reach the network,
// load an engine extension, write anything, or drop a row that it could not
// read: a table that cannot be read to its end is an error.
package dataset

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the embedded SQL engine

	"github.com/modelvet/modelvet"
)

// The sizes in bytes from which a table is not copied into memory but read
// again from its files for every question. Parsing text again is dear.
const (
	viewParquetAbove = 64 << 20
	viewTextAbove    = 1 << 30
)

// sniffAbove is the size in bytes from which the types of CSV columns are first
// guessed from a sample. A value that does not fit starts it again over the whole.
const sniffAbove = 64 << 20

// settings of the engine while it reads the files. More threads than cores
// only cost memory; what does not fit into the limit is an error, since nothing
// may be written to disk.
func settings(limit string) string {
	return fmt.Sprintf("?threads=%d&memory_limit=%s&temp_directory=&autoinstall_known_extensions=false&autoload_known_extensions=false",
		min(runtime.GOMAXPROCS(0), maxThreads), limit)
}

const (
	maxThreads  = 16
	memoryLimit = "2GB"
	leanLimit   = "1GB" // of a table that is not copied
)

// Column is a column of a table and its SQL type as DuckDB names it.
type Column struct {
	Name string
	Type string
}

// Table is an open table, to be asked in SQL under the name "t". It is safe
// for concurrent use.
type Table struct {
	db      *sql.DB
	table   modelvet.Table
	sources []source
	columns []Column
	rows    int64
	digest  string
	view    bool
	lean    []string // the only columns there are; nil: all
	dialect dialect
	with    string // what has to stand before a question so that it finds "t"
}

// Option changes how a table is opened.
type Option func(*Table)

// Lean opens the table for one pass over a few columns: nothing is copied,
// other columns do not exist, every column of a CSV file is text, and rows are
// not counted beforehand ([Table.Rows] is 0). Unless the table has weights,
// questions run on all cores: the caller's sums must not depend on their order
// (integers, decimals, see [Table.Sum]).
func Lean(columns ...string) Option {
	return func(t *Table) {
		t.lean = []string{}
		for _, c := range columns {
			if c != "" && !slices.Contains(t.lean, c) {
				t.lean = append(t.lean, c)
			}
		}
	}
}

// Open finds the files of t below dir and opens an in-process DuckDB over them.
// t.Path is a file or a glob, slash-separated and relative; a path or a
// symbolic link that leaves dir is an error, and so are a column that t names
// and the files do not have, a table without rows, and a line that does not fit
// its header. In CSV files, the columns for which t says that they hold names
// and not quantities (id, label, prediction, protected) are text exactly as
// written; the types of the others are found over the whole file. An empty
// field is NULL.
//
// A table with an SQL source is a relation of a Trino server; its address is in
// the environment variable [TrinoVariable], never in the model's own files.
func Open(ctx context.Context, dir string, t modelvet.Table, options ...Option) (*Table, error) {
	if t.SQL != nil {
		return openTrino(ctx, t, options)
	}
	sources, err := find(dir, t.Path)
	if err != nil {
		return nil, fmt.Errorf("opening table %q: %w", t.Name, err)
	}
	tab := &Table{table: t, sources: sources, digest: digestOf(sources), view: tooBig(sources), dialect: duckdbSQL{}}
	for _, o := range options {
		o(tab)
	}
	tab.view = tab.view || tab.lean != nil
	if err := tab.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening table %q: %w", t.Name, err), tab.Close())
	}
	return tab, nil
}

func (t *Table) limit() string {
	if t.lean != nil {
		return leanLimit
	}
	return memoryLimit
}

func tooBig(sources []source) bool {
	if f := sources[0].format; f == formatParquet || f == formatArrow {
		return size(sources) > viewParquetAbove
	}
	return size(sources) > viewTextAbove
}

func (t *Table) open(ctx context.Context) error {
	header, err := header(t.sources)
	if err != nil {
		return err
	}
	if header != nil { // before the engine parses a row: the commonest mistake gets its answer first
		if err := checkRoles(t.table, header, t.table.Path); err != nil {
			return err
		}
	}
	if t.db, err = sql.Open("duckdb", settings(t.limit())); err != nil {
		return fmt.Errorf("starting DuckDB: %w", err)
	}
	if err := t.load(ctx, header); err != nil {
		return err
	}
	if err := t.describe(ctx, header); err != nil {
		return err
	}
	if err := t.lock(ctx); err != nil {
		return err
	}
	return t.unchanged()
}

// lock takes the engine's access to everything but the table's own files.
func (t *Table) lock(ctx context.Context) error {
	// One thread from now on: sums of floating-point numbers depend on their
	// order, and the same table must give the same number every time.
	var locks []string
	if t.lean == nil || t.table.Weight != "" {
		locks = append(locks, "SET threads=1")
	}
	if t.view {
		locks = append(locks, "SET allowed_paths="+list(paths(t.sources), quote))
	}
	locks = append(locks, "SET enable_external_access=false", "SET lock_configuration=true")
	for _, s := range locks {
		if _, err := t.db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("locking DuckDB: %w", err)
		}
	}
	return nil
}

// describe learns the columns and counts the rows.
func (t *Table) describe(ctx context.Context, header []string) error {
	rows, err := t.db.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE t)")
	if err != nil {
		return t.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c Column
		if err := rows.Scan(&c.Name, &c.Type); err != nil {
			return t.explain(err)
		}
		t.columns = append(t.columns, c)
	}
	if err := rows.Err(); err != nil {
		return t.explain(err)
	}
	if err := sameHeader(header, names(t.columns), t.table.Path); err != nil {
		return err
	}
	if err := checkRoles(t.table, names(t.columns), t.table.Path); err != nil {
		return err
	}
	if t.lean != nil {
		return t.keepLean()
	}
	return t.count(ctx)
}

// keepLean forgets the columns that were not asked for.
func (t *Table) keepLean() error {
	for _, c := range t.lean {
		if !slices.Contains(names(t.columns), c) {
			return fmt.Errorf("%s has no column %q. The columns there are %s", t.table.Path, c, shortList(names(t.columns)))
		}
	}
	t.columns = slices.DeleteFunc(t.columns, func(c Column) bool { return !slices.Contains(t.lean, c.Name) })
	return nil
}

// count reads every field of every row once, so that a broken line anywhere
// is an error now and not a row that a later question never touches.
func (t *Table) count(ctx context.Context) error {
	q := "SELECT count(*) FROM t"
	if t.view {
		var each []string
		for _, c := range t.columns {
			each = append(each, "count("+Ident(c.Name)+")")
		}
		q = "SELECT n FROM (SELECT count(*) AS n, " + strings.Join(each, "+") + " AS filled FROM t) WHERE filled >= 0"
	}
	if err := t.db.QueryRowContext(ctx, q).Scan(&t.rows); err != nil {
		return t.explain(err)
	}
	if t.rows == 0 {
		return fmt.Errorf("%s has no rows: nothing can be measured on it", t.table.Path)
	}
	return nil
}

// Columns lists the columns in the order of the file.
func (t *Table) Columns() []Column { return append([]Column(nil), t.columns...) }

// Column returns the column of that exact name.
func (t *Table) Column(name string) (Column, bool) {
	for _, c := range t.columns {
		if c.Name == name {
			return c, true
		}
	}
	return Column{}, false
}

// Rows is the number of rows; never 0, unless the table was opened [Lean].
func (t *Table) Rows() int64 { return t.rows }

// Digest is the SHA-256 of the table's one file as "sha256:<hex>", or, for
// many files, of their list, sorted, in the form that sha256sum prints.
func (t *Table) Digest() string { return t.digest }

// Files lists the files read, relative to the folder, sorted.
func (t *Table) Files() []string {
	if t.table.SQL != nil {
		return []string{where(t.table)}
	}
	var out []string
	for _, s := range t.sources {
		out = append(out, s.rel)
	}
	return out
}

// Query asks the table, which is called "t". Names of columns must go through
// [Ident] and values through args. The caller closes the rows and looks at
// their Err.
func (t *Table) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if t.view {
		if err := t.unchanged(); err != nil {
			return nil, err
		}
	}
	rows, err := t.db.QueryContext(ctx, t.named(query), args...)
	if err != nil {
		return nil, t.explain(err)
	}
	return rows, nil
}

// named puts the definition of "t" before a question, where the engine has none.
func (t *Table) named(query string) string {
	if t.with == "" {
		return query
	}
	if rest, ok := strings.CutPrefix(strings.TrimSpace(query), "WITH "); ok {
		return t.with + ", " + rest
	}
	return t.with + " " + query
}

// Close lets go of the engine and its memory.
func (t *Table) Close() error {
	if t.db == nil {
		return nil
	}
	return t.db.Close()
}

// Ident quotes the name of a column for use in SQL. No name can end the
// quotation.
func Ident(col string) string {
	col = strings.ReplaceAll(col, "\x00", "\uFFFD") // the engine would stop reading here
	return `"` + strings.ReplaceAll(col, `"`, `""`) + `"`
}
