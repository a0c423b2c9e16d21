// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/documents/kinds"
)

// asIs are words that no language translates: names, commands, units.
var asIs = strings.Fields(`modelvet opa utc pdf json html report verify file pdfdetach saveall sha sum decision.json decision
	eu ai act nist rmf iso iec gdpr sector rules threat catalogues card model yaml www github com`)

var (
	letters = regexp.MustCompile(`[A-Za-z]{3,}`)
	keep    = regexp.MustCompile(`%[dsqv%]`)
)

// pseudo says every word in letters that English does not have.
func pseudo(t *testing.T) {
	t.Helper()
	all, err := dictionaries()
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	for _, w := range spoken(t) {
		var b strings.Builder
		at := 0
		for _, m := range append(keep.FindAllStringIndex(w, -1), []int{len(w), len(w)}) {
			for _, r := range w[at:m[0]] {
				if unicode.IsLetter(r) {
					r = 'ж'
				}
				b.WriteRune(r)
			}
			b.WriteString(w[m[0]:m[1]])
			at = m[1]
		}
		words[w] = b.String()
	}
	all["xx"] = words
	t.Cleanup(func() { delete(all, "xx") })
}

// TestNothingIsUntranslated: in a language without a Latin letter, no Latin
// word is left but those of the decision itself and names.
func TestNothingIsUntranslated(t *testing.T) {
	pseudo(t)
	for _, d := range []modelvet.Decision{fixture(), allowedFixture(), {}} {
		raw, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{}
		law, _ := kinds.Of("annex-iv") // is cited as it is
		for _, w := range slices.Concat(letters.FindAllString(string(raw)+law.Law+law.Items[0].Ref, -1), asIs) {
			known[strings.ToLower(w)] = true
		}
		for _, name := range sortedKeys(Template{}.spoken()) {
			left := map[string]bool{}
			for _, w := range letters.FindAllString(spokenText(t, name, d), -1) {
				if !known[strings.ToLower(w)] {
					left[w] = true
				}
			}
			if len(left) > 0 {
				t.Errorf("%s: not translated: %s", name, strings.Join(sortedKeys(left), ", "))
			}
		}
	}
}

// spokenText is what a person reads of a format in the language xx.
func spokenText(t *testing.T, name string, d modelvet.Decision) string {
	t.Helper()
	if name == "pdf" {
		v, err := newViewIn(d, newSpeech("xx"))
		if err != nil {
			t.Fatal(err)
		}
		return bookText(t, v)
	}
	var b bytes.Buffer
	if err := (Template{Language: "xx"}).spoken()[name](&b, d); err != nil {
		t.Fatal(err)
	}
	switch {
	case name == "html":
		return plainHTML(strings.ReplaceAll(b.String(), "<", " <"))
	case strings.HasSuffix(name, "-docx"):
		return documentXML(t, b.Bytes())
	}
	return strings.NewReplacer("&#8203;", "", "&#47;", "/", "&#46;", ".", "&lt;", "<", "&gt;", ">", "&amp;", "&", "<br>", " ", "<sub>", "", "</sub>", "").Replace(b.String())
}

func documentXML(t *testing.T, raw []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(z.File, func(f *zip.File) bool { return f.Name == "word/document.xml" })
	r, err := z.File[i].Open()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plainHTML(strings.ReplaceAll(string(text), "<", " <"))
}

// TestLanguagesReachEveryFormat: the words of each language are in each format
// that a person reads; formats for programs stay as they are.
func TestLanguagesReachEveryFormat(t *testing.T) {
	for language, want := range map[string]string{"de": "GESPERRT", "fr": "BLOQUÉ"} {
		tmpl := Template{Language: language}
		for _, name := range Names() {
			var b bytes.Buffer
			if err := tmpl.Render(name, &b, fixture()); err != nil {
				t.Fatal(err)
			}
			text := b.String()
			switch {
			case name == "pdf":
				v, err := newViewIn(fixture(), newSpeech(language))
				if err != nil {
					t.Fatal(err)
				}
				text = bookText(t, v)
			case strings.HasSuffix(name, "-docx"):
				text = documentXML(t, b.Bytes())
			}
			_, isSpoken := tmpl.spoken()[name]
			if strings.Contains(text, want) != isSpoken {
				t.Errorf("%s in %s: holds %q: %v", name, language, want, !isSpoken)
			}
			if !isSpoken && !bytes.Equal(b.Bytes(), render(t, name, fixture())) {
				t.Errorf("%s is another in %s", name, language)
			}
		}
	}
}

// TestBothDraftersOfAnnexIV: the draft of a report has the items of the form
// that `modelvet document draft` writes, each once and in their order.
func TestBothDraftersOfAnnexIV(t *testing.T) {
	kind, ok := kinds.Of("annex-iv")
	if !ok || len(kind.Items) < 20 {
		t.Fatalf("%d items", len(kind.Items))
	}
	text := draftText("annex-iv")(t, allowedFixture())
	at := 0
	for _, item := range kind.Items {
		heading := "### " + item.Ref + " " + item.Title + "\n"
		i := strings.Index(text[at:], heading)
		if i < 0 || strings.Count(text, heading) != 1 {
			t.Errorf("%s is not there once, in its place", item.Ref)
			continue
		}
		at += i
	}
}
