// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"strings"

	"github.com/modelvet/modelvet"
)

func joined(list []string) string { return strings.Join(list, ", ") }

// summary is one page, whatever the decision holds: what does not fit is
// counted, and the findings have all of it.
func (b *book) summary() {
	for _, size := range []struct {
		items int
		chart bool
	}{{5, true}, {4, true}, {3, true}, {5, false}, {4, false}, {3, false}, {2, false}, {1, false}} {
		before := b.mark()
		b.trimmed = false
		b.newPage()
		b.summaryOf(size.items, size.chart)
		if b.page() == before.leaves || size.items == 1 {
			b.y = bottom // the findings begin on a page of their own
			return
		}
		b.back(before)
	}
}

func (b *book) summaryOf(items int, chart bool) {
	b.heading(1, b.t("Executive summary"))
	b.paraIn(b.t(b.Stamp)+". "+clip(b.Sentence, 400, recordName), bold, b.Tone)
	if b.System != nil && b.System.Purpose != "" {
		b.paraIn(b.t("Declared purpose: %s", clip(b.System.Purpose, 300, recordName)), italic, "muted")
	}
	b.tiles(b.Tiles())
	if s, ok := areaScene(b.view); ok && chart {
		b.picture(s)
	}
	b.listed(b.t("Reasons beside the rules"), b.few(b.Causes, items))
	b.listed(b.t("What must change before promotion"), b.few(b.changes(), items))
	b.listed(b.t("Conditions"), b.few(b.Conditions, items))
	b.listed(b.t("What weakens this decision"), b.few(b.Notes, items))
	b.heading(2, b.t("Next step"))
	b.para(b.Next)
}

const summaryRunes = 260 // of one item

// few are the first of a list, each cut, and how many more there are.
func (b *book) few(list []string, n int) []string {
	var out []string
	for i, s := range list {
		if i == n {
			b.trimmed = true
			return append(out, b.t("and %d more in the chapters that follow.", len(list)-n))
		}
		short := clip(s, summaryRunes, recordName)
		b.trimmed = b.trimmed || short != s
		out = append(out, short)
	}
	return out
}

// listed is a heading with bullets; nothing when there are none.
func (b *book) listed(heading string, items []string) {
	if len(items) > 0 {
		b.heading(2, heading)
		b.bullets(items)
	}
}

// changes say of each blocking rule what was found and what mends it.
func (b *book) changes() []string {
	var out []string
	for i, r := range b.Blocking {
		out = append(out, fmt.Sprintf("F-%02d  %s. %s", i+1, strings.TrimSuffix(or(r.Title, r.ID), "."), or(r.Remediation, b.t("The rule names no remedy; ask the owner of the policy."))))
	}
	return out
}

// ownSections are the organisation's chapters, marked as theirs.
func (b *book) ownSections() {
	for _, s := range b.template.Sections {
		b.heading(1, s.Title)
		b.paraIn(b.t("Added by %s; no part of the decision.", or(b.template.Organisation, b.t("the organisation"))), italic, "muted")
		for _, p := range s.Text {
			b.para(p)
		}
	}
}

