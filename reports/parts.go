// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"strings"

	"github.com/modelvet/modelvet"
)

func joined(list []string) string { return strings.Join(list, ", ") }

func (b *book) summary() {
	b.newPage()
	b.heading(1, "Executive summary")
	b.paraIn(b.Stamp+". "+b.Sentence, bold, b.Tone)
	b.tiles(b.Tiles())
	if len(b.Reasons) > 0 {
		b.heading(2, "Why it is not allowed")
		b.bullets(b.Reasons)
	}
	if list := b.changes(); len(list) > 0 {
		b.heading(2, "What must change")
		b.bullets(list)
	}
	if len(b.Conditions) > 0 {
		b.heading(2, "Conditions")
		b.bullets(b.Conditions)
	}
	if list := b.wentWell(); len(list) > 0 {
		b.heading(2, "What holds")
		b.bullets(list)
	}
	if len(b.Notes) > 0 {
		b.heading(2, "What weakens this decision")
		b.bullets(b.Notes)
	}
	b.heading(2, "Next step")
	b.para(b.Next)
}

// changes are the remedies of the blocking rules.
func (b *book) changes() []string {
	var out []string
	for i, r := range b.Blocking {
		if i == 8 {
			return append(out, fmt.Sprintf("%d more in the findings.", len(b.Blocking)-i))
		}
		out = append(out, fmt.Sprintf("%s: %s", r.ID, or(r.Remediation, "the rule names no remedy; ask the owner of the policy.")))
	}
	return out
}

func (b *book) wentWell() []string {
	var out []string
	for _, r := range b.Holding {
		if r.Outcome != modelvet.Pass {
			continue
		}
		if len(out) == 8 {
			return append(out, fmt.Sprintf("and %d more rules.", b.Counts[met]-8))
		}
		out = append(out, or(r.Title, r.ID))
	}
	return out
}

func (b *book) basis() {
	b.heading(1, "Basis, method and limitations")
	b.para("Scope: the artifact named on the cover, for the stage named there, against the rules and controls of the policy's profiles. Nothing else was looked at.")
	b.para("Method: the artifact is packed by content; scanners measure its files and tables; each result is signed as a statement about the artifact's digest. Before a rule sees a statement, its signature, subject, signer and schema are verified. Rules are answered one by one; a rule that lacks evidence cannot be verified, which counts against release. Controls are rolled up from the rules that answer them, failure first. Populations are complete, not sampled, unless a scanner says otherwise in its coverage.")
	b.heading(2, "Criteria")
	var rows [][]cell
	for _, f := range b.Frameworks {
		rows = append(rows, []cell{{Text: f.Name, Face: bold}, {Text: or(f.Version, "not named")}, {Text: fmt.Sprint(len(f.Controls))}, {Text: counts(f.Counts)}})
	}
	b.table(grid{Widths: []float64{4, 3, 2, 8}, Head: []string{"Framework", "Text version", "Controls", "What the evidence says"}, Rows: rows})
	b.heading(2, "Words")
	b.table(grid{Widths: []float64{3, 10}, Head: []string{"Word", "Meaning"}, Rows: [][]cell{
		{{Badge: met}, {Text: "Verified evidence supports the rule, or every rule that answers the control."}},
		{{Badge: notMet}, {Text: "Verified evidence contradicts it. A blocking rule closes the gate."}},
		{{Badge: cannotVerify}, {Text: "It applies, and the evidence is missing, invalid or stale. Never a pass: a blocking rule closes the gate."}},
		{{Badge: waived}, {Text: "It does not hold, and a signed waiver with an end forgives that."}},
		{{Badge: notAssessed}, {Text: "No rule of this gate answers the control. Nothing follows from that."}},
		{{Badge: notApplies}, {Text: "It does not bind this system, for the reason given."}}}})
	b.heading(2, "Limitations")
	b.bullets(b.Limits())
}

func (b *book) system() {
	b.heading(1, "The system")
	if facts := b.SystemFacts(); len(facts) > 0 {
		b.paraIn("Declared by the provider in modelvet.yaml; repeated here, not measured.", italic, "muted")
		b.facts(facts)
	} else {
		b.para("No verified statement says what the system is.")
	}
	var rows [][]cell
	for _, f := range b.Subject.Files {
		rows = append(rows, []cell{{Text: f.Path, Face: mono}, {Text: f.Kind}, {Text: fmt.Sprint(f.Size)}, {Text: f.Digest, Face: mono}})
	}
	if len(rows) > 0 {
		b.heading(2, "Files of the artifact")
		b.table(grid{Widths: []float64{5, 2, 2, 7}, Head: []string{"File", "Kind", "Bytes", "Digest"}, Rows: rows})
	}
}

