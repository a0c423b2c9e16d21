// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"strings"

	"github.com/modelvet/modelvet"
)

func (b *book) measurements() {
	b.heading(1, "Measurements")
	list := panels(b.Scans)
	if len(list) == 0 {
		b.para("No scan was attached: nothing was measured.")
	}
	for _, p := range list {
		b.heading(2, p.Title)
		b.para(fmt.Sprintf("Scanner %s, version %s; read: %s.", p.Scan.Scanner, or(p.Scan.Version, "not named"), or(joined(p.Scan.Coverage.Read), "nothing")))
		b.seen(p.Scan)
		b.numbers(p.Single)
		for _, c := range p.Charts {
			b.picture(c.scene)
			b.numbers(c.Rows)
			b.series(c.Series)
		}
	}
}

// seen are the findings and the gaps of one scan.
func (b *book) seen(s modelvet.Scan) {
	var rows [][]cell
	for _, f := range s.Findings {
		rows = append(rows, []cell{{Text: f.Path + place(f), Face: mono}, {Text: f.What}, {Text: strings.TrimSpace(f.ID + " " + joined(f.CWE) + " " + joined(f.CVE)), Face: mono}, {Text: or(f.Severity, "not named")}})
	}
	b.table(grid{Widths: []float64{5, 6, 4, 1.8}, Head: []string{"Where", "What was seen", "Kind", "Severity"}, Rows: rows})
	if len(s.Findings) == 0 && s.Scanner == "modelfile" {
		b.para("Nothing was found in the files read.")
	}
	var skipped []string
	for _, g := range s.Coverage.Skipped {
		skipped = append(skipped, "not looked at: "+g.Path+": "+g.Reason)
	}
	b.bullets(skipped)
}

// numbers is the table of measurements, with what each rests on.
func (b *book) numbers(list []modelvet.Measurement) {
	var rows [][]cell
	for _, m := range list {
		rows = append(rows, []cell{{Text: metricName(m.Metric)}, {Text: or(slice(m.Slice), "all")}, {Text: number(m.Value), Face: bold}, {Text: or(interval(m), "not given")},
			{Text: pvalue(m.P)}, {Text: fmt.Sprint(m.N)}, {Text: m.Method}})
	}
	b.table(grid{Widths: []float64{4.4, 4.8, 1.9, 3, 1.5, 1.4, 2.4}, Head: []string{"Metric", "Slice", "Value", "95 % interval", "p", "n", "Method"}, Rows: rows})
}

func (b *book) series(s *modelvet.Series) {
	if s == nil {
		return
	}
	var rows [][]cell
	list := points(s)
	for i := 0; i < len(list); i += 4 { // four points side by side
		var row []cell
		for k := range 4 {
			var x, y cell
			if i+k < len(list) {
				x, y = cell{Text: list[i+k].X}, cell{Text: list[i+k].Y, Face: bold}
			}
			row = append(row, x, y)
		}
		rows = append(rows, row)
	}
	b.table(grid{Widths: []float64{1, 1, 1, 1, 1, 1, 1, 1}, Head: []string{"x", "y", "x", "y", "x", "y", "x", "y"}, Rows: rows})
}

func (b *book) lineage() {
	b.heading(1, "Lineage")
	if len(b.Lineage) == 0 {
		b.para("No verified statement says what the model was made of.")
		return
	}
	b.paraIn("What the sources claim; repeated, not measured. An input without a digest could change without anybody seeing it.", italic, "muted")
	b.picture(lineageScene(b.view))
	for _, s := range b.Lineage {
		b.heading(2, strings.TrimSpace("Source "+s.Source+" "+s.URI))
		var rows [][]cell
		for _, in := range s.Inputs {
			rows = append(rows, []cell{{Text: in.Kind}, {Text: strings.TrimSpace(in.Name + " " + in.URI)}, {Text: or(in.Digest, "not pinned by the source"), Face: mono}})
		}
		b.table(grid{Widths: []float64{2, 6, 7}, Head: []string{"Kind", "Name", "Digest"}, Rows: rows})
		var facts []fact
		for _, k := range sortedKeys(s.Facts) {
			facts = append(facts, fact{k, s.Facts[k]})
		}
		b.facts(facts)
	}
}

func (b *book) register() {
	b.heading(1, "Evidence register")
	if len(b.Evidence) == 0 {
		b.para("No evidence was attached.")
		return
	}
	var rows [][]cell
	for i, e := range b.Evidence {
		rows = append(rows, []cell{{Text: fmt.Sprintf("E-%02d", i+1), Face: bold}, {Text: kind(e.PredicateType) + " " + e.Digest, Face: mono},
			{Text: join(or(string(e.Status), "unknown"), e.Reason)}, {Text: signerWord(e.Signer)}, {Text: moment(e.SignedAt)}})
	}
	b.table(grid{Widths: []float64{1.1, 6, 3, 3.4, 2.3}, Head: []string{"No.", "Kind and digest", "Status", "Signer", "Signed"}, Rows: rows})
}

