// SPDX-License-Identifier: Apache-2.0

package reports

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"codeberg.org/go-fonts/dejavu/dejavusans"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/runenames"
)

// droidFallback draws Chinese, Japanese and Korean. fonts/README.md says where
// it is from; a document embeds only the glyphs that it shows.
//
//go:embed fonts/DroidSansFallback.ttf.zst
var droidFallback []byte

// maxFont is the most that the embedded font may unpack to, in bytes.
const maxFont = 8 << 20

var loaders = [faceCount]func() (typeface, error){
	symbols: sync.OnceValues(func() (typeface, error) { return parseFace("DejaVu Sans", dejavusans.TTF) }),
	wide: sync.OnceValues(func() (typeface, error) {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxFont))
		if err != nil {
			return typeface{}, fmt.Errorf("unpacking the embedded font: %w", err)
		}
		defer d.Close()
		ttf, err := d.DecodeAll(droidFallback, nil)
		if err != nil {
			return typeface{}, fmt.Errorf("unpacking the embedded font: %w", err)
		}
		return parseFace("Droid Sans Fallback", ttf)
	}),
}

func parseFace(name string, ttf []byte) (typeface, error) {
	f, err := sfnt.Parse(ttf)
	if err != nil {
		return typeface{}, fmt.Errorf("reading the embedded font %s: %w", name, err)
	}
	return typeface{ttf, f}, nil
}

// fallbacks are asked in this order for a rune that the wanted face lacks.
var fallbacks = []face{symbols, wide}

// glyph is who draws a rune, and how wide: of an em.
type glyph struct {
	face  face // -1: nobody
	width float64
}

// glyph finds the face that draws a rune: the wanted one, else a fallback.
func (m *metrics) glyph(f face, r rune) glyph {
	if r >= 0 && r < near {
		if g := m.near[f][r]; g.width != 0 || g.face != 0 {
			return g
		}
	} else if g, ok := m.far[f][r]; ok {
		return g
	}
	g := m.findGlyph(f, r)
	if r >= 0 && r < near {
		m.near[f][r] = g
	} else {
		m.far[f][r] = g
	}
	return g
}

func (m *metrics) findGlyph(f face, r rune) glyph {
	g := glyph{-1, -1}
	if r <= 0xffff { // the PDF writer cannot go beyond
		for _, candidate := range append([]face{f}, fallbacks...) {
			if w := m.advanceIn(candidate, r); w >= 0 {
				g = glyph{candidate, w}
				break
			}
		}
	}
	return g
}

// instead is what stands for a rune that no face draws: its code point, and
// for a symbol or an emoji its name, since a reader cannot guess that.
func instead(r rune) string {
	if name := runenames.Name(r); name != "" && unicode.In(r, unicode.So, unicode.Sk, unicode.Sm, unicode.Sc) && !strings.HasPrefix(name, "<") {
		return fmt.Sprintf("[U+%04X %s]", r, strings.ToLower(name))
	}
	return fmt.Sprintf("[U+%04X]", r)
}

// stroke is a piece of a line that one face draws from left to right.
type stroke struct {
	face   face
	text   string // as it is drawn
	actual string // as it is read, where that differs
}

// strokes cuts a drawable line into what is drawn with one face. Pieces written
// from right to left are turned round, and keep what they say beside them.
func (m *metrics) strokes(f face, s string) []stroke {
	if strings.IndexFunc(s, func(r rune) bool { return m.glyph(f, r).face != f || isRTL(r) }) < 0 {
		return []stroke{{face: f, text: s}}
	}
	var out []stroke
	for _, p := range directions(s) {
		from := len(out)
		for _, r := range p.drawn {
			g := m.glyph(f, r)
			if g.face < 0 {
				continue // the text is not drawable: nothing stands for it here
			}
			if n := len(out); n > from && out[n-1].face == g.face {
				out[n-1].text += string(r)
			} else {
				out = append(out, stroke{face: g.face, text: string(r)})
			}
		}
		if p.logical != "" && len(out) > from {
			out[from].actual = p.logical
			for i := from + 1; i < len(out); i++ {
				out[i].actual = " " // said by the first
			}
		}
	}
	return out
}