func (b *book) controls() {
	b.heading(1, "Controls")
	if len(b.Frameworks) == 0 {
		b.para("The decision names no control.")
	}
	names := b.evidenceNames()
	for _, f := range b.Frameworks {
		b.heading(2, strings.TrimSpace(f.Name+" "+f.Version))
		b.para(fmt.Sprintf("%s: %s.", plural(len(f.Controls), "control", "controls"), counts(f.Counts)))
		var rows [][]cell
		for _, c := range f.Controls {
			rows = append(rows, []cell{{Text: or(c.Ref, c.ID), Face: bold}, {Text: c.Title + automatable(c)}, {Badge: stateWord(c.State)},
				{Text: or(joined(c.Rules), "none"), Face: mono}, {Text: or(called(c.Evidence, names), "none")}})
		}
		b.table(grid{Widths: []float64{2.6, 6, 2.9, 4, 1.8}, Head: []string{"Control", "Requirement", "State", "Rules", "Evidence"}, Rows: rows})
	}
}

func automatable(c modelvet.ControlResult) string {
	word := ""
	switch c.Automatable {
	case "partial":
		word = " (rules answer a part)"
	case "none":
		word = " (for people to assess)"
	}
	if c.From != "" {
		word += " (applies from " + c.From + ")"
	}
	return word
}

// evidenceNames numbers the register: E-01 ...
func (b *book) evidenceNames() map[string]string {
	out := map[string]string{}
	for i, e := range b.Evidence {
		out[e.Digest] = fmt.Sprintf("E-%02d", i+1)
	}
	return out
}

func called(digests []string, names map[string]string) string {
	var out []string
	for _, d := range digests {
		out = append(out, or(names[d], short(d)))
	}
	return joined(out)
}

func (b *book) ruleList() {
	b.heading(1, "Rules")
	b.para(fmt.Sprintf("%s answered: %s.", plural(len(b.Results), "rule", "rules"), counts(b.Counts)))
	names := b.evidenceNames()
	var rows [][]cell
	for _, r := range b.Results {
		what := r.Title
		if r.Reason != "" {
			what += ". " + r.Reason
		}
		rows = append(rows, []cell{{Text: r.ID, Face: mono}, {Text: what}, {Badge: outcomeWord(r.Outcome)}, {Text: levelWord(r.Level)}, {Text: or(called(r.Evidence, names), "none")}})
	}
	b.table(grid{Widths: []float64{4.6, 6.2, 3, 1.6, 1.8}, Head: []string{"Rule", "What it asks", "Outcome", "Level", "Evidence"}, Rows: rows})
}

func (b *book) findingCards() {
	b.heading(1, "Findings")
	list := b.findings()
	if len(list) == 0 {
		b.para("No rule objects.")
	}
	names := b.evidenceNames()
	for i, r := range list {
		b.heading(2, fmt.Sprintf("F-%02d  %s", i+1, or(r.Title, r.ID)))
		b.card(r, names)
	}
}

// card is one finding in the five words of internal auditors.
func (b *book) card(r modelvet.Result, names map[string]string) {
	condition := r.Objections
	if r.Reason != "" {
		condition = append(append([]string{}, condition...), r.Reason)
	}
	rows := [][]cell{
		{{Text: "Outcome", Face: bold, Color: "muted"}, {Badge: outcomeWord(r.Outcome)}},
		{{Text: "Criteria", Face: bold, Color: "muted"}, {Text: strings.TrimSpace(fmt.Sprintf("%s (%s). %s Controls: %s.", r.ID, levelWord(r.Level), r.Description, or(joined(r.Controls), "none")))}},
	}
	for i, c := range condition {
		name := "Condition"
		if len(condition) > 1 {
			name = fmt.Sprintf("Condition %d", i+1)
		}
		rows = append(rows, []cell{{Text: name, Face: bold, Color: "muted"}, {Text: c}})
	}
	if len(condition) == 0 {
		rows = append(rows, []cell{{Text: "Condition", Face: bold, Color: "muted"}, {Text: "The rule gave no reason."}})
	}
	rows = append(rows,
		[]cell{{Text: "Cause", Face: bold, Color: "muted"}, {Text: cause(r)}},
		[]cell{{Text: "Effect", Face: bold, Color: "muted"}, {Text: effect(r)}},
		[]cell{{Text: "Recommendation", Face: bold, Color: "muted"}, {Text: or(r.Remediation, "The rule names none; ask the owner of the policy.")}},
		[]cell{{Text: "Evidence", Face: bold, Color: "muted"}, {Text: or(called(r.Evidence, names), "none")}})
	b.table(grid{Widths: []float64{2.4, 10}, Rows: rows})
}