func (b *book) acts() {
	b.heading(1, "Approvals and waivers")
	var rows [][]cell
	for _, n := range b.Needs {
		rows = append(rows, []cell{{Text: n.Role, Face: bold}, {Text: fmt.Sprint(n.Want)}, {Text: fmt.Sprint(n.Have)}})
	}
	if len(rows) == 0 {
		b.para("This stage requires no approval.")
	}
	b.table(grid{Widths: []float64{6, 2, 2}, Head: []string{"Role", "Required", "Given"}, Rows: rows})
	rows = nil
	for _, a := range b.Approvals {
		rows = append(rows, []cell{{Text: a.Role, Face: bold}, {Text: signerWord(a.Signer)}, {Text: moment(a.At)}, {Text: counting(a.Valid, a.Reason)}, {Text: a.Comment}})
	}
	b.table(grid{Widths: []float64{3, 4, 2.6, 3, 4}, Head: []string{"Approval by", "Signer", "Signed", "Counts", "Comment"}, Rows: rows})
	rows = nil
	for _, w := range b.Decision.Waivers {
		rows = append(rows, []cell{{Text: w.ID, Face: bold}, {Text: w.Rule, Face: mono}, {Text: join(w.Reason, w.Ticket)}, {Text: fmt.Sprintf("requested by %s, granted by %s", or(w.RequestedBy, "nobody"), signerWord(w.Signer))},
			{Text: date(w.Expires)}, {Text: counting(w.Valid, w.Reject)}})
	}
	if len(rows) == 0 {
		b.para("There is no waiver.")
	}
	b.table(grid{Widths: []float64{2.2, 3.4, 3.6, 4, 1.9, 2.6}, Head: []string{"Waiver", "Rule", "Reason", "People", "Ends", "Counts"}, Rows: rows})
}

func counting(valid bool, why string) string {
	if valid {
		return "counts"
	}
	return "does not count: " + or(why, "no reason given")
}

func (b *book) limits() {
	b.heading(1, "What was not assessed")
	open := b.Unassessed()
	b.para("This page is part of the result: what nobody looked at is not thereby in order.")
	b.heading(2, "Skipped by scanners")
	var rows [][]cell
	for _, g := range b.Gaps {
		rows = append(rows, []cell{{Text: g.Scanner}, {Text: g.Path, Face: mono}, {Text: g.Reason}})
	}
	if len(rows) == 0 {
		b.para("The scanners that ran say that they skipped nothing.")
	}
	b.table(grid{Widths: []float64{3, 6, 8}, Head: []string{"Scanner", "What", "Why"}, Rows: rows})
	b.heading(2, "Controls that no rule assessed")
	if len(open) == 0 {
		b.para("None.")
	}
	b.bullets(open)
}

func (b *book) verify() {
	b.heading(1, "How to verify this report")
	b.bullets([]string{
		"Take decision.json out of this file (pdfdetach -saveall) and compare its SHA-256 with " + b.record + ".",
		"Render it again (modelvet report decision.json): the same version of modelvet gives this file, byte for byte.",
		"Check who signed the evidence (modelvet verify REF) against the register above; cosign reads the same statements.",
		"Judge again (modelvet judge REF) with the policy " + or(b.Policy.Digest, "(no digest)") + ": the same evidence and policy give the same outcome.",
		"Compare the artifact's digest at the foot of each page with the one that is deployed.",
	})
}

func (b *book) signOff() {
	b.ensure(100)
	b.heading(1, "Sign-off")
	b.para("A signature below says that its signer has read this report; it changes neither the decision nor its record.")
	for _, who := range []string{"Owner of the model", "Independent reviewer", "Committee or risk officer", "Seal of the organisation"} {
		b.ensure(20)
		b.in("P", func(*node) { b.text(marginX, b.y+5, bold, 9.4, "ink", who) })
		for i, s := range []string{"Name and function", "Date", "Signature"} {
			x := marginX + [...]float64{0, 66, 98}[i]
			b.line("muted", 0.25, x, b.y+14, x+[...]float64{60, 26, 72}[i], b.y+14)
			b.in("P", func(*node) { b.text(x, b.y+17.4, regular, 7, "muted", s) })
		}
		b.field(who, "Signature of the "+strings.ToLower(who[:1])+who[1:], marginX+98, b.y+1, 72, 12.4)
		b.y += 21
	}
}

func (b *book) glossary() {
	b.heading(1, "Glossary and versions")
	b.facts([]fact{
		{"Artifact", "The model and its files, named by the SHA-256 of their manifest: one changed byte is another artifact."},
		{"Statement", "A signed claim about an artifact (in-toto, in a Sigstore bundle)."},
		{"Evidence root", "One digest over all verified statements; an approval names it, so that nobody approves what has changed."},
		{"Interval", "Where a measured number would lie in 95 of 100 repetitions with other rows of the same kind."},
		{"n", "The number of rows that a number rests on."},
		{"Demographic parity", "The difference or ratio of the rates at which groups are selected. Below a ratio of 0.8 the four-fifths rule of US employment law asks for reasons; it is drawn as a line, and is not the policy's limit."},
		{"Equalised odds", "The larger of the differences of true and false positive rates between groups."},
		{"Waiver", "A signed forgiveness of one rule for one artifact until a day, granted by somebody else than who asked."},
		{"Versions", strings.TrimSpace("modelvet " + b.Engine.Modelvet + ", OPA " + or(b.Engine.OPA, "not named") + ", schema " + b.Schema)},
	})
}
