// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/boombuler/barcode/qr"

	"github.com/modelvet/modelvet"
)

// PDF writes the report for auditors: fonts embedded, every page numbered and
// marked with the artifact's digest, decision.json attached. The PDF is a
// rendering; the attached decision is the record.
func PDF(w io.Writer, d modelvet.Decision) error { return Template{}.PDF(w, d) }

// PDF writes the report in the organisation's look. The template is attached
// too, so that whoever verifies the report can render it again.
func (t Template) PDF(w io.Writer, d modelvet.Decision) error {
	file, err := record(d)
	if err != nil {
		return err
	}
	d = modelvet.Decision{} // render what is attached: JSON cannot hold every text that Go can
	if err := json.Unmarshal(file, &d); err != nil {
		return fmt.Errorf("reading the decision back: %w", err)
	}
	v, err := newViewIn(d, newSpeech(t.Language))
	if err != nil {
		return err
	}
	l, err := newLayout()
	if err != nil {
		return err
	}
	own, err := t.record()
	if err != nil {
		return err
	}
	b := &book{layout: l, view: v, record: fmt.Sprintf("sha256:%x", sha256.Sum256(file)), template: t}
	b.bind()
	doc := document{title: b.t("Model assessment report: %s (%s)", visible(v.Title), b.t(v.Stamp)), subject: visible(v.Subject.Digest), at: v.At, language: v.language,
		author: or(visible(t.Organisation), "modelvet"), accent: t.Colour,
		files: []attachment{{name: recordName, mime: "application/json", what: "The decision that this report renders", relation: "Source", content: file}}}
	if own != nil {
		doc.files = append(doc.files, attachment{name: templateName, mime: "application/json", what: "The template that gives this report its look", relation: "Supplement", content: own})
	}
	return l.write(w, doc)
}

// book is the report as a bound volume.
type book struct {
	*layout
	view
	record   string // digest of the attached decision.json
	template Template
	trimmed  bool // the summary was cut
	contents *node
	index    int // page of the contents
}

// bind lays out all parts, then what only the finished book knows: contents
// and page numbers. What a board reads comes first, what a specialist looks
// up comes last.
func (b *book) bind() {
	b.words = b.speech
	b.cover()
	b.control()
	for _, part := range []func(){b.summary, b.ownSections, b.findingCards, b.basis, b.system, b.controls, b.ruleList, b.measurements,
		b.lineage, b.register, b.acts, b.limits, b.annexes, b.verify, b.signOff, b.glossary} {
		part()
	}
	b.fillContents()
	b.furniture()
}

func (b *book) cover() {
	b.newPage()
	b.rect(0, 0, paperW, 62, "accent")
	b.in("P", func(*node) {
		b.text(marginX, 21, bold, 9, "white", b.cut(bold, 9, clip(or(b.template.Organisation, b.t("modelvet · release gate for machine-learning models")), 200, templateName), 120))
	})
	b.in("P", func(*node) { b.text(marginX, 40, bold, 25, "white", b.t("Model assessment report")) })
	b.in("P", func(*node) {
		b.text(marginX, 50, regular, 11, "white", b.t("Automated; expresses no assurance conclusion"))
	})
	if logo, err := b.template.logo(); len(b.template.Logo) > 0 && err == nil {
		b.picturePNG(logo, marginX+column-44, 12, 44, 20)
	}
	b.y = 74
	b.in("H1", func(*node) {
		b.lines(b.wrap(bold, 19, clip(b.Title, 200, recordName), column), marginX, bold, 19, "ink")
	})
	b.space(3)
	b.stampBox()
	b.facts([]fact{
		{b.t("Decision"), b.t("%s for stage %s", or(string(b.Outcome), b.t("no outcome: closed")), or(b.Stage, b.t("not named")))},
		{b.t("Decided"), b.t("%s, valid until %s", b.moment(b.At), b.until())},
		{b.t("Artifact"), or(b.Subject.Digest, b.t("none"))}, {b.t("Evidence root"), or(b.EvidenceRoot, b.t("none"))},
		{b.t("Policy"), or(strings.TrimSpace(b.Policy.Name+" "+b.Policy.Digest), b.t("none"))}, {b.t("Compiled rules"), b.Policy.Rules}, {b.t("Profiles"), joined(b.Policy.Profiles)},
		{recordName, b.record},
		{b.t("Decided by"), "modelvet " + b.Engine.Modelvet + ", OPA " + or(b.Engine.OPA, b.t("not named"))},
		{b.t("Transparency log"), b.t("No inclusion proof: this decision was not entered in a log.")},
	})
	b.verifyBox()
}

func (b *book) stampBox() {
	const h = 24.0
	b.rect(marginX, b.y, column, h, b.Tone)
	b.rect(marginX+1, b.y+1, column-2, h-2, "white")
	b.rect(marginX+1.8, b.y+1.8, column-3.6, h-3.6, b.Tone)
	b.in("P", func(*node) { b.text(marginX+7, b.y+11.5, bold, 20, "white", b.t(b.Stamp)+" ") })
	b.in("P", func(*node) {
		for i, s := range b.wrap(regular, 9.4, b.Sentence, column-14) {
			b.text(marginX+7, b.y+17.4+float64(i)*4, regular, 9.4, "white", s)
		}
	})
	b.y += h + 6
}

