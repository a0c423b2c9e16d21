// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// This file lays many measurements out in few tables, and loses none: metrics
// of the same slices share a table, rows that say the same are told once, and
// what is the same in all rows is told above.

const maxColumns = 5 // of measurements in one table

// numberTable is a table of measurements for the PDF.
type numberTable struct {
	About string
	grid
}

// numbers is the table under a picture, or of single measurements.
func (b *book) numbers(list []modelvet.Measurement) {
	if len(list) == 0 {
		return
	}
	for _, t := range b.tablesOf(list) {
		if t.About != "" {
			b.note(t.About)
		}
		b.table(t.grid)
	}
}

// tablesOf cuts measurements into tables.
func (v view) tablesOf(list []modelvet.Measurement) []numberTable {
	var single []modelvet.Measurement
	var out []numberTable
	bySlices := map[string][][]modelvet.Measurement{}
	var order []string
	for _, rows := range byMetric(list) {
		if len(rows) == 1 {
			single = append(single, rows...)
			continue
		}
		key := slicesOf(rows)
		if bySlices[key] == nil {
			order = append(order, key)
		}
		bySlices[key] = append(bySlices[key], rows)
	}
	for _, key := range order {
		groups := bySlices[key]
		if len(groups) == 1 {
			out = append(out, v.plain(groups[0]))
			continue
		}
		for part := range slices.Chunk(groups, maxColumns) {
			out = append(out, v.crossed(part))
		}
	}
	if len(single) > 0 {
		out = append(out, v.plain(single))
	}
	return out
}

// slicesOf is one text for the set of slices of a metric; a metric that has a
// slice twice stands alone.
func slicesOf(rows []modelvet.Measurement) string {
	var out []string
	for _, m := range rows {
		out = append(out, slice(m.Slice))
	}
	slices.Sort(out)
	if len(slices.Compact(slices.Clone(out))) != len(out) {
		return rows[0].Metric + "\x00"
	}
	return strings.Join(out, "\x00")
}

// crossed has a row for each slice and a column for each metric.
func (v view) crossed(groups [][]modelvet.Measurement) numberTable {
	t := numberTable{About: v.methods(groups), grid: grid{Tight: true, Widths: []float64{4.4}, Head: []string{v.t("Slice")}}}
	cells := map[string][]cell{}
	var order []string
	var of []map[string]string
	for i, rows := range groups {
		t.Widths, t.Head = append(t.Widths, 3), append(t.Head, metricName(rows[0].Metric)+v.limit(rows[0].Metric))
		for _, m := range rows {
			name := or(slice(m.Slice), v.t("all"))
			if cells[name] == nil {
				cells[name] = make([]cell, len(groups))
				order, of = append(order, name), append(of, m.Slice)
			}
			cells[name][i] = cell{Text: v.inOneCell(m), Strong: number(m.Value)}
		}
	}
	for _, name := range order {
		t.Rows = append(t.Rows, append([]cell{{Text: name}}, cells[name]...))
	}
	t.Rows = v.merged(t.Rows, 0, of)
	return t
}

// inOneCell is what stands after the value.
func (v view) inOneCell(m modelvet.Measurement) string {
	return strings.Join(strings.Fields(strings.Join([]string{interval(m), fmt.Sprintf("n\u00a0%d", m.N), pIs(m.P)}, " ")), " ")
}

func pIs(p *float64) string {
	switch s := pvalue(p); {
	case s == "":
		return ""
	case strings.HasPrefix(s, "<"):
		return "p\u00a0" + strings.ReplaceAll(s, " ", "\u00a0")
	default:
		return "p\u00a0" + s
	}
}

// methods says by which method each metric was computed.
func (v view) methods(groups [][]modelvet.Measurement) string {
	byMethod := map[string][]string{}
	var order []string
	for _, rows := range groups {
		for _, m := range rows {
			if m.Method == "" || slices.Contains(byMethod[m.Method], metricName(m.Metric)) {
				continue
			}
			if byMethod[m.Method] == nil {
				order = append(order, m.Method)
			}
			byMethod[m.Method] = append(byMethod[m.Method], metricName(m.Metric))
		}
	}
	var out []string
	for _, method := range order {
		if len(order) == 1 {
			return v.t("Method: %s.", method)
		}
		out = append(out, method+" ("+joined(byMethod[method])+")")
	}
	if out == nil {
		return ""
	}
	return v.t("Methods: %s.", strings.Join(out, "; "))
}

// limit is the bound of a metric, for the head of its column.
func (v view) limit(metric string) string {
	if b, ok := v.bounds[metric]; ok {
		return " (" + v.t("limit %s", b.label()) + ")"
	}
	return ""
}