func (b *book) basis() {
	b.heading(1, b.t("Basis, method and limitations"))
	b.para(b.t("Scope: the artifact named on the cover, for the stage named there, against the rules and controls of the policy's profiles. Nothing else was looked at."))
	b.para(b.t("Method: the artifact is packed by content; scanners measure its files and tables; each result is signed as a statement about the artifact's digest. Before a rule sees a statement, its signature, subject, signer and schema are verified. Rules are answered one by one; a rule that lacks evidence cannot be verified, which counts against release. Controls are rolled up from the rules that answer them, failure first."))
	b.para(b.t("Population: scanners read complete files and tables, without sampling, unless their coverage says otherwise."))
	b.para(b.t("Independence: an approval by somebody who also signed evidence does not count; the policy belongs to the governance team and is named by its digest."))
	b.heading(2, b.t("Criteria"))
	var rows [][]cell
	for _, f := range b.Frameworks {
		rows = append(rows, []cell{{Text: f.Name, Face: bold}, {Text: or(f.Version, b.t("not named"))}, {Text: fmt.Sprint(len(f.Controls))}, {Text: strings.ToLower(b.counts(f.Counts))}})
	}
	b.table(grid{Tight: true, Widths: []float64{4, 4, 2, 8}, Head: b.columns("Framework", "Text version", "Controls", "What the evidence says"), Rows: rows})
	b.heading(2, b.t("Words"))
	b.table(grid{Tight: true, Widths: []float64{4.2, 10}, Head: b.columns("Word", "Meaning"), Rows: [][]cell{
		{{Badge: met}, {Text: b.t("Of a rule: verified evidence supports it.")}},
		{{Badge: notMet}, {Text: b.t("Of a rule: verified evidence contradicts it. A blocking rule closes the gate.")}},
		{{Badge: supported}, {Text: b.t("Of a control: every rule that answers it is met. A rule may answer only a part of what a control demands.")}},
		{{Badge: notSupported}, {Text: b.t("Of a control: a rule that answers it is not met.")}},
		{{Badge: attested}, {Text: b.t("Of a control: a person in the right role says so, under a signature.")}},
		{{Badge: cannotVerify}, {Text: b.t("It applies, and the evidence is missing, invalid or stale. Never a pass: a blocking rule closes the gate.")}},
		{{Badge: waived}, {Text: b.t("It does not hold, and a signed waiver with an end forgives that.")}},
		{{Badge: notAssessed}, {Text: b.t("No rule of this gate answers the control. Nothing follows from that.")}},
		{{Badge: notApplies}, {Text: b.t("It does not bind this system, for the reason given.")}}}})
	b.heading(2, b.t("Limitations"))
	b.bullets(b.Limits())
}

func (b *book) system() {
	b.heading(1, b.t("The system"))
	if facts := b.SystemFacts(); len(facts) > 0 {
		b.paraIn(b.t("Declared by the provider in modelvet.yaml; repeated here, not measured."), italic, "muted")
		b.facts(facts)
	} else {
		b.para(b.t("No verified statement says what the system is."))
	}
	b.classification()
	var rows [][]cell
	for _, f := range b.Subject.Files {
		rows = append(rows, []cell{{Text: f.Path, Face: mono}, {Text: f.Kind}, {Text: fmt.Sprint(f.Size)}, {Text: f.Digest, Face: mono}})
	}
	if len(rows) > 0 {
		b.heading(2, b.t("Files of the artifact"))
		b.table(grid{Tight: true, Widths: []float64{3.6, 1.4, 1.4, 10.4}, Head: b.columns("File", "Kind", "Bytes", "Digest"), Rows: rows})
	}
}

// classification is the risk class as declared and as derived, each step of
// the reasoning, and what rules say of it.
func (b *book) classification() {
	var rows [][]cell
	for _, r := range b.Results {
		if strings.HasPrefix(r.ID, "classification.") {
			why := r.Title
			if list := b.told(r); open(r) || r.Reason != "" {
				why += ". " + strings.Join(list, " ")
			}
			rows = append(rows, []cell{{Text: why}, {Badge: outcomeWord(r.Outcome)}, {Text: joined(r.Controls), Face: mono}})
		}
	}
	if len(rows) == 0 && b.Classification == nil {
		return
	}
	b.heading(2, b.t("Classification and its reasoning"))
	switch {
	case b.Classification != nil:
		b.para(b.Classified() + " " + b.t("A lawyer may come to another result."))
	case b.System != nil:
		b.para(b.t("Declared class: %s. The rules below hold the declaration to the purpose, the area and the role; a lawyer may come to another result.", strings.TrimSpace(or(b.System.RiskClass, b.t("not named"))+" "+b.System.AnnexIII)))
	}
	if c := b.Classification; c != nil {
		var steps [][]cell
		for _, s := range c.Steps {
			steps = append(steps, []cell{{Text: s.Ref, Face: bold}, {Text: s.Finding}, {Text: b.StepBy(s)}, {Text: or(s.Class, "–")}})
		}
		b.table(grid{Tight: true, Widths: []float64{3, 8.4, 3.6, 1.8}, Head: b.columns("Article", "What was found", "Decided", "Class"), Rows: steps})
	}
	b.table(grid{Tight: true, Widths: []float64{8, 3, 5}, Head: b.columns("What was asked", "Outcome", "Controls"), Rows: rows})
}

