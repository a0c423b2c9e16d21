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
	faceCount
)

var faceKeys = [faceCount]struct{ Family, Style string }{{"sans", ""}, {"sans", "B"}, {"sans", "I"}, {"mono", ""}}

// typefaces are parsed once a process, and only when a PDF is asked for.
var typefaces = sync.OnceValues(func() (out [faceCount]typeface, err error) {
	for i, ttf := range [][]byte{liberationsansregular.TTF, liberationsansbold.TTF, liberationsansitalic.TTF, liberationmonoregular.TTF} {
		f, err := sfnt.Parse(ttf)
		if err != nil {
			return out, fmt.Errorf("reading the embedded font %d: %w", i, err)
		}
		out[i] = typeface{ttf, f}
	}
	return out, nil
})

type typeface struct {
	ttf  []byte
	font *sfnt.Font
}

// metrics measure text for one document. Not for concurrent use.
type metrics struct {
	faces  [faceCount]typeface
	widths [faceCount]map[rune]float64 // of an em; -1: the font has no such glyph
	buffer sfnt.Buffer
}

func newMetrics() (*metrics, error) {
	faces, err := typefaces()
	if err != nil {
		return nil, err
	}
	m := &metrics{faces: faces}
	for i := range m.widths {
		m.widths[i] = map[rune]float64{}
	}
	return m, nil
}

// advance is the width of a rune in em, or -1 when the face cannot draw it.
func (m *metrics) advance(f face, r rune) float64 {
	if w, ok := m.widths[f][r]; ok {
		return w
	}
	w := -1.0
	if r <= 0xffff { // the PDF writer cannot go beyond
		if g, err := m.faces[f].font.GlyphIndex(&m.buffer, r); err == nil && g != 0 {
			if a, err := m.faces[f].font.GlyphAdvance(&m.buffer, g, fixed.I(1000), font.HintingNone); err == nil {
				w = float64(a) / 64 / 1000
			}
		}
	}
	m.widths[f][r] = w
	return w
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

// drawable is a text that the face can draw: every rune that it cannot is
// shown as its code point.
func (m *metrics) drawable(f face, s string) string {
	s = visible(s)
	if strings.IndexFunc(s, func(r rune) bool { return m.advance(f, r) < 0 }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if m.advance(f, r) < 0 {
			fmt.Fprintf(&b, "[U+%04X]", r)
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
