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
type Text struct{ Color bool }

const (
	textWidth      = 100 // columns at which prose is wrapped
	textObjections = 20  // of one rule; more are counted
	textRunes      = 400 // of one objection; more are counted
)

// Render writes the report. It fails when the decision contradicts itself or w fails.
func (t Text) Render(w io.Writer, d modelvet.Decision) error {
	v, err := newView(d)
	if err != nil {
		return err
	}
	p := &printer{color: t.Color}
	p.verdict(v)
	p.rules("Blocking", v.Blocking)
	p.rules("Warnings", v.Warnings)
	p.waived(v)
	p.totals(v)
	p.list("Notes", v.Notes)
	p.wrapped("Next      ", v.Next)
	_, err = w.Write(p.Bytes())
	return err
}

type printer struct {
	bytes.Buffer
	color bool
}

func (p *printer) verdict(v view) {
	p.wrapped(p.paint(v.Tone, v.Stamp)+"  ", visible(v.Title)+", stage "+visible(or(v.Stage, "not named")))
	p.wrapped("", v.Sentence)
	p.list("", v.Causes)
	fmt.Fprintf(p, "\nArtifact  %s\nPolicy    %s %s\nDecided   %s, valid until %s\n", visible(v.Subject.Digest), visible(v.Policy.Digest), visible(v.Policy.Name), moment(v.At), v.until())
}

func (p *printer) rules(heading string, results []modelvet.Result) {
	if len(results) == 0 {
		return
	}
	fmt.Fprintf(p, "\n%s\n", p.strong(heading))
	for _, r := range results {
		word := outcomeWord(r.Outcome)
		p.wrapped("  "+p.paint(tone(word), word)+strings.Repeat(" ", max(1, 14-len(word))), visible(r.ID)+"  "+visible(r.Title))
		for _, o := range p.few(r.Objections) {
			p.wrapped("      - ", visible(o))
		}
		if r.Reason != "" {
			p.wrapped("      because ", clip(visible(r.Reason), textRunes, "decision.json"))
		}
		if r.Remediation != "" {
			p.wrapped("      fix: ", clip(visible(r.Remediation), textRunes, "decision.json"))
		}
	}
}

// few bounds what one rule may print; it tells what it leaves out.
func (p *printer) few(objections []string) []string {
	var out []string
	for i, o := range objections {
		if i == textObjections {
			return append(out, fmt.Sprintf("%d more objections in decision.json", len(objections)-i))
		}
		out = append(out, clip(o, textRunes, "decision.json"))
	}
	return out
}

func (p *printer) waived(v view) {
	p.list("Conditions", v.Conditions)
	for _, r := range v.Waived {
		for _, o := range p.few(told(r)) {
			p.wrapped("      - ", visible(r.ID)+": "+visible(o))
		}
	}
	for _, s := range v.idleWaivers() {
		p.wrapped("  - ", visible(s))
	}
}

func (p *printer) totals(v view) {
	fmt.Fprintf(p, "\nRules     %d: %s\n", len(v.Results), counts(v.Counts))
	for _, f := range v.Frameworks {
		p.wrapped("Controls  ", fmt.Sprintf("%s, %d: %s", visible(f.Name), len(f.Controls), strings.ToLower(counts(f.Counts))))
	}
	verified := 0
	for _, e := range v.Evidence {
		if e.Status == modelvet.Verified {
			verified++
		}
	}
	fmt.Fprintf(p, "Evidence  %d of %d verified\n", verified, len(v.Evidence))
	if len(v.Gaps) > 0 {
		fmt.Fprintf(p, "Not read  %s\n", plural(len(v.Gaps), "file or part that a scanner skipped", "files or parts that scanners skipped"))
	}
	for _, n := range v.Needs {
		p.wrapped("Approval  ", fmt.Sprintf("%s: %d of %d", visible(n.Role), n.Have, n.Want))
	}
}

func (p *printer) list(heading string, items []string) {
	if len(items) == 0 {
		return
	}
	if heading != "" {
		fmt.Fprintf(p, "\n%s\n", p.strong(heading))
	}
	for _, s := range items {
		p.wrapped("  - ", clip(visible(s), 4*textRunes, "decision.json"))
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
