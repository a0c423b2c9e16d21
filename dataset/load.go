// SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// load makes "t": a copy in memory if the files are small, a view of them if
// they are not.
func (t *Table) load(ctx context.Context, header []string) error {
	sample := "-1"
	if size(t.sources) > sniffAbove && !t.view {
		sample = "200000"
	}
	if t.lean != nil && t.sources[0].format == formatCSV {
		return t.loadText(ctx, header)
	}
	if t.sources[0].format == formatParquet {
		if err := t.sameSchema(ctx); err != nil {
			return err
		}
	}
	if t.isArrow() {
		if err := t.arrowSource(ctx); err != nil {
			return err
		}
	}
	err := t.create(ctx, header, sample)
	if err != nil && sample != "-1" && ctx.Err() == nil {
		err = t.create(ctx, header, "-1")
	}
	if err != nil {
		return t.explain(t.closer(ctx, err, header))
	}
	return nil
}

func (t *Table) create(ctx context.Context, header []string, sample string) error {
	scan, err := t.reader(header, sample)
	if err != nil {
		return err
	}
	kind := "TABLE"
	if t.view {
		kind = "VIEW"
	}
	_, err = t.db.ExecContext(ctx, "CREATE "+kind+" t AS SELECT * FROM "+scan)
	return err
}

// closer looks for the line at fault where the engine only says that it could
// not make out the file: it reads again, as text, in the form that the header
// announces.
func (t *Table) closer(ctx context.Context, err error, header []string) error {
	delim, derr := delimiter(t.sources[0])
	if t.sources[0].format != formatCSV || derr != nil || csvLine.MatchString(err.Error()) {
		return err
	}
	var each []string
	for _, h := range header {
		each = append(each, "count("+Ident(h)+")")
	}
	q := "SELECT " + strings.Join(each, "+") + " FROM " + t.asText(header, delim)
	if _, rerr := t.db.ExecContext(ctx, q); rerr != nil {
		return rerr
	}
	return err
}

// loadText makes "t" a view in which every column is text: nothing is guessed,
// so that the files are read once, by the question itself.
func (t *Table) loadText(ctx context.Context, header []string) error {
	delim, err := delimiter(t.sources[0])
	if err != nil {
		return err
	}
	if _, err := t.db.ExecContext(ctx, "CREATE VIEW t AS SELECT * FROM "+t.asText(header, delim)); err != nil {
		return t.explain(err)
	}
	return nil
}

// asText leaves line ends to the engine: told "\r\n" in strict mode, DuckDB
// 1.5 reads no row at all and says nothing.
func (t *Table) asText(header []string, delim rune) string {
	var columns []string
	for _, h := range header {
		columns = append(columns, quote(h)+": 'VARCHAR'")
	}
	return "read_csv(" + list(paths(t.sources), func(s string) string { return quote(literal(s)) }) +
		", auto_detect=false, header=true, strict_mode=true, null_padding=false, ignore_errors=false, comment='', delim=" + quote(string(delim)) +
		`, quote='"', escape='"', columns={` + strings.Join(columns, ", ") + "})"
}

// reader is the table function over the files. Everything that the engine
// would otherwise guess and that decides what a row is, is said.
func (t *Table) reader(header []string, sample string) (string, error) {
	files := list(paths(t.sources), func(s string) string { return quote(literal(s)) })
	switch t.sources[0].format {
	case formatParquet:
		return "read_parquet(" + files + ")", nil
	case formatArrow:
		return "arrow_files()", nil
	case formatJSON:
		return "read_json(" + files + ", format='auto', sample_size=-1, ignore_errors=false, convert_strings_to_integers=false)", nil
	}
	delim, err := delimiter(t.sources[0])
	if err != nil {
		return "", err
	}
	opts := []string{
		"delim=" + quote(string(delim)), `quote='"'`, `escape='"'`, "comment=''", "header=true", "skip=0",
		"strict_mode=true", "ignore_errors=false", "null_padding=false", "sample_size=" + sample, "union_by_name=false",
	}
	if types := textColumns(t.table, header); types != "" {
		opts = append(opts, "types={"+types+"}")
	}
	return "read_csv(" + files + ", " + strings.Join(opts, ", ") + ")", nil
}

// textColumns keeps the columns whose values are names from being taken for
// numbers: "01" and "1" are two ids, "True" is not "true".
func textColumns(t modelvet.Table, header []string) string {
	var out []string
	for _, r := range roles(t) {
		if r.text && slices.Contains(header, r.column) {
			out = append(out, quote(r.column)+": 'VARCHAR'")
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ", ")
}

// sameSchema compares all Parquet files with the first: the engine would
// ignore columns that only later files have.
func (t *Table) sameSchema(ctx context.Context) error {
	var first string
	for i, s := range t.sources {
		var schema string
		q := "SELECT coalesce(string_agg(name || ' ' || coalesce(type, ''), ', '), '') FROM parquet_schema(" + quote(literal(s.abs)) + ")"
		if err := t.db.QueryRowContext(ctx, q).Scan(&schema); err != nil {
			return t.explain(err)
		}
		if i == 0 {
			first = schema
		} else if schema != first {
			return fmt.Errorf("%s has other columns than %s: all files of a table must have the same", s.rel, t.sources[0].rel)
		}
	}
	return nil
}

var csvLine = regexp.MustCompile(`(?m)\bLine: (\d+)`)

// Explain turns an error of the engine that came while rows were read into one
// that names the file and the line.
func (t *Table) Explain(err error) error {
	if err == nil {
		return nil
	}
	return t.explain(err)
}

// Line says at which line of its file a row stands, where that can be said:
// in one CSV file, if no field holds a line end; a comma stands before it.
func (t *Table) Line(row int64) string {
	if len(t.sources) == 1 && t.sources[0].format == formatCSV {
		return fmt.Sprintf(", line %d", row+1)
	}
	return ""
}

// explain turns the engine's many lines into one that names the file as the
// user does and the line, and repeats no content of the table.
func (t *Table) explain(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	text := err.Error()
	at := where(t.table)
	for _, s := range t.sources {
		if strings.Contains(text, s.abs) {
			at = s.rel
			text = strings.ReplaceAll(text, s.abs, s.rel)
		}
	}
	if m := csvLine.FindStringSubmatch(text); m != nil {
		at += ", line " + m[1]
	}
	return fmt.Errorf("reading %s: %s", at, gist(text))
}

// gist drops the offending line itself, which may hold personal data, the
// engine's hints on its own options, and the SQL.
func gist(text string) string {
	var keep []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "LINE ") || strings.HasPrefix(line, "Possible ") || strings.HasPrefix(line, "file =") {
			break
		}
		if line == "" || strings.HasPrefix(line, "Original Line") || csvLine.MatchString(line) {
			continue
		}
		keep = append(keep, line)
	}
	return strings.Join(keep, " ")
}

// quote makes an SQL string.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// literal keeps a file's name from being taken for a glob.
func literal(s string) string {
	return strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]").Replace(s)
}

func list(items []string, f func(string) string) string {
	out := make([]string, len(items))
	for i, s := range items {
		out[i] = f(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}
