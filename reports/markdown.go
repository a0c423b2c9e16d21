// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

const (
	// markdownBudget keeps a comment under the 65,536 characters that GitHub
	// accepts, with room for what a workflow puts around it.
	markdownBudget = 60_000
	markdownRunes  = 500 // of one objection
	elsewhere      = "report.html"
)

// Markdown writes the short report for job summaries and merge requests. It
// stays under 64 KB: what does not fit is counted, worst things first.
func Markdown(w io.Writer, d modelvet.Decision) error { return Template{}.Markdown(w, d) }

// Markdown writes the short report in the organisation's language.
func (t Template) Markdown(w io.Writer, d modelvet.Decision) error {
	v, err := newViewIn(d, newSpeech(t.Language))
	if err != nil {
		return err
	}
	m := &sheet{speech: v.speech}
	m.head(v)
	m.rows(v.t("Blocking"), v.Blocking)
	m.rows(v.t("Waived"), v.Waived)
	m.rows(v.t("Warnings"), v.Warnings)
	m.acts(v)
	m.controls(v)
	m.items(v.t("Notes"), v.Notes)
	m.foot(v)
	_, err = w.Write(m.Bytes())
	return err
}

// sheet is a page with a budget; only its foot is beyond it.
type sheet struct {
	bytes.Buffer
	speech
}

// add writes a block if the budget allows it.
func (m *sheet) add(format string, args ...any) bool {
	block := fmt.Sprintf(format, args...)
	if m.Len()+len(block) > markdownBudget {
		return false
	}
	m.WriteString(block)
	return true
}

// tell writes what was left out; its few bytes are beyond the budget.
func (m *sheet) tell(n int, what string) {
	fmt.Fprintf(m, "\n*%s*\n", m.t("%d more in %s (%s)", n, elsewhere, what))
}

var marks = map[string]string{good: "✅", warn: "⚠️", bad: "❌", neutral: "➖"}

func (m *sheet) head(v view) {
	m.add("## %s %s: %s\n\n%s\n\n", marks[v.Tone], v.t(v.Stamp), md(v.Title), md(v.Sentence))
	for i, c := range v.Causes {
		if !m.add("- %s\n", md(c)) {
			m.tell(len(v.Causes)-i, v.t("reasons"))
			break
		}
	}
	m.add("\n| | |\n|---|---|\n")
	for _, f := range []fact{{v.t("Artifact"), code(v.Subject.Digest)}, {v.t("Stage"), md(v.Stage)}, {v.t("Policy"), code(v.Policy.Digest)}, {v.t("Decided"), md(v.t("%s, valid until %s", v.moment(v.At), v.until()))},
		{v.t("Rules"), fmt.Sprintf("%d: %s", len(v.Results), v.counts(v.Counts))}, {v.t("Classification"), md(v.Classified())}} {
		if f.Value != "" {
			m.add("| %s | %s |\n", f.Name, f.Value)
		}
	}
}

func (m *sheet) rows(heading string, results []modelvet.Result) {
	if len(results) == 0 {
		return
	}
	m.add("\n### %s (%d)\n\n| %s |\n|---|---|---|---|\n", heading, len(results), strings.Join(m.columns("Outcome", "Rule", "Why", "Fix"), " | "))
	for i, r := range results {
		word := outcomeWord(r.Outcome)
		if !m.add("| %s %s | %s<br>%s | %s | %s |\n", marks[tone(word)], m.t(word), code(r.ID), md(r.Title), m.why(r), md(r.Remediation)) {
			m.tell(len(results)-i, heading)
			return
		}
	}
}

const markdownObjections = 10 // of one rule

func (m *sheet) why(r modelvet.Result) string {
	var out []string
	for i, o := range r.Objections {
		if i == markdownObjections {
			out = append(out, "*"+m.t("%d more objections in %s", len(r.Objections)-i, elsewhere)+"*")
			break
		}
		out = append(out, md(o))
	}
	if r.Reason != "" {
		out = append(out, md(r.Reason))
	}
	if r.Waiver != "" {
		out = append(out, md(m.t("waiver %s", r.Waiver)))
	}
	return strings.Join(out, "<br>")
}

func (m *sheet) acts(v view) {
	var out []string
	for _, n := range v.Needs {
		out = append(out, v.t("%s: %d of %d approvals.", n.Role, n.Have, n.Want))
	}
	out = append(out, v.Conditions...)
	m.items(v.t("Acts of people"), slices.Concat(out, v.idleWaivers(), v.Vouched()))
}

func (m *sheet) controls(v view) {
	if len(v.Frameworks) == 0 {
		return
	}
	m.add("\n### %s\n\n| %s |\n|---|---|---|\n", v.t("Controls"), strings.Join(v.columns("Framework", "Controls", "What the evidence says"), " | "))
	for i, f := range v.Frameworks {
		if !m.add("| %s | %d | %s |\n", md(f.Name), len(f.Controls), strings.ToLower(v.counts(f.Counts))) {
			m.tell(len(v.Frameworks)-i, v.t("Controls"))
			return
		}
	}
}

func (m *sheet) items(heading string, items []string) {
	if len(items) == 0 {
		return
	}
	m.add("\n### %s\n\n", heading)
	for i, s := range items {
		if !m.add("- %s\n", md(s)) {
			m.tell(len(items)-i, heading)
			return
		}
	}
}

func (m *sheet) foot(v view) {
	fmt.Fprintf(m, "\n**%s** %s\n\n<sub>%s %s</sub>\n", v.t("Next:"), md(v.Next), v.t("A rendering of decision.json, evidence root %s.", code(v.EvidenceRoot)), v.t("MET means that verified evidence supports the rule, no more."))
}

// The characters that mean something in Markdown, and what stands for them:
// links and mentions of a hostile text must not work.
var mdEscaper = strings.NewReplacer(
	"\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "{", "\\{", "}", "\\}", "[", "\\[", "]", "\\]",
	"<", "&lt;", ">", "&gt;", "&", "&amp;", "#", "\\#", "|", "\\|", "~", "\\~", "!", "\\!", "$", "\\$",
	"@", "@&#8203;", "://", ":&#47;&#47;", "www.", "www&#46;")

// md is a text as literal Markdown, on one line.
func md(s string) string {
	s = strings.Join(strings.Fields(visible(s)), " ")
	return isolated(mdEscaper.Replace(clip(s, markdownRunes, elsewhere)))
}

// code is a short word in a code span; back-ticks and bars would end it.
func code(s string) string {
	s = visible(s)
	if s == "" || strings.ContainsAny(s, "`|\\") || len(s) > 200 {
		return md(or(s, "–"))
	}
	return "`" + s + "`"
}