// plain has a row for each measurement; a column that would say nothing, or
// the same in each row, is left out and told above.
func (v view) plain(list []modelvet.Measurement) numberTable {
	type column struct {
		head  string
		width float64
		of    func(m modelvet.Measurement) cell
	}
	same := func(of func(m modelvet.Measurement) string) (string, bool) {
		first := of(list[0])
		return first, len(list) > 1 && !slices.ContainsFunc(list, func(m modelvet.Measurement) bool { return of(m) != first })
	}
	has := func(of func(m modelvet.Measurement) string) bool {
		return slices.ContainsFunc(list, func(m modelvet.Measurement) bool { return of(m) != "" })
	}
	p := func(m modelvet.Measurement) string { return pvalue(m.P) }
	n := func(m modelvet.Measurement) string { return fmt.Sprint(m.N) }
	method := func(m modelvet.Measurement) string { return m.Method }
	where := func(m modelvet.Measurement) string { return slice(m.Slice) }
	bounded := func(m modelvet.Measurement) string {
		if b, ok := v.bounds[m.Metric]; ok {
			return b.label()
		}
		return ""
	}
	var about []string
	var columns []column
	if _, one := same(func(m modelvet.Measurement) string { return m.Metric }); !one {
		columns = append(columns, column{"Metric", 4.4, func(m modelvet.Measurement) cell { return cell{Text: metricName(m.Metric)} }})
	}
	if has(where) {
		columns = append(columns, column{"Slice", 5.6, func(m modelvet.Measurement) cell { return cell{Text: or(where(m), v.t("all"))} }})
	}
	columns = append(columns, column{"Value", 1.7, func(m modelvet.Measurement) cell { return cell{Text: number(m.Value), Face: bold} }})
	if has(interval) {
		columns = append(columns, column{"95 % interval", 2.8, func(m modelvet.Measurement) cell { return cell{Text: or(interval(m), "–")} }})
	}
	if word, one := same(bounded); one && word != "" {
		about = append(about, v.t("Limit of the policy: %s (%s).", word, v.bounds[list[0].Metric].name))
	} else if has(bounded) {
		columns = append(columns, column{"Limit", 1.6, func(m modelvet.Measurement) cell { return cell{Text: or(bounded(m), "–")} }})
	}
	if has(p) {
		columns = append(columns, column{"p", 1.5, func(m modelvet.Measurement) cell { return cell{Text: p(m)} }})
	}
	if word, one := same(n); one {
		about = append(about, "n = "+word+".")
	} else {
		columns = append(columns, column{"n", 1.2, func(m modelvet.Measurement) cell { return cell{Text: n(m)} }})
	}
	if word, one := same(method); one && word != "" {
		about = append(about, v.t("Method: %s.", word))
	} else if has(method) {
		columns = append(columns, column{"Method", 4.4, func(m modelvet.Measurement) cell { return cell{Text: m.Method} }})
	}
	t := numberTable{About: strings.Join(about, " "), grid: grid{Tight: true}}
	at := -1
	for i, c := range columns {
		t.Widths, t.Head = append(t.Widths, c.width), append(t.Head, v.t(c.head))
		if c.head == "Slice" {
			at = i
		}
	}
	for _, m := range list {
		var row []cell
		for _, c := range columns {
			row = append(row, c.of(m))
		}
		t.Rows = append(t.Rows, row)
	}
	if at >= 0 {
		var of []map[string]string
		for _, m := range list {
			of = append(of, m.Slice)
		}
		t.Rows = v.merged(t.Rows, at, of)
	}
	return t
}

const minSame = 3 // rows that say the same before they are told as one

// merged makes one row of rows that differ in nothing but the slice, whose
// names it then all holds. of are the slices of the rows.
func (v view) merged(rows [][]cell, at int, of []map[string]string) [][]cell {
	key := func(row []cell) string {
		var b strings.Builder
		for i, c := range row {
			if i != at {
				b.WriteString(c.Strong + "\x00" + c.Text + "\x00")
			}
		}
		return b.String()
	}
	same := map[string][]map[string]string{}
	for i, row := range rows {
		same[key(row)] = append(same[key(row)], of[i])
	}
	done := map[string]bool{}
	var out [][]cell
	for _, row := range rows {
		k := key(row)
		if len(same[k]) < minSame {
			out = append(out, row)
			continue
		}
		if !done[k] {
			row[at].Text = v.together(same[k])
			out = append(out, row)
		}
		done[k] = true
	}
	return out
}

// together names many slices; what they have in common is said once:
// "table: training; column: age, income".
func (v view) together(list []map[string]string) string {
	values := map[string]map[string]bool{}
	for _, s := range list {
		for _, k := range sortedKeys(s) {
			if values[k] == nil {
				values[k] = map[string]bool{}
			}
			values[k][s[k]] = true
		}
	}
	most := ""
	for _, k := range sortedKeys(values) {
		if most == "" || len(values[k]) > len(values[most]) {
			most = k
		}
	}
	byRest := map[string][]string{}
	var order, out []string
	for _, s := range list {
		rest := maps.Clone(s)
		value, ok := rest[most]
		delete(rest, most)
		name := slice(rest)
		if !ok {
			out = append(out, or(slice(s), v.t("all")))
			continue
		}
		if byRest[name] == nil {
			order = append(order, name)
		}
		byRest[name] = append(byRest[name], value)
	}
	for _, name := range order {
		word := most + ": " + strings.Join(byRest[name], ", ")
		if name != "" {
			word = name + "; " + word
		}
		out = append(out, word)
	}
	return strings.Join(out, " | ")
}

func (b *book) series(s *modelvet.Series) {
	if s == nil {
		return
	}
	var rows [][]cell
	list := b.points(s)
	const side = 5 // points side by side
	for part := range slices.Chunk(list, side) {
		var row []cell
		for k := range side {
			var x, y cell
			if k < len(part) {
				x, y = cell{Text: part[k].X}, cell{Text: part[k].Y, Face: bold}
			}
			row = append(row, x, y)
		}
		rows = append(rows, row)
	}
	g := grid{Tight: true}
	for range min(side, len(list)) {
		g.Widths, g.Head = append(g.Widths, 1, 1), append(g.Head, "x", "y")
	}
	for i := range rows {
		rows[i] = rows[i][:len(g.Widths)]
	}
	g.Rows = rows
	b.table(g)
}
