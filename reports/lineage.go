// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"github.com/modelvet/modelvet"
)

const maxInputs = 8 // in the picture; the tables below it have all

// lineageScene draws inputs, the artifact and the decision, left to right.
func lineageScene(v view) scene {
	var inputs []modelvet.LineageInput
	for _, s := range v.Lineage {
		inputs = append(inputs, s.Inputs...)
	}
	shown := inputs[:min(len(inputs), maxInputs)]
	h := max(float64(len(shown))*15, 16)
	s := scene{W: chartWidth, H: h + 6, Title: v.t("What the model was made of"), Desc: v.t("%d inputs lead to artifact %s, which leads to decision %s.", len(inputs), short(v.Subject.Digest), v.t(v.Stamp))}
	mid := h / 2
	for i, in := range shown {
		y := float64(i) * 15
		color, pinned := "accent", short(in.Digest)
		if in.Digest == "" {
			color, pinned = warn, v.t("not pinned")
		}
		s.box(0, y, in.Kind+": "+in.Name, pinned, color)
		s.line("muted", 0.35, false, 50, y+6, 55, y+6, 55, mid, 60, mid)
	}
	s.box(60, mid-6, v.Title, short(v.Subject.Digest), "accent")
	s.line("muted", 0.35, false, 110, mid, 120, mid)
	s.box(120, mid-6, v.t(v.Stamp), v.t("stage %s", v.Stage), v.Tone)
	for _, x := range []float64{60, 120} {
		s.line("muted", 0.35, false, x-1.6, mid-1, x, mid, x-1.6, mid+1)
	}
	if n := len(inputs) - len(shown); n > 0 {
		s.text(0, h+4, "start", "muted", v.t("%d more inputs in the tables", n))
	}
	return s
}

func (s *scene) box(x, y float64, first, second, color string) {
	s.rect(x, y, 50, 12, "panel")
	s.rect(x, y, 1.4, 12, color)
	name := s.text(x+3.5, y+5, "start", "ink", fit(first, 45, 3))
	name.Bold, name.Max = true, 45
	s.text(x+3.5, y+9.6, "start", "muted", fit(second, 45, 2.9)).Max = 45
}