// verifyBox holds the digest of the record as a picture for a camera.
func (b *book) verifyBox() {
	const h = 40.0
	b.ensure(h)
	b.rect(marginX, b.y, column, h, "panel")
	top := b.y
	b.in("P", func(*node) { b.text(marginX+4, top+7, bold, 9.4, "ink", b.t("Verify this report yourself")) })
	for i, s := range []string{"modelvet report verify report.pdf", "pdfdetach -saveall report.pdf", "sha256sum decision.json"} {
		b.in("P", func(*node) { b.text(marginX+4, top+13.5+float64(i)*5, mono, 8, "ink", "$ "+s) })
	}
	b.in("P", func(*node) {
		for i, line := range b.wrap(regular, 8, b.t("The same decision gives this file again, byte for byte. The square holds the digest of the attached decision.json, which is the record; this PDF renders it."), column-48) {
			b.text(marginX+4, top+31.4+float64(i)*3.5, regular, 8, "muted", line)
		}
	})
	if s, ok := qrScene("modelvet decision "+b.record, 34); ok {
		b.figure(s, marginX+column-37, top+3)
	}
	b.y += h + 4
}

// qrScene draws a QR code as rectangles, one for each run of dark squares.
func qrScene(content string, size float64) (scene, bool) {
	code, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		return scene{}, false
	}
	n := code.Bounds().Dx()
	s := scene{W: size, H: size, Title: "QR code", Desc: content}
	unit := size / float64(n)
	dark := func(x, y int) bool { r, _, _, _ := code.At(x, y).RGBA(); return r == 0 }
	for y := range n {
		for x := 0; x < n; x++ {
			from := x
			for x < n && dark(x, y) {
				x++
			}
			if x > from {
				s.rect(float64(from)*unit, float64(y)*unit, float64(x-from)*unit, unit, "ink")
			}
		}
	}
	return s, true
}

// control is the page of the contents, filled when the book is done, and of
// document control.
func (b *book) control() {
	b.newPage()
	b.index = b.page()
	b.in("P", func(*node) { b.text(marginX, b.y+6, bold, 17, "accent", b.t("Contents")) })
	b.in("TOC", func(n *node) { b.contents = n })
	b.y += 12 + 21*6.2
	b.heading(2, b.t("Document control"))
	var texts []string
	for _, id := range sortedKeys(b.Policy.Catalogues) {
		texts = append(texts, strings.TrimSpace(frameworkName(id)+" "+b.Policy.Catalogues[id]))
	}
	b.facts([]fact{
		{b.t("Document"), b.t("Rendering of decision.json, %s", b.record)}, {b.t("Subject"), b.Subject.Name + " " + b.Subject.Digest},
		{b.t("Date"), b.t("%s (the time of the decision; a rendering has no date of its own)", b.moment(b.At))},
		{b.t("Supersedes"), b.t("Every earlier report on this artifact and stage with an earlier date.")},
		{b.t("Distribution"), or(b.template.Classified, b.t("Not restricted by this file; the organisation decides."))},
		{b.t("Text versions"), strings.Join(texts, "; ")}, {b.t("Schema"), b.Schema},
		{b.t("Retention"), b.t("For high-risk systems technical documentation is kept for ten years (EU AI Act, Article 18).")},
	})
}

func (b *book) fillContents() {
	outer, y := b.cur, marginT+16.0
	for _, h := range b.heads {
		if h.level != 1 {
			continue
		}
		b.cur = b.contents
		b.in("TOCI", func(*node) {
			b.in("Reference", func(*node) {
				b.in("Link", func(*node) { b.entry(h, y) })
			})
		})
		b.decor(func() {
			from := marginX + b.width(regular, 10.5, h.text) + 2
			b.put(b.index, op{mark: mark{Kind: "line", Points: []float64{from, y, marginX + column - 8, y}, Color: "rule", Thick: 0.25, Dashed: true}})
		})
		y += 6.2
	}
	b.cur = outer
}

// entry is one line of the contents.
func (b *book) entry(h heading, y float64) {
	number := fmt.Sprint(h.page + 1)
	b.textOn(b.index, marginX, y, regular, 10.5, "ink", h.text+" ")
	b.textOn(b.index, marginX+column-b.width(regular, 10.5, number), y, regular, 10.5, "ink", number)
	b.link(b.index, marginX, y-4, column, 5.4, h)
}

// furniture is the header and footer of every page but the cover.
func (b *book) furniture() {
	b.decor(func() {
		head := b.cut(regular, 8, clip(b.Title, 200, "decision.json"), 110)
		foot := b.cut(mono, 7, strings.TrimSpace("artifact "+clip(b.Subject.Digest, 200, recordName)+"  "+b.template.Classified), 140)
		stamp := b.t(b.Stamp)
		for i := range b.leaves {
			if i == 0 {
				continue
			}
			number := b.t("Page %d of %d", i+1, len(b.leaves))
			b.textOn(i, marginX, 14, regular, 8, "muted", head)
			b.textOn(i, marginX+column-b.width(bold, 8, stamp), 14, bold, 8, b.Tone, stamp)
			b.put(i, op{mark: mark{Kind: "line", Points: []float64{marginX, 16.5, marginX + column, 16.5}, Color: "rule", Thick: 0.2}})
			b.put(i, op{mark: mark{Kind: "line", Points: []float64{marginX, paperH - 16, marginX + column, paperH - 16}, Color: "rule", Thick: 0.2}})
			b.textOn(i, marginX, paperH-11.5, mono, 7, "muted", foot)
			b.textOn(i, marginX+column-b.width(regular, 8, number), paperH-11.5, regular, 8, "muted", number)
		}
	})
}
