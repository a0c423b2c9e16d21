// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
)

// controls is the matrix: for each framework what the evidence says of each
// control, by which rules, from whose statements, how old, and what is left
// open. Controls that nothing assessed are listed in short.
func (b *book) controls() {
	b.heading(1, b.t("Controls"))
	if len(b.Frameworks) == 0 {
		b.para(b.t("The decision names no control."))
	}
	for _, f := range b.Frameworks {
		b.heading(2, strings.TrimSpace(f.Name+" "+f.Version))
		b.para(b.t("%d controls: %s.", len(f.Controls), strings.ToLower(b.counts(f.Counts))))
		var rows [][]cell
		rest := map[string][]modelvet.ControlResult{}
		for _, c := range f.Controls {
			if word := stateWord(c.State); word == notAssessed {
				rest[b.nobody(c)] = append(rest[b.nobody(c)], c)
			} else {
				rows = append(rows, []cell{{Text: or(c.Ref, c.ID), Face: bold}, {Text: c.Title + b.from(c)}, {Badge: word}, {Text: b.method(c)}, {Text: b.signers(c.Evidence)}, {Text: b.open(c)}})
			}
		}
		b.table(grid{Widths: []float64{2.2, 3.6, 4.4, 2.4, 3, 3.1}, Head: b.heads4("Control", "Requirement", "State", "Rules", "Evidence, signer, age", "Gap"), Rows: rows})
		b.unassessed(rest)
	}
}

// unassessed lists in two columns the controls that nothing assessed, by who
// could say something about them.
func (b *book) unassessed(rest map[string][]modelvet.ControlResult) {
	for _, who := range sortedKeys(rest) {
		list := rest[who]
		b.heading(3, b.t("Not assessed: %d; for: %s", len(list), who))
		half := (len(list) + 1) / 2
		var rows [][]cell
		for i := range half {
			row := []cell{{Text: or(list[i].Ref, list[i].ID), Face: bold}, {Text: list[i].Title + b.from(list[i])}, {}, {}}
			if k := i + half; k < len(list) {
				row[2], row[3] = cell{Text: or(list[k].Ref, list[k].ID), Face: bold}, cell{Text: list[k].Title + b.from(list[k])}
			}
			rows = append(rows, row)
		}
		b.table(grid{Widths: []float64{2.2, 6, 2.2, 6}, Head: b.heads4("Control", "Requirement", "Control", "Requirement"), Rows: rows})
	}
}

func (b *book) from(c modelvet.ControlResult) string {
	if c.From == "" || c.From <= date(b.At) {
		return ""
	}
	return " (" + b.t("from %s", c.From) + ")"
}

// method names the rules by their numbers.
func (b *book) method(c modelvet.ControlResult) string {
	var out []string
	for _, id := range c.Rules {
		if i, ok := b.numbered[id]; ok {
			out = append(out, ruleNumber(i))
		} else {
			out = append(out, id+" ("+b.t("did not run")+")")
		}
	}
	return or(joined(out), b.t("none"))
}

// signers says whose statements a control rests on and how old the oldest is.
func (b *book) signers(digests []string) string {
	var names, who []string
	oldest := time.Time{}
	for _, e := range b.Evidence {
		if !slices.Contains(digests, e.Digest) {
			continue
		}
		names = append(names, b.names[e.Digest])
		if s := or(e.Signer.Name, signerWord(e.Signer)); !slices.Contains(who, s) {
			who = append(who, s)
		}
		if !e.SignedAt.IsZero() && (oldest.IsZero() || e.SignedAt.Before(oldest)) {
			oldest = e.SignedAt
		}
	}
	if len(names) == 0 {
		return b.t("none")
	}
	return joined(names) + "; " + joined(who) + "; " + b.age(oldest)
}

func (b *book) age(at time.Time) string {
	if at.IsZero() || b.At.IsZero() {
		return b.t("not dated")
	}
	return b.t("%d days", int(b.At.Sub(at).Hours()/24))
}

// open says what a control's state leaves open.
func (b *book) open(c modelvet.ControlResult) string {
	var out []string
	for _, id := range c.Rules {
		if i, ok := b.numbered[id]; ok && (open(b.Results[i]) || b.Results[i].Outcome == modelvet.Waived) {
			out = append(out, ruleNumber(i)+": "+b.t(outcomeWord(b.Results[i].Outcome)))
		}
	}
	switch c.Automatable {
	case "partial":
		out = append(out, b.t("rules answer a part"))
	case "none":
		out = append(out, b.t("for people to assess"))
	}
	return or(strings.Join(out, "; "), b.t("none known"))
}

func (b *book) nobody(c modelvet.ControlResult) string {
	word := b.t("a rule, once it is written")
	switch c.Automatable {
	case "partial":
		word = b.t("a rule in part, people for the rest")
	case "none":
		word = b.t("people, with a signed document")
	}
	if c.Scope == "organisation" {
		word += "; " + b.t("of the organisation")
	}
	return word
}

