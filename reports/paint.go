// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"crypto/fips140"
	"fmt"
	"image/png"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jung-kurt/gofpdf"
)

// document is what a PDF is besides its pages.
type document struct {
	title, subject string
	author         string
	language       string
	accent         string // "#rrggbb"; empty: the palette's
	at             time.Time
	files          []attachment
}

// attachment is a file inside the PDF.
type attachment struct {
	name, mime, what, relation string
	content                    []byte
}

// write paints the pages with gofpdf. The library numbers its fonts by SHA-1
// and its attachments by MD5; neither guards anything, so a FIPS mode that
// forbids both is left for this call.
func (l *layout) write(w io.Writer, doc document) (err error) {
	fips140.WithoutEnforcement(func() { err = l.paint(w, doc) })
	return err
}

func (l *layout) paint(w io.Writer, doc document) error {
	f := gofpdf.New("P", "mm", "A4", "")
	f.SetAutoPageBreak(false, 0)
	f.SetCatalogSort(true)
	f.SetCompression(false) // done at the end, by a library whose bytes do not change with the compiler
	f.SetTitle(doc.title, true)
	f.SetSubject(doc.subject, true)
	f.SetAuthor(doc.author, true)
	f.SetCreator("modelvet", true)
	f.SetProducer("modelvet with gofpdf", true)
	f.SetCreationDate(dated(doc.at))
	f.SetModificationDate(dated(doc.at))
	for i := range symbols {
		l.load(f, i)
	}
	l.paintPages(f, doc.accent)
	var b bytes.Buffer
	if err := f.Output(&b); err != nil {
		return fmt.Errorf("writing the PDF: %w", err)
	}
	out, err := l.finish(b.Bytes(), doc)
	if err != nil {
		return fmt.Errorf("finishing the PDF: %w", err)
	}
	_, err = w.Write(out)
	return err
}

// load gives a font to the library, which may write into what it is given.
func (l *layout) load(f *gofpdf.Fpdf, i face) {
	f.AddUTF8FontFromBytes(faceKeys[i].Family, faceKeys[i].Style, slices.Clone(l.faces[i].ttf))
}

// dated keeps the library from taking the time of day where there is none.
func dated(t time.Time) time.Time {
	if t.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return t.UTC()
}

func (l *layout) paintPages(f *gofpdf.Fpdf, accent string) {
	f.SetFont("sans", "", bodySize)
	pen := pen{Fpdf: f, accent: accent, layout: l}
	for i, leaf := range l.leaves {
		f.AddPage()
		for _, h := range l.heads {
			if h.page == i {
				f.Bookmark(h.text, h.level-1, h.y)
			}
		}
		for _, o := range leaf.ops {
			pen.tag(o)
			pen.op(o)
		}
		pen.end()
	}
}

// pen writes marks, and the tags around them.
type pen struct {
	*gofpdf.Fpdf
	accent string
	layout *layout
	loaded [faceCount]bool
	open   bool
	last   op
}

func (p *pen) tag(o op) {
	if p.open && o.node == p.last.node && o.mcid == p.last.mcid {
		return
	}
	p.end()
	if o.node == nil {
		p.RawWriteStr("/Artifact BMC")
	} else {
		p.RawWriteStr(fmt.Sprintf("/%s <</MCID %d>> BDC", o.node.role, o.mcid))
	}
	p.open, p.last = true, o
}

func (p *pen) end() {
	if p.open {
		p.RawWriteStr("EMC")
	}
	p.open = false
}

func (p *pen) op(o op) {
	r, g, b := rgb(or(palette[o.Color], o.Color))
	if o.Color == "accent" && p.accent != "" {
		r, g, b = rgb(p.accent)
	}
	switch o.Kind {
	case "rect":
		p.SetFillColor(r, g, b)
		p.Rect(o.X, o.Y, o.W, o.H, "F")
	case "image":
		p.image(o)
	case "circle":
		p.SetFillColor(r, g, b)
		p.Circle(o.X, o.Y, o.W, "F")
	case "line":
		p.SetDrawColor(r, g, b)
		p.SetLineWidth(o.Thick)
		p.path(o)
	case "text":
		p.SetTextColor(r, g, b)
		p.text(o)
	}
}

// text writes a line, piece by piece where more than one font or direction is
// needed. A piece that is drawn in another order than it is read says so.
func (p *pen) text(o op) {
	x := o.X
	for _, r := range p.layout.strokes(o.face, o.Text) {
		if r.face >= symbols && !p.loaded[r.face] {
			p.layout.load(p.Fpdf, r.face)
			p.loaded[r.face] = true
		}
		p.SetFont(faceKeys[r.face].Family, faceKeys[r.face].Style, o.Size)
		if r.actual != "" {
			p.RawWriteStr("/Span <</ActualText " + utf16Text(r.actual) + ">> BDC")
		}
		p.Text(x, o.Y, r.text)
		if r.actual != "" {
			p.RawWriteStr("EMC")
		}
		x += p.layout.width(r.face, o.Size, r.text)
	}
}

func (p *pen) image(o op) {
	var b bytes.Buffer
	if err := png.Encode(&b, o.image); err != nil {
		p.SetError(err)
		return
	}
	p.RegisterImageOptionsReader("logo", gofpdf.ImageOptions{ImageType: "png"}, &b)
	p.ImageOptions("logo", o.X, o.Y, o.W, o.H, false, gofpdf.ImageOptions{ImageType: "png"}, 0, "")
}

func (p *pen) path(o op) {
	if len(o.Points) < 4 {
		return
	}
	if o.Dashed {
		p.SetDashPattern([]float64{1.4, 1}, 0)
	}
	p.MoveTo(o.Points[0], o.Points[1])
	for i := 2; i+1 < len(o.Points); i += 2 {
		p.LineTo(o.Points[i], o.Points[i+1])
	}
	p.DrawPath("D")
	if o.Dashed {
		p.SetDashPattern([]float64{}, 0)
	}
}

// rgb reads "#rrggbb".
func rgb(hex string) (r, g, b int) {
	v, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil {
		return 0, 0, 0
	}
	return int(v >> 16), int(v >> 8 & 0xff), int(v & 0xff)
}

// contrastOf is the contrast of two colours (WCAG 2.2).
func contrastOf(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(hex string) float64 {
	r, g, b := rgb(hex)
	linear := func(v int) float64 { return iccValue(float64(v) / 255) }
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}
