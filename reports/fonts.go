// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"codeberg.org/go-fonts/liberation/liberationmonoregular"
	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansitalic"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// face is one of the embedded fonts.
type face int

const (
	regular face = iota
	bold
	italic
	mono
	symbols // where those above have no glyph: DejaVu Sans
	wide    // Chinese, Japanese, Korean: Droid Sans Fallback
	faceCount
)

var faceKeys = [faceCount]struct{ Family, Style string }{{"sans", ""}, {"sans", "B"}, {"sans", "I"}, {"mono", ""}, {"symbols", ""}, {"wide", ""}}

// typefaces are parsed once a process, and only when a PDF is asked for; the
// fallbacks only when a text needs them.
var typefaces = sync.OnceValues(func() (out [faceCount]typeface, err error) {
	for i, ttf := range [][]byte{liberationsansregular.TTF, liberationsansbold.TTF, liberationsansitalic.TTF, liberationmonoregular.TTF} {
		if out[i], err = parseFace(fmt.Sprintf("Liberation %d", i), ttf); err != nil {
			return out, err
		}
	}
	return out, nil
})

type typeface struct {
	ttf  []byte
	font *sfnt.Font
}

const near = 0x250

// metrics measure text for one document. Not for concurrent use.
type metrics struct {
	faces  [faceCount]typeface
	near   [faceCount][near]glyph // of the runes that most texts are made of; the zero glyph is not known yet
	far    [faceCount]map[rune]glyph
	buffer sfnt.Buffer
}

func newMetrics() (*metrics, error) {
	faces, err := typefaces()
	if err != nil {
		return nil, err
	}
	m := &metrics{faces: faces}
	for i := range m.far {
		m.far[i] = map[rune]glyph{}
	}
	return m, nil
}

// advance is the width of a rune in em, or -1 when no face can draw it.
func (m *metrics) advance(f face, r rune) float64 { return m.glyph(f, r).width }

// advanceIn asks one face. A fallback that cannot be read draws nothing, so
// that its runes are shown as code points.
func (m *metrics) advanceIn(f face, r rune) float64 {
	if m.faces[f].font == nil {
		loaded, err := loaders[f]()
		if err != nil {
			return -1
		}
		m.faces[f] = loaded
	}
	g, err := m.faces[f].font.GlyphIndex(&m.buffer, r)
	if err != nil || g == 0 {
		return -1
	}
	a, err := m.faces[f].font.GlyphAdvance(&m.buffer, g, fixed.I(1000), font.HintingNone)
	if err != nil {
		return -1
	}
	return float64(a) / 64 / 1000
}

const perPoint = 25.4 / 72 // millimetres

// width measures drawable text, in millimetres; size is in points.
func (m *metrics) width(f face, size float64, s string) float64 {
	em := 0.0
	for _, r := range s {
		em += max(m.advance(f, r), 0)
	}
	return em * size * perPoint
}

// drawable is a text that the face and its fallbacks can draw: every rune that
// they cannot is shown as its code point.
func (m *metrics) drawable(f face, s string) string {
	s = joinedLetters(visible(s))
	if strings.IndexFunc(s, func(r rune) bool { return m.advance(f, r) < 0 }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if m.advance(f, r) < 0 {
			b.WriteString(instead(r))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// cut makes a text drawable and shortens it to w millimetres; 0 is no limit.
func (m *metrics) cut(f face, size float64, s string, w float64) string {
	s = m.drawable(f, s)
	if w <= 0 || m.width(f, size, s) <= w {
		return s
	}
	runes := []rune(s)
	for n := len(runes) - 1; n > 0; n-- {
		if short := string(runes[:n]) + "…"; m.width(f, size, short) <= w {
			return short
		}
	}
	return "…"
}

// wrap breaks a text into lines of at most w millimetres. A line that ends at
// a space keeps it, so that the lines put together are the text again.
func (m *metrics) wrap(f face, size float64, s string, w float64) []string {
	var out []string
	line, at := "", 0.0
	for _, word := range strings.SplitAfter(strings.Join(strings.Fields(m.drawable(f, s)), " "), " ") {
		ww := m.width(f, size, strings.TrimRight(word, " "))
		if at > 0 && at+ww > w {
			out, line, at = append(out, line), "", 0
		}
		for ww > w {
			n := m.split(f, size, word, w)
			out, word = append(out, word[:n]), word[n:]
			ww = m.width(f, size, strings.TrimRight(word, " "))
		}
		line += word
		at += m.width(f, size, word)
	}
	return append(out, line)
}

// split finds where a word too long for a line is cut: after a mark that a
// reader expects, if there is one beyond the first third, else at the edge.
func (m *metrics) split(f face, size float64, word string, w float64) int {
	at, edge, nice := 0.0, 0, 0
	for i, r := range word {
		at += max(m.advance(f, r), 0) * size * perPoint
		if at > w && i > 0 {
			break
		}
		edge = i + len(string(r))
		if slices.Contains([]rune("/._-:,;=@"), r) {
			nice = edge
		}
	}
	if nice > edge/3 {
		return nice
	}
	return edge
}