// annexes are the views that auditors of one framework ask for, where the
// profiles hold that framework.
func (b *book) annexes() {
	if list := b.controlsOf("iso-42001", "A."); len(list) > 0 {
		b.applicability(list)
	}
	if list := b.controlsOf("eu-ai-act", "Annex IV"); len(list) > 0 {
		b.annexIV(list)
	}
	if b.holds("nyc-ll144") {
		b.ll144()
	}
}

func (b *book) controlsOf(framework, ref string) []modelvet.ControlResult {
	var out []modelvet.ControlResult
	for _, c := range b.Controls {
		if c.Framework == framework && strings.HasPrefix(c.Ref, ref) {
			out = append(out, c)
		}
	}
	return out
}

// holds says that the profiles hold a regime.
func (b *book) holds(id string) bool {
	return slices.ContainsFunc(b.Controls, func(c modelvet.ControlResult) bool { return strings.HasPrefix(c.ID, id) }) ||
		slices.ContainsFunc(b.Policy.Profiles, func(p string) bool { return strings.Contains(p, "ll144") })
}

func (b *book) applicability(list []modelvet.ControlResult) {
	b.heading(1, b.t("Annex: Statement of Applicability (ISO/IEC 42001)"))
	b.para(b.t("A draft from this decision: which controls of Annex A the profile includes and what the evidence says. The organisation's reasons for including or excluding a control are not in the evidence; the last column is for it to fill."))
	var rows [][]cell
	for _, c := range list {
		included := b.t("yes, by the profile")
		if stateWord(c.State) == notApplies {
			included = b.t("no")
		}
		rows = append(rows, []cell{{Text: c.Ref, Face: bold}, {Text: c.Title}, {Text: included}, {Badge: stateWord(c.State)}, {Text: or(called(c.Evidence, b.names), b.t("none"))}, {Text: b.t("to be stated")}})
	}
	b.table(grid{Widths: []float64{1.5, 5, 2.3, 4, 2.2, 2.6}, Head: b.heads4("Control", "Title", "Included", "Status", "Evidence", "Justification"), Rows: rows})
}

func (b *book) annexIV(list []modelvet.ControlResult) {
	b.heading(1, b.t("Annex: index to Annex IV of the EU AI Act"))
	b.para(b.t("Where this decision holds something for a point of the technical documentation, and where nothing. A point with evidence is not thereby complete."))
	var rows [][]cell
	for _, c := range list {
		rows = append(rows, []cell{{Text: c.Ref, Face: bold}, {Text: c.Title}, {Badge: stateWord(c.State)}, {Text: or(called(c.Evidence, b.names), b.t("missing"))}})
	}
	b.table(grid{Widths: []float64{3, 7, 4, 3}, Head: b.heads4("Point", "What it asks", "State", "Evidence"), Rows: rows})
}

// ll144 is the table of selection rates and impact ratios of 6 RCNY 5-301.
func (b *book) ll144() {
	b.heading(1, b.t("Annex: bias audit table (NYC Local Law 144)"))
	b.para(b.t("Selection rate of each category, and its ratio to the rate of the most selected category. The law asks for the categories of sex, race and ethnicity and their combinations, for the number of persons whose category is unknown, for the dates of the audit and of the tool's distribution, and for an independent auditor: what is not below, the evidence does not hold."))
	byAttribute := map[string][]modelvet.Measurement{}
	for _, s := range b.Scans {
		for _, m := range s.Measurements {
			if m.Metric == "fairness/selection_rate" && m.Slice["group"] != "" && m.Slice["reference"] == "" {
				byAttribute[m.Slice["attribute"]] = append(byAttribute[m.Slice["attribute"]], m)
			}
		}
	}
	if len(byAttribute) == 0 {
		b.para(b.t("No selection rates were measured."))
	}
	for _, attribute := range sortedKeys(byAttribute) {
		list := byAttribute[attribute]
		best, all := 0.0, 0
		for _, m := range list {
			best, all = max(best, m.Value), all+m.N
		}
		var rows [][]cell
		for _, m := range list {
			ratio, note := b.t("not defined"), ""
			if best > 0 {
				ratio = number(m.Value / best)
			}
			if all > 0 && float64(m.N) < 0.02*float64(all) {
				note = b.t("fewer than 2 % of the persons: the auditor may leave it out and must say why")
			}
			rows = append(rows, []cell{{Text: m.Slice["group"], Face: bold}, {Text: fmt.Sprint(m.N)}, {Text: number(m.Value)}, {Text: ratio}, {Text: note}})
		}
		b.heading(2, or(attribute, b.t("not named")))
		b.table(grid{Widths: []float64{5, 2, 3, 3, 5}, Head: b.heads4("Category", "Persons", "Selection rate", "Impact ratio", "Note"), Rows: rows})
	}
}
