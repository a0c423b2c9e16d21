// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
)

func (b *book) measurements() {
	b.heading(1, b.t("Measurements"))
	list := panels(b.view)
	if len(list) == 0 {
		b.para(b.t("No scan was attached: nothing was measured."))
	}
	for _, p := range list {
		if len(p.Charts) > 0 { // the heading stays with the first picture
			b.ensure(p.Charts[0].H + 44)
		}
		b.heading(2, p.Title)
		b.para(b.t("Scanner %s, version %s; read: %s.", p.Scan.Scanner, or(p.Scan.Version, b.t("not named")), or(joined(p.Scan.Coverage.Read), b.t("nothing"))))
		b.seen(p.Scan)
		for _, c := range p.Charts {
			b.picture(c.scene)
			b.numbers(c.Rows)
			b.series(c.Series)
		}
		if len(p.Single) > 0 && len(p.Charts) > 0 {
			b.heading(3, b.t("Other numbers"))
		}
		b.numbers(p.Single)
	}
}

// seen are the findings and the gaps of one scan.
func (b *book) seen(s modelvet.Scan) {
	var rows [][]cell
	for _, f := range s.Findings {
		rows = append(rows, []cell{{Text: f.Path + b.place(f), Face: mono}, {Text: f.What}, {Text: strings.TrimSpace(f.ID + " " + joined(f.CWE) + " " + joined(f.CVE)), Face: mono}, {Text: or(f.Severity, b.t("not named"))}})
	}
	b.table(grid{Tight: true, Widths: []float64{5, 6, 4, 1.8}, Head: b.columns("Where", "What was seen", "Kind", "Severity"), Rows: rows})
	if len(s.Findings) == 0 && s.Scanner == "modelfile" {
		b.para(b.t("Nothing was found in the files read."))
	}
	var skipped []string
	for _, g := range s.Coverage.Skipped {
		skipped = append(skipped, b.t("not looked at: %s: %s", g.Path, g.Reason))
	}
	b.bullets(skipped)
}

func (b *book) lineage() {
	b.heading(1, b.t("Lineage"))
	if len(b.Lineage) == 0 {
		b.para(b.t("No verified statement says what the model was made of."))
		return
	}
	b.paraIn(b.t("What the sources claim; repeated, not measured. An input without a digest could change without anybody seeing it."), italic, "muted")
	b.picture(lineageScene(b.view))
	for _, s := range b.Lineage {
		b.heading(2, strings.TrimSpace(b.t("Source %s", s.Source)+" "+s.URI))
		var rows [][]cell
		for _, in := range s.Inputs {
			rows = append(rows, []cell{{Text: in.Kind}, {Text: strings.TrimSpace(in.Name + " " + in.URI)}, {Text: or(in.Digest, b.t("not pinned by the source")), Face: mono}})
		}
		b.table(grid{Widths: []float64{2, 6, 7}, Head: b.columns("Kind", "Name", "Digest"), Rows: rows})
		var facts []fact
		for _, k := range sortedKeys(s.Facts) {
			facts = append(facts, fact{k, s.Facts[k]})
		}
		b.facts(facts)
	}
}

func (b *book) register() {
	b.heading(1, b.t("Evidence register"))
	if len(b.Evidence) == 0 {
		b.para(b.t("No evidence was attached."))
		return
	}
	b.para(b.t("Grade: measured means that modelvet computed it from the files; declared means that a person or another program says so."))
	var rows [][]cell
	for i, e := range b.Evidence {
		rows = append(rows, []cell{{Text: ranges("E", []int{i}), Face: bold}, {Text: b.kindOf(e) + " " + e.Digest, Face: mono}, {Text: b.grade(e.PredicateType)},
			{Text: b.t(or(string(e.Status), "unknown"))}, {Text: b.signer(e.Signer)}, {Text: b.signed(e.SignedAt)}})
		if e.Reason != "" { // beneath, where there is room
			rows = append(rows, []cell{{}, {Text: e.Reason}, {}, {}, {}, {}})
		}
	}
	b.table(grid{Tight: true, Widths: []float64{1.1, 6.2, 1.7, 1.7, 3.7, 3.3}, Head: b.columns("No.", "Kind and digest", "Grade", "Status", "Signer", "Signed, age"), Rows: rows})
}

