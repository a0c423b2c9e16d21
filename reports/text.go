// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/modelvet/modelvet"
)

// Text is the report for a terminal: the verdict first, then what stands in
// the way and how to mend it. Whoever prints decides about colour.
type Text struct {
	Color    bool
	Language string // ISO 639-1; empty: English
}

const (
	textWidth      = 100 // columns at which prose is wrapped
	textObjections = 20  // of one rule; more are counted
	textRunes      = 400 // of one objection; more are counted
)

// Render writes the report. It fails when the decision contradicts itself or w fails.
func (t Text) Render(w io.Writer, d modelvet.Decision) error {
	v, err := newViewIn(d, newSpeech(t.Language))
	if err != nil {
		return err
	}
	p := &printer{color: t.Color, speech: v.speech}
	p.verdict(v)
	p.rules(v.t("Blocking"), v.Blocking)
	p.rules(v.t("Warnings"), v.Warnings)
	p.waived(v)
	p.totals(v)
	p.list(v.t("Notes"), v.Notes)
	p.fact("Next", v.Next)
	_, err = w.Write(p.Bytes())
	return err
}

type printer struct {
	bytes.Buffer
	speech
	color bool
}

func (p *printer) verdict(v view) {
	p.wrapped(p.paint(v.Tone, v.t(v.Stamp))+"  ", plainText(v.Title)+", "+v.t("stage %s", plainText(or(v.Stage, v.t("not named")))))
	p.wrapped("", v.Sentence)
	p.list("", v.Causes)
	p.WriteByte('\n')
	p.fact("Artifact", plainText(v.Subject.Digest))
	p.fact("Policy", plainText(strings.TrimSpace(v.Policy.Digest+" "+v.Policy.Name)))
	p.fact("Decided", v.t("%s, valid until %s", v.moment(v.At), v.until()))
	if c := v.Classified(); c != "" {
		p.fact("Class", plainText(c))
	}
}

func (p *printer) rules(heading string, results []modelvet.Result) {
	if len(results) == 0 {
		return
	}
	fmt.Fprintf(p, "\n%s\n", p.strong(heading))
	for _, r := range results {
		word := outcomeWord(r.Outcome)
		p.wrapped("  "+p.paint(tone(word), p.t(word))+strings.Repeat(" ", max(1, 14-utf8.RuneCountInString(p.t(word)))), plainText(r.ID)+"  "+plainText(r.Title))
		for _, o := range p.few(r.Objections) {
			p.wrapped("      - ", plainText(o))
		}
		if r.Reason != "" {
			p.wrapped("      "+p.t("because")+" ", clip(plainText(r.Reason), textRunes, "decision.json"))
		}
		if r.Remediation != "" {
			p.wrapped("      "+p.t("fix:")+" ", clip(plainText(r.Remediation), textRunes, "decision.json"))
		}
	}
}

// few bounds what one rule may print; it tells what it leaves out.
func (p *printer) few(objections []string) []string {
	var out []string
	for i, o := range objections {
		if i == textObjections {
			return append(out, p.t("%d more objections in %s", len(objections)-i, recordName))
		}
		out = append(out, clip(o, textRunes, "decision.json"))
	}
	return out
}

func (p *printer) waived(v view) {
	p.list(v.t("Conditions"), v.Conditions)
	for _, r := range v.Waived {
		for _, o := range p.few(v.told(r)) {
			p.wrapped("      - ", plainText(r.ID)+": "+plainText(o))
		}
	}
	for _, s := range v.idleWaivers() {
		p.wrapped("  - ", plainText(s))
	}
}

func (p *printer) totals(v view) {
	p.WriteByte('\n')
	p.fact("Rules", fmt.Sprintf("%d: %s", len(v.Results), v.counts(v.Counts)))
	for _, f := range v.Frameworks {
		p.fact("Controls", fmt.Sprintf("%s, %d: %s", plainText(f.Name), len(f.Controls), strings.ToLower(v.counts(f.Counts))))
	}
	verified := 0
	for _, e := range v.Evidence {
		if e.Status == modelvet.Verified {
			verified++
		}
	}
	p.fact("Evidence", v.t("%d of %d verified", verified, len(v.Evidence)))
	if len(v.Gaps) > 0 {
		p.fact("Not read", v.t("%d files or parts that scanners skipped", len(v.Gaps)))
	}
	for _, n := range v.Needs {
		p.fact("Approval", fmt.Sprintf("%s: %d / %d", plainText(n.Role), n.Have, n.Want))
	}
	for _, s := range v.Vouched() {
		p.fact("Attested", clip(plainText(s), 4*textRunes, recordName))
	}
}

// fact is a line with a name, which is translated.
func (p *printer) fact(name, value string) {
	word := p.t(name)
	p.wrapped(word+strings.Repeat(" ", p.labels()-utf8.RuneCountInString(word)), value)
}

// labels is the column at which values begin, in the report's language.
func (p *printer) labels() int {
	n := 8
	for _, word := range p.columns("Artifact", "Policy", "Decided", "Class", "Rules", "Controls", "Evidence", "Not read", "Approval", "Attested", "Next") {
		n = max(n, utf8.RuneCountInString(word))
	}
	return n + 2
}

// plainText shows what would be obeyed, and keeps letters from right to left
// from moving their neighbours.
func plainText(s string) string { return isolated(visible(s)) }

func (p *printer) list(heading string, items []string) {
	if len(items) == 0 {
		return
	}
	if heading != "" {
		fmt.Fprintf(p, "\n%s\n", p.strong(heading))
	}
	for _, s := range items {
		p.wrapped("  - ", clip(plainText(s), 4*textRunes, "decision.json"))
	}
}

// wrapped prints a paragraph with a hanging indent; a long word is not cut,
// so that digests and paths can be copied.
func (p *printer) wrapped(lead, s string) {
	indent := strings.Repeat(" ", columns(lead))
	p.WriteString(lead)
	at := columns(lead)
	for i, word := range strings.Fields(s) {
		n := utf8.RuneCountInString(word)
		if i > 0 && at+1+n > textWidth {
			p.WriteString("\n" + indent)
			at = len(indent)
		} else if i > 0 {
			p.WriteByte(' ')
			at++
		}
		p.WriteString(word)
		at += n
	}
	p.WriteByte('\n')
}

// columns is the width of a lead, without its colour.
func columns(s string) int {
	n, esc := 0, false
	for _, r := range s {
		switch {
		case r == '\x1b':
			esc = true
		case esc:
			esc = r != 'm'
		default:
			n++
		}
	}
	return n
}

var ansi = map[string]string{good: "1;32", warn: "1;33", bad: "1;31", neutral: "2"}

func (p *printer) paint(tone, s string) string {
	if !p.color {
		return s
	}
	return "\x1b[" + ansi[tone] + "m" + s + "\x1b[0m"
}

func (p *printer) strong(s string) string {
	if !p.color {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
