// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// annex is a view that auditors of one framework ask for; PDF and HTML show
// the same.
type annex struct {
	Title, About string
	Tables       []annexTable
}

type annexTable struct {
	Title  string // empty: the annex has one table
	Widths []float64
	Head   []string
	Rows   [][]cell
}

// Annexes are those of the frameworks that the profiles hold.
func (v view) Annexes() []annex {
	var out []annex
	if list := v.controlsOf("iso-42001", "A."); len(list) > 0 {
		out = append(out, v.applicability(list))
	}
	if list := v.controlsOf("eu-ai-act", "Annex IV"); len(list) > 0 {
		out = append(out, v.annexIV(list))
	}
	if v.holds("nyc-ll144") {
		out = append(out, v.ll144())
	}
	return out
}

func (v view) controlsOf(framework, ref string) []modelvet.ControlResult {
	var out []modelvet.ControlResult
	for _, c := range v.Controls {
		if c.Framework == framework && strings.HasPrefix(c.Ref, ref) {
			out = append(out, c)
		}
	}
	return out
}

// holds says that the profiles hold a regime.
func (v view) holds(id string) bool {
	return slices.ContainsFunc(v.Controls, func(c modelvet.ControlResult) bool { return strings.HasPrefix(c.ID, id) }) ||
		slices.ContainsFunc(v.Policy.Profiles, func(p string) bool { return strings.Contains(p, "ll144") })
}

func (v speech) columns(words ...string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = v.t(w)
	}
	return out
}

// applicability is the statement of applicability of ISO/IEC 42001, clause
// 6.1.3. A reason stands there where a person attested one.
func (v view) applicability(list []modelvet.ControlResult) annex {
	excluded := map[string]string{}
	for _, a := range v.Attestations {
		for _, x := range a.Excluded {
			if a.Valid {
				excluded[x.Control] = x.Reason
			}
		}
	}
	var rows [][]cell
	for _, c := range list {
		included, why := v.t("yes"), v.t("to be stated")
		if stateWord(c.State) == notApplies {
			included, why = v.t("no"), or(c.Reason, why)
		}
		rows = append(rows, []cell{{Text: c.Ref, Face: bold}, {Text: c.Title}, {Text: included}, {Badge: stateWord(c.State)}, {Text: or(v.called(c.Evidence), v.t("none"))}, {Text: or(excluded[c.ID], why)}})
	}
	return annex{v.t("Annex: Statement of Applicability (ISO/IEC 42001)"),
		v.t("A draft from this decision: which controls of Annex A the profile includes and what the evidence says. The organisation's reasons for including or excluding a control are not in the evidence; the last column is for it to fill."),
		[]annexTable{{Widths: []float64{1.5, 5, 1.7, 3.7, 3, 2.6}, Head: v.columns("Control", "Title", "Included", "Status", "Evidence", "Justification"), Rows: rows}}}
}

func (v view) annexIV(list []modelvet.ControlResult) annex {
	var rows [][]cell
	for _, c := range list {
		rows = append(rows, []cell{{Text: c.Ref, Face: bold}, {Text: c.Title}, {Badge: stateWord(c.State)}, {Text: or(v.called(c.Evidence), v.t("missing"))}})
	}
	return annex{v.t("Annex: index to Annex IV of the EU AI Act"),
		v.t("Where this decision holds something for a point of the technical documentation, and where nothing. A point with evidence is not thereby complete."),
		[]annexTable{{Widths: []float64{3, 7, 4, 3}, Head: v.columns("Point", "What it asks", "State", "Evidence"), Rows: rows}}}
}

// ll144 is the table of selection rates and impact ratios of 6 RCNY 5-301.
func (v view) ll144() annex {
	out := annex{Title: v.t("Annex: bias audit table (NYC Local Law 144)"),
		About: v.t("Selection rate of each category, and its ratio to the rate of the most selected category. The law asks for the categories of sex, race and ethnicity and their combinations, for the number of persons whose category is unknown, for the dates of the audit and of the tool's distribution, and for an independent auditor: what is not below, the evidence does not hold.")}
	byAttribute := map[string][]modelvet.Measurement{}
	for _, s := range v.Scans {
		for _, m := range s.Measurements {
			if m.Metric == "fairness/selection_rate" && m.Slice["group"] != "" && m.Slice["reference"] == "" {
				byAttribute[m.Slice["attribute"]] = append(byAttribute[m.Slice["attribute"]], m)
			}
		}
	}
	if len(byAttribute) == 0 {
		out.About += " " + v.t("No selection rates were measured.")
	}
	for _, attribute := range sortedKeys(byAttribute) {
		out.Tables = append(out.Tables, annexTable{Title: or(attribute, v.t("not named")), Widths: []float64{5, 2, 3, 3, 5},
			Head: v.columns("Category", "Persons", "Selection rate", "Impact ratio", "Note"), Rows: v.impact(byAttribute[attribute])})
	}
	return out
}

// impact are the rows of one attribute.
func (v view) impact(list []modelvet.Measurement) [][]cell {
	best, all := 0.0, 0
	for _, m := range list {
		best, all = max(best, m.Value), all+m.N
	}
	var rows [][]cell
	for _, m := range list {
		ratio, note := v.t("not defined"), ""
		if best > 0 {
			ratio = number(m.Value / best)
		}
		if all > 0 && float64(m.N) < 0.02*float64(all) {
			note = v.t("fewer than 2 % of the persons: the auditor may leave it out and must say why")
		}
		rows = append(rows, []cell{{Text: m.Slice["group"], Face: bold}, {Text: fmt.Sprint(m.N)}, {Text: number(m.Value)}, {Text: ratio}, {Text: note}})
	}
	return rows
}

// annexes are the chapters of the PDF.
func (b *book) annexes() {
	for _, a := range b.Annexes() {
		b.heading(1, a.Title)
		b.para(a.About)
		for _, t := range a.Tables {
			if t.Title != "" {
				b.heading(2, t.Title)
			}
			b.table(grid{Tight: true, Widths: t.Widths, Head: t.Head, Rows: t.Rows})
		}
	}
}
