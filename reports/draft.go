// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// draft is a document that people finish: what the evidence holds is filled
// in, what it does not hold is marked as missing.
type draft struct {
	view
	title  string
	blocks []block
	gaps   int
}

// block is one paragraph, list or table of a draft.
type block struct {
	kind  string // h1, h2, p, missing, note, list, table
	text  string
	items []string
	rows  [][]string // the first is the heading
}

// newDraft begins a draft in a language; its title is translated.
func newDraft(d modelvet.Decision, in speech, title string) (*draft, error) {
	v, err := newViewIn(d, in)
	if err != nil {
		return nil, err
	}
	out := &draft{view: v, title: v.t(title)}
	out.add("note", v.t("A draft, filled from the evidence behind one decision (%s, stage %s, %s, artifact %s). It is for people to check and finish; it is no certificate, no declaration and no assurance report.",
		v.t(v.Stamp), or(v.Stage, v.t("not named")), v.moment(v.At), or(v.Subject.Digest, v.t("none"))))
	return out, nil
}

// h1 and h2 are headings, translated.
func (d *draft) h1(text string) { d.add("h1", d.t(text)) }
func (d *draft) h2(text string) { d.add("h2", d.t(text)) }

func (d *draft) add(kind, text string) { d.blocks = append(d.blocks, block{kind: kind, text: text}) }

// need marks what the evidence does not hold, and who could supply it.
func (d *draft) need(what string) {
	d.gaps++
	d.add("missing", d.t(what))
}

// fill is a paragraph, or a mark that it is missing.
func (d *draft) fill(name, value, missing string) {
	if strings.TrimSpace(value) == "" {
		d.gaps++
		d.add("missing", d.t("%s: %s", d.t(name), d.t(missing)))
		return
	}
	d.add("p", d.t("%s: %s", d.t(name), value))
}

func (d *draft) table(rows [][]string, missing string) {
	if len(rows) < 2 {
		d.need(missing)
		return
	}
	d.blocks = append(d.blocks, block{kind: "table", rows: rows})
}

// numbers are the measurements of one scanner that speak of the whole
// (groups false) or of groups.
func (d *draft) numbers(scanner string, groups bool) [][]string {
	rows := [][]string{d.columns("Metric", "Slice", "Value", "95 % interval", "n", "Method")}
	for _, s := range d.Scans {
		for _, m := range s.Measurements {
			if s.Scanner == scanner && (len(m.Slice) > 0) == groups {
				rows = append(rows, []string{metricName(m.Metric), or(slice(m.Slice), d.t("all")), number(m.Value), or(interval(m), "–"), fmt.Sprint(m.N), m.Method})
			}
		}
	}
	return rows
}

// tables are the data sets of the given kinds, as declared.
func (d *draft) dataSets(kinds ...string) [][]string {
	rows := [][]string{d.columns("Table", "File", "Label", "Protected attributes", "Digest")}
	if d.System == nil {
		return rows
	}
	digests := map[string]string{}
	for _, f := range d.Subject.Files {
		digests[f.Path] = f.Digest
	}
	for _, t := range d.System.Tables {
		for _, k := range kinds {
			if t.Kind == k {
				rows = append(rows, []string{t.Name, t.Path, t.Label, joined(t.Protected), or(digests[t.Path], d.t("not in the artifact"))})
			}
		}
	}
	return rows
}

// objections are what the gate holds against the model: no draft leaves one out.
func (d *draft) objections() {
	d.h2("What the release gate found")
	d.add("p", d.t("%s: %s", d.t(d.Stamp), d.Sentence))
	var items []string
	items = append(items, d.Causes...)
	for _, r := range d.findings() {
		for _, o := range d.told(r) {
			item := fmt.Sprintf("%s %s (%s): %s", d.t(outcomeWord(r.Outcome)), r.Title, r.ID, o)
			if r.Waiver != "" {
				item += " (" + d.t("waiver %s", r.Waiver) + ")"
			}
			items = append(items, item)
		}
	}
	items = slices.Concat(items, d.Conditions, d.idleWaivers(), d.Vouched(), d.Notes)
	if len(items) > 0 {
		d.blocks = append(d.blocks, block{kind: "list", items: items})
	}
	var gaps []string
	for _, g := range d.Gaps {
		gaps = append(gaps, d.t("not looked at by %s: %s: %s", g.Scanner, g.Path, g.Reason))
	}
	if len(gaps) > 0 {
		d.blocks = append(d.blocks, block{kind: "list", items: gaps})
	}
}

// end counts what is missing.
func (d *draft) end() *draft {
	d.h2("What is missing in this draft")
	d.add("p", d.t("Places marked as missing above: %d.", d.gaps))
	return d
}

// markdown writes the draft; every foreign text is literal.
func (d *draft) markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %s\n", draftMD(d.title), draftMD(d.Title))
	for _, x := range d.blocks {
		switch x.kind {
		case "h1", "h2":
			fmt.Fprintf(&b, "\n%s %s\n", map[string]string{"h1": "##", "h2": "###"}[x.kind], draftMD(x.text))
		case "note":
			fmt.Fprintf(&b, "\n> %s\n", draftMD(x.text))
		case "missing":
			fmt.Fprintf(&b, "\n**[%s]** %s\n", draftMD(d.t("MISSING")), draftMD(x.text))
		case "list":
			b.WriteByte('\n')
			for _, s := range x.items {
				fmt.Fprintf(&b, "- %s\n", draftMD(s))
			}
		case "table":
			b.WriteByte('\n')
			for i, row := range x.rows {
				for _, c := range row {
					b.WriteString("| " + draftMD(c) + " ")
				}
				b.WriteString("|\n")
				if i == 0 {
					b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
				}
			}
		default:
			fmt.Fprintf(&b, "\n%s\n", draftMD(x.text))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// draftMD is a text as literal Markdown on one line, uncut: a draft is a file, no comment.
func draftMD(s string) string {
	return mdEscaper.Replace(strings.Join(strings.Fields(visible(s)), " "))
}
