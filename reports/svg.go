// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// svg writes a scene for HTML. Colours are presentation attributes with a
// fallback, so that the picture keeps them where a policy takes the style
// sheet away, and follows the dark theme where it does not.
func svg(s scene, id string) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %s %s" role="img" aria-labelledby="%s-t %s-d" width="680" font-family="sans-serif"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		mm(s.W), mm(s.H), id, id, id, esc(s.Title), id, esc(s.Desc))
	for _, m := range s.Marks {
		svgMark(&b, m)
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

func svgMark(b *strings.Builder, m mark) {
	switch m.Kind {
	case "rect":
		fmt.Fprintf(b, `<rect x="%s" y="%s" width="%s" height="%s" fill="%s"/>`, mm(m.X), mm(m.Y), mm(m.W), mm(m.H), paint(m.Color))
	case "circle":
		fmt.Fprintf(b, `<circle cx="%s" cy="%s" r="%s" fill="%s"/>`, mm(m.X), mm(m.Y), mm(m.W), paint(m.Color))
	case "line":
		var points []string
		for i := 0; i+1 < len(m.Points); i += 2 {
			points = append(points, mm(m.Points[i])+","+mm(m.Points[i+1]))
		}
		dash := ""
		if m.Dashed {
			dash = ` stroke-dasharray="1.4 1"`
		}
		fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="%s"%s/>`, strings.Join(points, " "), paint(m.Color), mm(m.Thick), dash)
	case "text":
		weight := ""
		if m.Bold {
			weight = ` font-weight="bold"`
		}
		fmt.Fprintf(b, `<text x="%s" y="%s" font-size="%s" text-anchor="%s" fill="%s"%s>%s</text>`, mm(m.X), mm(m.Y), mm(m.Size), m.Anchor, paint(m.Color), weight, esc(m.Text))
	}
}

func mm(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) }

func paint(color string) string { return "var(--" + color + "," + palette[color] + ")" }

func esc(s string) string { return html.EscapeString(visible(s)) }
