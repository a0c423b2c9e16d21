// SPDX-License-Identifier: Apache-2.0

package reports

import "unicode/utf8"

// scene is a drawing of a few plain marks, in millimetres. The same scene is
// painted into the PDF and written as SVG, so that both show the same.
type scene struct {
	W, H        float64
	Title, Desc string // Desc says in words what the picture shows
	Marks       []mark
}

// mark is one shape: "rect", "line", "circle" or "text".
type mark struct {
	Kind       string
	X, Y, W, H float64   // rect; circle: centre and W as radius; text: X and baseline
	Points     []float64 // line: x, y, x, y ...
	Color      string    // a name of palette
	Thick      float64
	Dashed     bool
	Text       string
	Anchor     string // start, middle, end
	Size       float64
	Bold       bool
	Max        float64 // width at which a text is cut; 0: none
}

func (s *scene) rect(x, y, w, h float64, color string) {
	s.Marks = append(s.Marks, mark{Kind: "rect", X: x, Y: y, W: w, H: h, Color: color})
}

func (s *scene) line(color string, thick float64, dashed bool, points ...float64) {
	s.Marks = append(s.Marks, mark{Kind: "line", Points: points, Color: color, Thick: thick, Dashed: dashed})
}

func (s *scene) circle(x, y, r float64, color string) {
	s.Marks = append(s.Marks, mark{Kind: "circle", X: x, Y: y, W: r, Color: color})
}

func (s *scene) text(x, y float64, anchor, color, text string) *mark {
	s.Marks = append(s.Marks, mark{Kind: "text", X: x, Y: y, Anchor: anchor, Color: color, Text: text, Size: 2.9})
	return &s.Marks[len(s.Marks)-1]
}

// fit cuts a label to a width in millimetres; the table below a chart has it in full.
func fit(s string, width, size float64) string {
	s = visible(s)
	n := max(int(width/(size*0.52)), 2)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// palette holds the colours of all reports, for paper and a light screen.
// Each has a contrast of at least 4.5 to 1 against white and the panel.
var palette = map[string]string{
	"ink": "#172030", "muted": "#4f5b70", "rule": "#cdd4df", "panel": "#f3f5f9", "white": "#ffffff",
	"accent": "#18529c", good: "#14693e", warn: "#8a4d00", bad: "#a8201c", neutral: "#4f5b70", "track": "#e3e8f0",
}
