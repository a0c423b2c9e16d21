// SPDX-License-Identifier: Apache-2.0

package dataset

import "strings"

// dialect is where two engines write the same thing differently.
type dialect interface {
	finite(expr string) string
	text(id, sqlType string) string // of a column that is no text
	distinct(expr string) string    // about how many values there are
	hash(text string) string        // MD5 of a text as lower-case hexadecimal digits
	key(hash string) string         // the first 15 of those digits as a BIGINT
	spaces() string                 // the arguments of regexp_replace that make every run of spaces one
}

// Finite is the SQL condition that an expression of type DOUBLE is a finite number.
func (t *Table) Finite(expr string) string { return t.dialect.finite(expr) }

// Number is the SQL expression for a column as DOUBLE; what is no number is NULL.
func (t *Table) Number(col string) string { return "TRY_CAST(" + Ident(col) + " AS DOUBLE)" }

// Distinct is the SQL expression for about how many values an expression has.
func (t *Table) Distinct(expr string) string { return t.dialect.distinct(expr) }

// Hash is the SQL expression for the MD5 of a text, the same in every engine: a
// way to draw rows that is not chance. It protects nothing.
func (t *Table) Hash(expr string) string { return t.dialect.hash(expr) }

// Key is the SQL expression for 60 bits of the MD5 of a text, as a BIGINT.
func (t *Table) Key(expr string) string { return t.dialect.key(t.dialect.hash(expr)) }

// Spaces are the arguments of regexp_replace after the text that make each run
// of white space one space.
func (t *Table) Spaces() string { return t.dialect.spaces() }

// Ordered says whether the rows have an order, that of their files.
func (t *Table) Ordered() bool { return t.table.SQL == nil }

// Float is a value of an answer as a number.
func Float(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case float32:
		return float64(v), true
	case int64:
		return float64(v), true
	case int32:
		return float64(v), true
	case int16:
		return float64(v), true
	case int8:
		return float64(v), true
	}
	return 0, false
}

// Sum is the SQL expression for the sum of a DOUBLE of at most [MaxSummand] in
// size, in units of 1e-15: as a decimal, which is the same in every order.
func (t *Table) Sum(expr string) string {
	return "CAST(coalesce(sum(TRY_CAST(" + expr + " AS DECIMAL(38,15))), 0) AS DOUBLE)"
}

// MaxSummand is the size up to which [Table.Sum] takes numbers.
const MaxSummand = 1e18

// Text is the SQL expression for a column as text in which numbers that are
// whole have no fraction ("1", not "1.0") and truth is "1" and "0", so that
// columns of different types can be compared. NULL and NaN give NULL.
func (t *Table) Text(col string) string {
	c, _ := t.Column(col)
	return t.TextOf(Ident(col), c.Type)
}

// TextOf is [Table.Text] of an expression of that type.
func (t *Table) TextOf(expr, sqlType string) string {
	switch {
	case strings.EqualFold(sqlType, "BOOLEAN"):
		return "CAST(CAST(" + expr + " AS TINYINT) AS VARCHAR)"
	case strings.HasPrefix(strings.ToUpper(sqlType), "VARCHAR"):
		return expr
	}
	return t.dialect.text(expr, strings.ToUpper(sqlType))
}

// Literal is an SQL string. No value can end it.
func Literal(s string) string { return quote(strings.ReplaceAll(s, "\x00", "\uFFFD")) }

func real(sqlType string) bool { return sqlType == "DOUBLE" || sqlType == "FLOAT" || sqlType == "REAL" }

// duckdbSQL is the embedded engine.
type duckdbSQL struct{}

func (duckdbSQL) finite(e string) string   { return "isfinite(" + e + ")" }
func (duckdbSQL) distinct(e string) string { return "approx_count_distinct(" + e + ")" }
func (duckdbSQL) hash(e string) string     { return "md5(" + e + ")" }
func (duckdbSQL) key(h string) string      { return "CAST('0x' || substr(" + h + ", 1, 15) AS BIGINT)" }
func (duckdbSQL) spaces() string           { return `'\s+', ' ', 'g'` }
func (duckdbSQL) text(id, sqlType string) string {
	if !real(sqlType) {
		return "CAST(" + id + " AS VARCHAR)"
	}
	return "CASE WHEN isnan(" + id + ") THEN NULL WHEN abs(" + id + ") < 1e15 AND " + id + " = trunc(" + id + ") THEN CAST(CAST(" +
		id + " AS BIGINT) AS VARCHAR) ELSE CAST(" + id + " AS VARCHAR) END"
}

// trinoSQL is the distributed one.
type trinoSQL struct{}

func (trinoSQL) finite(e string) string   { return "is_finite(" + e + ")" }
func (trinoSQL) distinct(e string) string { return "approx_distinct(" + e + ")" }
func (trinoSQL) hash(e string) string     { return "lower(to_hex(md5(to_utf8(" + e + "))))" }
func (trinoSQL) key(h string) string      { return "from_base(substr(" + h + ", 1, 15), 16)" }
func (trinoSQL) spaces() string           { return `'\s+', ' '` }
func (trinoSQL) text(id, sqlType string) string {
	if !real(sqlType) {
		return "CAST(" + id + " AS VARCHAR)"
	}
	return "CASE WHEN is_nan(" + id + ") THEN NULL WHEN abs(" + id + ") < 1e15 AND " + id + " = truncate(" + id + ") THEN CAST(CAST(" +
		id + " AS BIGINT) AS VARCHAR) ELSE format('%s', " + id + ") END"
}
