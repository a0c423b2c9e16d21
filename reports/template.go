// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // the two kinds of logo
	_ "image/png"
	"io"
	"regexp"
	"strings"

	"github.com/modelvet/modelvet"
)

// TemplateSchema names the shape of a template.
const TemplateSchema = "https://github.com/modelvet/modelvet/schemas/template/v1"

// Template is how an organisation wants its reports to look: its name, logo,
// colour and language, and sections of its own. It can add words beside those
// of the decision; it can neither take one away nor change one. The zero
// Template is modelvet's own look in English.
type Template struct {
	Schema       string    `json:"schema,omitempty"`
	Organisation string    `json:"organisation,omitempty"`
	Logo         []byte    `json:"logo,omitempty"`     // a PNG or JPEG; in JSON in base 64
	Colour       string    `json:"colour,omitempty"`   // "#rrggbb", dark enough for white text
	Language     string    `json:"language,omitempty"` // en, de, fr
	Classified   string    `json:"marking,omitempty"`  // printed at the foot of each page: "Confidential"
	Sections     []Section `json:"sections,omitempty"` // after the summary, as the organisation's own words
	LogoFile     string    `json:"logoFile,omitempty"` // a file beside the template; read once, then Logo
}

// Section is a chapter that the organisation adds.
type Section struct {
	Title string   `json:"title"`
	Text  []string `json:"text"` // paragraphs
}

const (
	maxLogo     = 256 << 10 // bytes
	maxLogoSide = 2000      // pixels
	maxTemplate = 1 << 20   // bytes
)

var hexColour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// ReadTemplate reads a template. Read opens the logo's file by the name that
// the template gives; nil refuses such names. It fails for an unknown field
// or language, for a colour on which white cannot be read (a contrast below
// 4.5 to 1, WCAG 1.4.3), and for a logo that is no small PNG or JPEG.
func ReadTemplate(raw []byte, read func(name string) ([]byte, error)) (Template, error) {
	var t Template
	if len(raw) > maxTemplate {
		return t, fmt.Errorf("reading the template: it has %d bytes; %d are the most", len(raw), maxTemplate)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&t); err != nil {
		return t, fmt.Errorf("reading the template: %w", err)
	}
	if t.LogoFile != "" {
		if read == nil || len(t.Logo) > 0 {
			return t, fmt.Errorf("reading the template: logoFile: an attached template holds its logo itself")
		}
		b, err := read(t.LogoFile)
		if err != nil {
			return t, fmt.Errorf("reading the template: logoFile: %w", err)
		}
		t.Logo, t.LogoFile = b, ""
	}
	return t, t.check()
}

func (t Template) check() error {
	switch {
	case t.Schema != "" && t.Schema != TemplateSchema:
		return fmt.Errorf("reading the template: schema %q; this version knows %q", t.Schema, TemplateSchema)
	case !known(t.Language):
		return fmt.Errorf("reading the template: language %q; there are %s", t.Language, strings.Join(Languages(), ", "))
	case t.Colour != "" && !hexColour.MatchString(t.Colour):
		return fmt.Errorf("reading the template: colour %q; want #rrggbb", t.Colour)
	case t.Colour != "" && contrastOf(t.Colour, "#ffffff") < 4.5:
		return fmt.Errorf("reading the template: colour %s: white text on it has a contrast of %.1f to 1, and 4.5 are needed to read it; take a darker one", t.Colour, contrastOf(t.Colour, "#ffffff"))
	}
	for i, s := range t.Sections {
		if strings.TrimSpace(s.Title) == "" || len(s.Text) == 0 {
			return fmt.Errorf("reading the template: sections[%d] needs a title and text", i)
		}
	}
	if len(t.Logo) > 0 {
		_, err := t.logo()
		return err
	}
	return nil
}

// logo is the picture, opaque: PDF/A and the library like it so.
func (t Template) logo() (image.Image, error) {
	if len(t.Logo) > maxLogo {
		return nil, fmt.Errorf("reading the logo: it has %d bytes; %d are the most", len(t.Logo), maxLogo)
	}
	c, kind, err := image.DecodeConfig(bytes.NewReader(t.Logo))
	if err != nil || kind != "png" && kind != "jpeg" {
		return nil, fmt.Errorf("reading the logo: %v; want a PNG or a JPEG", or(kind, fmt.Sprint(err)))
	}
	if c.Width > maxLogoSide || c.Height > maxLogoSide || c.Width*c.Height == 0 {
		return nil, fmt.Errorf("reading the logo: %d by %d pixels; %d by %d are the most", c.Width, c.Height, maxLogoSide, maxLogoSide)
	}
	img, _, err := image.Decode(bytes.NewReader(t.Logo))
	if err != nil {
		return nil, fmt.Errorf("reading the logo: %w; want a whole PNG or JPEG", err)
	}
	out := image.NewRGBA(img.Bounds())
	for y := out.Rect.Min.Y; y < out.Rect.Max.Y; y++ {
		for x := out.Rect.Min.X; x < out.Rect.Max.X; x++ {
			r, g, b, a := img.At(x, y).RGBA() // premultiplied: what is left is white
			rest := 0xffff - a
			out.SetRGBA(x, y, color.RGBA{uint8((r + rest) >> 8), uint8((g + rest) >> 8), uint8((b + rest) >> 8), 0xff})
		}
	}
	return out, nil
}

// record is the template as it is attached, or nothing for the zero template.
func (t Template) record() ([]byte, error) {
	b, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the template: %w", err)
	}
	if string(b) == "{}" {
		return nil, nil
	}
	return append(b, '\n'), nil
}

// spoken are the formats that a person reads, in the template's language.
func (t Template) spoken() map[string]Format {
	return map[string]Format{"pdf": t.PDF, "html": t.HTML, "markdown": t.Markdown, "text": Text{Language: t.Language}.Render,
		"model-card": t.ModelCard, "model-card-docx": t.ModelCardDOCX, "annex-iv": t.AnnexIV, "annex-iv-docx": t.AnnexIVDOCX}
}

// Render writes the decision in the named format with this template. Formats
// for programs (JSON, SARIF, JUnit ...) are English with any template.
func (t Template) Render(name string, w io.Writer, d modelvet.Decision) error {
	if err := t.check(); err != nil {
		return err
	}
	format, ok := t.spoken()[name]
	if !ok {
		return Render(name, w, d)
	}
	if err := format(w, d); err != nil {
		return fmt.Errorf("rendering %s: %w", name, err)
	}
	return nil
}
