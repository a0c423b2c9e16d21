// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

// templateFixture is an organisation's look, with everything in it.
func templateFixture(t testing.TB) Template {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 60, 20))
	for x := range 60 {
		img.Set(x, 10, color.NRGBA{200, 0, 0, uint8(4 * x)})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return Template{Organisation: "Banque Żółć 日本", Logo: b.Bytes(), Colour: "#004433", Language: "fr", Classified: "Confidentiel",
		Sections: []Section{{Title: "Avis du comité", Text: []string{"<b>Rien</b> à ajouter.", strings.Repeat("long ", 2000)}}}}
}

func TestTemplates(t *testing.T) {
	tmpl := templateFixture(t)
	var pdf, again, page bytes.Buffer
	for _, w := range []*bytes.Buffer{&pdf, &again} {
		if err := tmpl.Render("pdf", w, fixture()); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(pdf.Bytes(), again.Bytes()) {
		t.Error("two renderings differ")
	}
	v := check(t, pdf.Bytes(), nil)
	if !v.Holds() || v.Template == "" {
		t.Errorf("a report in an organisation's look does not hold: %v", v.Problems)
	}
	if err := tmpl.Render("html", &page, fixture()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Banque Żółć", "#004433", "Confidentiel", "Avis du comité", "Ajouté par Banque Żółć", "&lt;b&gt;Rien", `lang="fr"`, "data:image/png"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestTemplatesHideNothing: what a reader must be told is told in any look.
func TestTemplatesHideNothing(t *testing.T) {
	tmpl := templateFixture(t)
	for _, language := range Languages() {
		tmpl.Language = language
		var page bytes.Buffer
		if err := tmpl.HTML(&page, fixture()); err != nil {
			t.Fatal(err)
		}
		for what, want := range mustBeTold(fixture()) {
			if !strings.Contains(flat(plainHTML(page.String())), flat(visible(want))) {
				t.Errorf("%s: %s is not told: %q", language, what, want)
			}
		}
	}
}

func TestTemplatesAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"language": "xx"}`: "language", `{"colour": "#ffff00"}`: "contrast", `{"colour": "red"}`: "rrggbb", `{"logo": "aGVsbG8="}`: "PNG", `{"logoFile": "/etc/passwd"}`: "logoFile",
		`{"sections": [{"title": ""}]}`: "sections[0]", `{"color": "#000000"}`: "unknown field", `{"schema": "v9"}`: "schema", `[]`: "reading the template", ``: "reading the template",
	} {
		if _, err := ReadTemplate([]byte(text), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestHostileLogos: a picture that would fill the memory, or is none, is refused
// before it is unpacked; what is accepted is drawn.
func TestHostileLogos(t *testing.T) {
	picture := func(w, h int) image.Image { return image.NewGray(image.Rect(0, 0, w, h)) }
	encoded := func(f func(w *bytes.Buffer) error) []byte {
		var b bytes.Buffer
		if err := f(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	asPNG := func(w, h int) []byte {
		return encoded(func(b *bytes.Buffer) error { return png.Encode(b, picture(w, h)) })
	}
	asJPEG := func(w, h int) []byte {
		return encoded(func(b *bytes.Buffer) error { return jpeg.Encode(b, picture(w, h), nil) })
	}
	asGIF := encoded(func(b *bytes.Buffer) error { return gif.Encode(b, picture(9, 9), nil) })
	huge := asPNG(10, 10)
	copy(huge[16:24], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // says that it is 65,536 pixels square
	for what, logo := range map[string][]byte{"wide": asPNG(2001, 3), "high": asJPEG(3, 2001), "huge": huge, "cut short": asPNG(300, 300)[:60], "gif": asGIF, "svg": []byte("<svg onload='alert(1)'/>"), "large": make([]byte, maxLogo+1),
		"html": []byte("\x89PNG\r\n\x1a\n<script>alert(1)</script>")} {
		if err := (Template{Logo: logo}).check(); err == nil || !strings.Contains(err.Error(), "reading the logo") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, logo := range map[string][]byte{"png": asPNG(2000, 10), "jpeg": asJPEG(40, 20), "one pixel": asPNG(1, 1)} {
		var pdf, page bytes.Buffer
		tmpl := Template{Logo: logo}
		if err := tmpl.PDF(&pdf, fixture()); err != nil || !bytes.Contains(pdf.Bytes(), []byte("/Subtype /Image")) {
			t.Errorf("%s: %v, or it is not drawn", what, err)
		}
		if v := check(t, pdf.Bytes(), nil); !v.Holds() {
			t.Errorf("%s: %v", what, v.Problems)
		}
		if err := tmpl.HTML(&page, fixture()); err != nil || !strings.Contains(page.String(), "data:image/") || strings.Contains(page.String(), "ZgotmplZ") {
			t.Errorf("%s: %v, or it is not on the page", what, err)
		}
	}
}

func FuzzReadTemplate(f *testing.F) {
	b, err := json.Marshal(templateFixture(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"colour": "#000000"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		tmpl, err := ReadTemplate(raw, nil)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := tmpl.HTML(&b, fixture()); err != nil {
			t.Errorf("a template that was accepted cannot be used: %v", err)
		}
	})
}
