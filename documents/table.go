// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"regexp"
	"strings"
)

// readBody reads the figures of one section: its tables by cell, the rest as prose.
func (d *Document) readBody(text string, line int) {
	var rows []string
	var prose strings.Builder
	flush := func(end int) {
		d.readTable(rows, end-len(rows))
		rows = nil
	}
	for i, row := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(row), "|") {
			rows = append(rows, row)
			prose.WriteString("\n")
			continue
		}
		flush(line + i)
		prose.WriteString(row + "\n")
	}
	flush(line + strings.Count(text, "\n") + 1)
	figs, unread := figuresInProse(prose.String(), line)
	d.Figures = append(d.Figures, figs...)
	d.Unread += unread
}

// readFree reads a YAML document of a kind without a form, as prose.
func (d *Document) readFree(data []byte) error {
	figs, unread := figuresInProse(string(data), 1)
	d.Figures, d.Unread = append(d.Figures, figs...), unread
	return nil
}

var rule = regexp.MustCompile(`^[\s|:-]+$`)

// readTable reads the numbers of a Markdown table. The metric is in the head of
// the column, or in the first cell of the row.
func (d *Document) readTable(rows []string, line int) {
	if len(rows) < 3 || !rule.MatchString(rows[1]) {
		return
	}
	head := cells(rows[0])
	for i, row := range rows[2:] {
		cs := cells(row)
		if len(cs) == 0 {
			continue
		}
		own, _ := metricIn(cs[0])
		for j := 1; j < len(cs); j++ {
			metric, label := own, ""
			if j < len(head) {
				if m, _ := metricIn(head[j]); m != "" {
					metric, label = m, cs[0]
				} else if own != "" {
					label = head[j]
				}
			}
			d.cell(cs[j], metric, label, line+2+i)
		}
	}
}

// wholes are column heads and row labels that name no group.
var wholes = []string{"value", "score", "result", "overall", "all", "total", "model", "test", "this model"}

func (d *Document) cell(text, metric, label string, line int) {
	text = strings.Trim(text, "*_` ")
	at := numeral.FindStringIndex(text)
	if at == nil || bound(text[:at[0]], text[at[1]:]) {
		return
	}
	number := text[at[0]:at[1]]
	if !strings.ContainsAny(number, ".%") {
		return
	}
	if metric == "" {
		d.Unread++
		return
	}
	f, ok := figure(metric, number, line)
	if !ok {
		d.Unread++
		return
	}
	f.Row = strings.Trim(label, "*_` ")
	for _, w := range wholes {
		if strings.EqualFold(f.Row, w) {
			f.Row = ""
		}
	}
	d.Figures = append(d.Figures, f)
}

func cells(row string) []string {
	var out []string
	for _, c := range strings.Split(strings.Trim(strings.TrimSpace(row), "|"), "|") {
		out = append(out, strings.TrimSpace(c))
	}
	return out
}
