// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// manyScripts is a decision whose names are written as the world writes.
func manyScripts() modelvet.Decision {
	d := fixture()
	d.System.Name = "信用评分模型 (上海) 信用スコアの見積もり 신용 평가 모형"
	d.System.Provider.Name = "בנק ישראל (2026) بنك السلام ٢٠٢٦ Հայաստան საქართველო"
	d.Subject.Name = "نموذج-ائتمان-v2"
	d.Results[0].Title = "選択率は近い 🚀 ✓ ☂ ∑"
	d.Results[0].Objections = []string{"年齢：若い人の選択率は低い 14.9 ポイント", "나이: 젊은 사람이 덜 선택된다", "גיל: הצעירים נבחרים פחות ב-14.9 נקודות", "العمر: يُختار الشباب أقل", "ไทย देवनागरी 𠀀 😀"}
	return d
}

func TestFallbackFonts(t *testing.T) {
	m, err := newMetrics()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]face{"日本語クレジット": wide, "信用评分": wide, "신용평가": wide, "✓⚠☂": symbols, "שלום": regular, "Հայ": symbols, "Łódź Ελλάδα Привет": regular} {
		if got := m.drawable(regular, text); got != text {
			t.Errorf("%s is shown as %s", text, got)
		}
		for _, r := range text {
			if g := m.glyph(regular, r); g.face != want || g.width <= 0 {
				t.Errorf("%s: %c is drawn by font %d, %.2f wide; want font %d", text, r, g.face, g.width, want)
			}
		}
	}
	for text, want := range map[string]string{"🚀": "[U+1F680 rocket]", "𠀀": "[U+20000]", "ไ": "[U+0E44]", "\u202e": "[U+202E]"} {
		if got := m.drawable(bold, text); got != want {
			t.Errorf("%q is shown as %s, want %s", text, got, want)
		}
	}
}

// TestTheFallbackFontIsTheNamedOne: fonts/README.md says which file it is.
func TestTheFallbackFontIsTheNamedOne(t *testing.T) {
	f, err := loaders[wide]()
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(f.ttf)); got != "56d3edfb377a8bc3c4b77f4476405c770173c0e31221ad7c77d0a8e1f3039a3e" {
		t.Errorf("the embedded font has SHA-256 %s", got)
	}
}

func TestRightToLeft(t *testing.T) {
	for text, want := range map[string]string{
		"abc":                  "abc",
		"שלום":                 "םולש",
		"v2 שלום (עולם) end":   "v2 (םלוע) םולש end",
		"שלום 123 עולם":        "םלוע 123 םולש",
		"a שלום.":              "a םולש.",
		"مرحبا":                "\ufe8e\ufe92\ufea3\ufeae\ufee3",
		"لا":                   "\ufefb",
		"سلام":                 "\ufee1\ufefc\ufeb3",
		"شَلوم":                "\ufee1\ufeee\ufee0\ufeb7\u064e",
		"בית: 3.14 (א) b (ג) ": "(א) 3.14 :תיב b (ג) ",
	} {
		var drawn, read strings.Builder
		for _, p := range directions(joinedLetters(text)) {
			drawn.WriteString(p.drawn)
			if p.logical != "" {
				read.WriteString(p.logical)
			} else {
				read.WriteString(p.drawn)
			}
		}
		if drawn.String() != want {
			t.Errorf("%q is drawn as %q (%+q), want %q", text, drawn.String(), drawn.String(), want)
		}
		if read.String() != text {
			t.Errorf("%q is read as %q", text, read.String())
		}
	}
}

func FuzzDirections(f *testing.F) {
	f.Add("בית: 3.14 (א) سلام b")
	f.Fuzz(func(t *testing.T, s string) {
		s = visible(s)
		var read strings.Builder
		n := 0
		for _, p := range directions(joinedLetters(s)) {
			if read.WriteString(p.drawn); p.logical != "" {
				n++
			}
		}
		if got, want := len([]rune(read.String())), len([]rune(joinedLetters(s))); got != want {
			t.Errorf("%q: %d runes drawn of %d", s, got, want)
		}
	})
}

func TestManyScriptsHold(t *testing.T) {
	raw := render(t, "pdf", manyScripts())
	if v := check(t, raw, nil); !v.Holds() {
		t.Errorf("the report does not hold: %v", v.Problems)
	}
	if size := len(raw); size > 1<<20 {
		t.Errorf("the report has %d bytes: whole fonts are embedded", size)
	}
}