// signed is when, and how long before the decision.
func (b view) signed(at time.Time) string {
	if at.IsZero() {
		return b.t("not dated")
	}
	return b.moment(at) + ", " + b.age(at)
}

// grade is how far a kind of evidence rests on more than somebody's word.
func (b view) grade(predicateType string) string {
	switch predicateType {
	case modelvet.PredicateScan, modelvet.PredicateModelSignature:
		return b.t("measured")
	case modelvet.PredicateApproval, modelvet.PredicateWaiver:
		return b.t("act of a person")
	}
	return b.t("declared")
}

func (b *book) acts() {
	b.heading(1, b.t("Approvals and waivers"))
	var rows [][]cell
	for _, n := range b.Needs {
		rows = append(rows, []cell{{Text: n.Role, Face: bold}, {Text: fmt.Sprint(n.Want)}, {Text: fmt.Sprint(n.Have)}})
	}
	if len(rows) == 0 {
		b.para(b.t("This stage requires no approval."))
	}
	b.table(grid{Widths: []float64{6, 2, 2}, Head: b.columns("Role", "Required", "Given"), Rows: rows})
	rows = nil
	for _, a := range b.Approvals {
		rows = append(rows, []cell{{Text: a.Role, Face: bold}, {Text: b.signer(a.Signer)}, {Text: b.moment(a.At)}, {Text: b.counting(a.Valid, a.Reason)}, {Text: a.Comment}})
	}
	b.table(grid{Widths: []float64{3, 4, 2.6, 3, 4}, Head: b.columns("Approval by", "Signer", "Signed", "Counts", "Comment"), Rows: rows})
	b.vouched()
	rows = nil
	for _, w := range b.Decision.Waivers {
		rows = append(rows, []cell{{Text: w.ID, Face: bold}, {Text: w.Rule, Face: mono}, {Text: join(w.Reason, w.Ticket)}, {Text: b.t("requested by %s, granted by %s", or(w.RequestedBy, b.t("nobody")), b.signer(w.Signer))},
			{Text: b.date(w.Expires)}, {Text: b.counting(w.Valid, w.Reject)}})
	}
	if len(rows) == 0 {
		b.para(b.t("There is no waiver."))
	}
	b.table(grid{Widths: []float64{2.2, 3.4, 3.6, 4, 1.9, 2.6}, Head: b.columns("Waiver", "Rule", "Reason", "People", "Ends", "Counts"), Rows: rows})
}

// vouched is the table of documents that persons vouch for.
func (b *book) vouched() {
	var rows [][]cell
	for _, a := range b.Attestations {
		rows = append(rows, []cell{{Text: a.Kind, Face: bold}, {Text: a.Path + " " + a.File, Face: mono}, {Text: join(a.Role, b.signer(a.Signer))}, {Text: b.date(a.At) + " – " + b.date(a.Expires)},
			{Text: b.counting(a.Valid, a.Reason)}, {Text: join(joined(a.Controls), a.Comment)}})
		for _, x := range a.Excluded {
			rows = append(rows, []cell{{}, {}, {}, {}, {Text: b.t("not applicable: %s: %s", x.Control, x.Reason)}, {}})
		}
	}
	if len(rows) == 0 {
		b.para(b.t("No document was attested by a person."))
	}
	b.table(grid{Tight: true, Widths: []float64{2, 4.4, 3, 2.4, 2.6, 3}, Head: b.columns("Document", "File", "Attested by", "From, until", "Counts", "For, comment"), Rows: rows})
}

func counting(valid bool, why string) string {
	if valid {
		return "counts"
	}
	return "does not count: " + or(why, "no reason given")
}

