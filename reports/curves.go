// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"math"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// curve draws a series: a line over X, or columns over Labels. A series whose
// lengths disagree, or that holds what is no number, is not drawn.
func (p painter) curve(s modelvet.Series) (chart, bool) {
	if len(s.Y) == 0 || slices.ContainsFunc(s.Y, func(v float64) bool { return !finite(v) }) || slices.ContainsFunc(s.X, func(v float64) bool { return !finite(v) }) {
		return chart{}, false
	}
	switch {
	case len(s.X) == len(s.Y) && len(s.Y) > 1:
		return chart{scene: p.lineScene(s), Series: &s}, true
	case len(s.Labels) == len(s.Y):
		return chart{scene: p.columnScene(s), Series: &s}, true
	}
	return chart{}, false
}

const plotLeft, plotTop, plotBottom = 18.0, 3.0, 52.0

func frame(s modelvet.Series, lo, hi float64) (scene, axis) {
	sc := scene{W: chartWidth, H: 62, Title: metricName(s.Name)}
	y := newAxis(lo, hi, plotBottom, plotTop)
	for _, v := range y.ticks() {
		sc.line("rule", 0.15, false, plotLeft, y.at(v), chartWidth-8, y.at(v))
		sc.text(plotLeft-2, y.at(v)+1, "end", "muted", tick(v))
	}
	return sc, y
}

// drawLimit draws the threshold of the metric that a series is of.
func (p painter) drawLimit(sc *scene, y axis, name string) {
	if b, ok := p.bounds[name]; ok {
		sc.line("ink", 0.4, true, plotLeft, y.at(b.value), chartWidth-8, y.at(b.value))
		sc.text(chartWidth-8, y.at(b.value)-1, "end", "ink", p.t("limit %s", b.label())+" ("+b.name+")").Bold = true
	}
}

// reach lets the axis of a series show its threshold.
func (p painter) reach(name string, hi float64) float64 {
	if b, ok := p.bounds[name]; ok {
		return max(hi, b.value)
	}
	return hi
}

func (p painter) lineScene(s modelvet.Series) scene {
	diagonal := strings.Contains(s.Name, "roc") || strings.Contains(s.Name, "calibration") || strings.Contains(s.Name, "reliability")
	xlo, xhi, yhi := slices.Min(s.X), slices.Max(s.X), slices.Max(s.Y)
	if diagonal {
		xlo, xhi, yhi = min(xlo, 0), max(xhi, 1), max(yhi, 1)
	}
	sc, y := frame(s, min(0, slices.Min(s.Y)), p.reach(s.Name, yhi))
	x := newAxis(xlo, xhi, plotLeft, chartWidth-8)
	for _, v := range x.ticks() {
		sc.text(x.at(v), plotBottom+4, "middle", "muted", tick(v))
	}
	if diagonal {
		sc.line("muted", 0.3, true, x.at(0), y.at(0), x.at(1), y.at(1))
	}
	var points []float64
	stride := 1 + len(s.Y)/500 // a picture shows no more than that
	for i := 0; i < len(s.Y); i += stride {
		points = append(points, x.at(s.X[i]), y.at(s.Y[i]))
	}
	sc.line("accent", 0.7, false, points...)
	for i := 0; i < len(points) && len(points) <= 60; i += 2 {
		sc.circle(points[i], points[i+1], 0.9, "accent")
	}
	p.drawLimit(&sc, y, s.Name)
	sc.Desc = p.t("Line: %s: %d points from %s to %s.", metricName(s.Name), len(s.Y), number(slices.Min(s.Y)), number(slices.Max(s.Y)))
	return sc
}

func (p painter) columnScene(s modelvet.Series) scene {
	sc, y := frame(s, min(0, slices.Min(s.Y)), p.reach(s.Name, max(0, slices.Max(s.Y))))
	width := (chartWidth - 8 - plotLeft) / float64(len(s.Y))
	every := int(math.Ceil(float64(len(s.Y)) / 12))
	for i, v := range s.Y {
		x := plotLeft + width*float64(i)
		sc.rect(x+width*0.1, min(y.at(v), y.at(0)), width*0.8, math.Abs(y.at(v)-y.at(0)), "accent")
		if i%every == 0 {
			sc.text(x+width/2, plotBottom+4, "middle", "muted", fit(s.Labels[i], width*float64(every), 2.9)).Max = width * float64(every)
		}
	}
	p.drawLimit(&sc, y, s.Name)
	sc.Desc = p.t("Columns: %s: %d values from %s to %s.", metricName(s.Name), len(s.Y), number(slices.Min(s.Y)), number(slices.Max(s.Y)))
	return sc
}