func (b *book) ruleList() {
	b.heading(1, b.t("Rules"))
	b.para(b.t("%d rules answered: %s.", len(b.Results), b.counts(b.Counts)))
	var rows [][]cell
	for i, r := range b.Results {
		what := r.Title
		if r.Reason != "" {
			what += ". " + r.Reason
		}
		rows = append(rows, []cell{{Text: ruleNumber(i), Face: bold}, {Text: what + "\n" + r.ID}, {Badge: outcomeWord(r.Outcome)}, {Text: b.level(r.Level)}, {Text: or(b.called(r.Evidence), b.t("none"))}})
	}
	b.table(grid{Tight: true, Widths: []float64{1.3, 8.6, 3, 1.5, 2.8}, Head: b.columns("No.", "What it asks", "Outcome", "Level", "Evidence"), Rows: rows})
}

func (b *book) findingCards() {
	b.heading(1, b.t("Findings"))
	if b.trimmed { // what the summary could not hold
		b.listed(b.t("Reasons beside the rules"), b.Causes)
		b.listed(b.t("Conditions"), b.Conditions)
		b.listed(b.t("What weakens this decision"), b.Notes)
	}
	list := b.findings()
	if len(list) == 0 {
		b.para(b.t("No rule objects."))
	}
	for i, r := range list {
		g := b.card(r)
		if h := b.height(g) + 16; b.y+h > bottom && (h < 110 || b.y > bottom-60) {
			b.ensure(bottom - marginT) // a card is not torn without need
		}
		b.heading(2, fmt.Sprintf("F-%02d  %s", i+1, or(r.Title, r.ID)))
		b.table(g)
	}
}

// card is one finding in the five words of internal auditors.
func (b *book) card(r modelvet.Result) grid {
	condition := r.Objections
	if r.Reason != "" {
		condition = append(append([]string{}, condition...), r.Reason)
	}
	name := func(s string) cell { return cell{Text: b.t(s), Face: bold, Color: "muted"} }
	rows := [][]cell{
		{name("Outcome"), {Badge: outcomeWord(r.Outcome)}},
		{name("Criteria"), {Text: strings.TrimSpace(fmt.Sprintf("%s (%s). %s %s", r.ID, b.level(r.Level), r.Description, b.t("Controls: %s.", or(joined(r.Controls), b.t("none")))))}},
	}
	for i, c := range condition {
		label := name("Condition")
		if i > 0 {
			label = cell{}
		}
		rows = append(rows, []cell{label, {Text: c}})
	}
	if len(condition) == 0 {
		rows = append(rows, []cell{name("Condition"), {Text: b.t("The rule gave no reason.")}})
	}
	rows = append(rows, []cell{name("Cause"), {Text: b.cause(r)}}, []cell{name("Effect"), {Text: b.effect(r)}},
		[]cell{name("Recommendation"), {Text: or(r.Remediation, b.t("The rule names no remedy; ask the owner of the policy."))}},
		[]cell{name("Evidence"), {Text: or(b.called(r.Evidence), b.t("none"))}},
		[]cell{name("Owner, due date"), {Text: b.t("For the owner of the model to state.")}})
	return grid{Tight: true, Widths: []float64{2.4, 10}, Rows: rows}
}