func (b *book) limits() {
	b.heading(1, b.t("What was not assessed"))
	b.para(b.t("This page is part of the result: what nobody looked at is not thereby in order."))
	var rows [][]cell
	for _, f := range b.Frameworks {
		rows = append(rows, []cell{{Text: f.Name, Face: bold}, {Text: fmt.Sprint(f.Counts[notAssessed])}, {Text: fmt.Sprint(f.Counts[cannotVerify])}, {Text: fmt.Sprint(len(f.Controls))}})
	}
	if len(rows) > 0 {
		b.heading(2, b.t("Controls"))
		b.para(b.t("The chapter on controls names each of them, and who could say."))
	}
	b.table(grid{Widths: []float64{5, 3, 3, 3}, Head: b.columns("Framework", "Not assessed", "Cannot be verified", "Of"), Rows: rows})
	b.heading(2, b.t("Skipped by scanners"))
	rows = nil
	for _, g := range b.Gaps {
		rows = append(rows, []cell{{Text: g.Scanner}, {Text: g.Path, Face: mono}, {Text: g.Reason}})
	}
	if len(rows) == 0 {
		b.para(b.t("The scanners that ran say that they skipped nothing."))
	}
	b.table(grid{Widths: []float64{3, 6, 8}, Head: b.columns("Scanner", "What", "Why"), Rows: rows})
	var silent []string
	for _, name := range sortedKeys(scannerTitles) {
		if !b.ran(name) {
			silent = append(silent, b.t(scannerTitles[name]))
		}
	}
	b.listed(b.t("Kinds of measurement that nobody attached"), silent)
}

func (b *book) ran(scanner string) bool {
	for _, s := range b.Scans {
		if s.Scanner == scanner {
			return true
		}
	}
	return false
}

func (b *book) verify() {
	b.heading(1, b.t("How to verify this report"))
	b.bullets([]string{
		b.t("modelvet report verify FILE.pdf renders the attached decision again and compares this file with it byte for byte and page by page, and checks every signature."),
		b.t("Take decision.json out of this file (pdfdetach -saveall) and compare its SHA-256 with %s.", b.record),
		b.t("Check who signed the evidence (modelvet verify REF) against the register above; cosign reads the same statements."),
		b.t("Judge again (modelvet judge REF) with the policy %s: the same evidence and policy give the same outcome.", or(b.Policy.Digest, b.t("(no digest)"))),
		b.t("Compare the artifact's digest at the foot of each page with the one that is deployed."),
	})
}

// signFields are the fields of the last page: their names are the contract of
// --sign-field and stay English.
var signFields = []string{"Owner of the model", "Independent reviewer", "Committee or risk officer", "Seal of the organisation"}

func (b *book) signOff() {
	b.ensure(115)
	b.heading(1, b.t("Sign-off"))
	b.para(b.t("A signature below says that its signer has read this report; it changes neither the decision nor its record."))
	for _, who := range signFields {
		b.ensure(20)
		b.in("P", func(*node) { b.text(marginX, b.y+5, bold, 9.4, "ink", b.t(who)) })
		for i, s := range []string{"Name and function", "Date", "Signature"} {
			x := marginX + [...]float64{0, 66, 98}[i]
			b.line("muted", 0.25, x, b.y+14, x+[...]float64{60, 26, 72}[i], b.y+14)
			b.in("P", func(*node) { b.text(x, b.y+17.4, regular, 7, "muted", b.t(s)) })
		}
		b.field(who, b.t("Signature: %s", b.t(who)), marginX+98, b.y+1, 72, 12.4)
		b.y += 21
	}
}

func (b *book) glossary() {
	b.heading(1, b.t("Glossary"))
	b.factsIn([]fact{
		{b.t("Artifact"), b.t("The model and its files, named by the SHA-256 of their manifest: one changed byte is another artifact.")},
		{b.t("Statement"), b.t("A signed claim about an artifact (in-toto, in a Sigstore bundle).")},
		{b.t("Evidence root"), b.t("One digest over all verified statements; an approval names it, so that nobody approves what has changed.")},
		{b.t("Interval"), b.t("Where a measured number would lie in 95 of 100 repetitions with other rows of the same kind.")},
		{"n", b.t("The number of rows that a number rests on.")},
		{b.t("Demographic parity"), b.t("The difference or ratio of the rates at which groups are selected. Below a ratio of 0.8 the four-fifths rule of US employment law asks for reasons; it is drawn as a line, and is not the policy's limit.")},
		{b.t("Equalised odds"), b.t("The larger of the differences of true and false positive rates between groups.")},
		{b.t("Waiver"), b.t("A signed forgiveness of one rule for one artifact until a day, granted by somebody else than who asked.")},
	}, true)
}
