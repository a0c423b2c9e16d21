// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"strings"
)

const maxAreas = 24

// areaScene shows for each area of the rules (fairness, safety ...) how many
// hold and how many do not.
func areaScene(v view) (scene, bool) {
	byArea := map[string]map[string]int{}
	for _, r := range v.Results {
		area, _, _ := strings.Cut(r.ID, ".")
		if byArea[area] == nil {
			byArea[area] = map[string]int{}
		}
		byArea[area][outcomeWord(r.Outcome)]++
	}
	if len(byArea) < 2 || len(byArea) > maxAreas {
		return scene{}, false
	}
	most := 0
	for _, n := range byArea {
		most = max(most, total(n))
	}
	const left, right = 40.0, 58.0
	row := 6.2
	if len(byArea) > 12 {
		row = 4.6
	}
	s := scene{W: chartWidth, H: row*float64(len(byArea)) + 2, Title: v.t("Rules by area")}
	unit := (chartWidth - left - right) / float64(most)
	var desc []string
	for i, area := range sortedKeys(byArea) {
		y, x := row*float64(i), left
		for _, w := range wordOrder {
			if n := byArea[area][w]; n > 0 {
				s.rect(x, y+0.6, unit*float64(n)-0.4, row-1.4, tone(w))
				x += unit * float64(n)
			}
		}
		name := strings.ReplaceAll(visible(area), "_", " ")
		s.text(left-2, y+row/2+1, "end", "ink", fit(name, left-4, 2.9)).Max = left - 3
		s.text(x+2, y+row/2+1, "start", "ink", fit(strings.ToLower(v.counts(byArea[area])), chartWidth-x-4, 2.9)).Max = max(chartWidth-x-2, 20)
		desc = append(desc, fmt.Sprintf("%s: %s", name, v.counts(byArea[area])))
	}
	s.Desc = strings.Join(desc, "; ") + "."
	return s, true
}

func total(n map[string]int) int {
	sum := 0
	for _, v := range n {
		sum += v
	}
	return sum
}
