// SPDX-License-Identifier: Apache-2.0

package poisoning

import (
	"encoding/binary"
	"slices"

	"github.com/modelvet/modelvet"
)

// Copies that contradict each other are an alarm when chance would hardly ever
// make so many, and they are not a handful.
const (
	conflictChance = 1e-4
	conflictPairs  = 5
	nearDuplicate  = 0.13 // of the median distance to the nearest row (Datalab)
)

// duplicates counts rows of equal features, and those of them whose labels
// differ. In a coarse table honest copies differ too, as often as rows that are
// merely close; more often is a sign that somebody wrote them.
func (s *scan) duplicates(f *frame, n *near) {
	groups := f.copies()
	rows, copies, conflicting := 0, 0, 0
	pairs, against := 0, 0
	for _, g := range groups {
		rows, copies = rows+len(g), copies+len(g)-1
		differ := 0
		for k := 1; k < len(g); k++ {
			if f.labels[g[k]] != f.labels[g[k-1]] {
				differ++
			}
		}
		if pairs, against = pairs+len(g)-1, against+differ; differ > 0 {
			conflicting += len(g)
		}
	}
	s.measure(rate("duplicates", copies, f.n))
	s.measure(rate("conflicting_duplicates", conflicting, f.n))
	s.nearDuplicates(f, n)
	if against == 0 {
		return
	}
	expected := f.closeDisagreement(n, groups)
	p := tail(against, pairs, expected)
	s.measure(modelvet.Measurement{
		Metric: "conflicting_pairs", Value: float64(against) / float64(pairs), P: &p, N: pairs,
		Method: "binomial, against the nearest rows that are not equal",
	})
	severity := modelvet.SeverityInfo
	if against >= conflictPairs && p < conflictChance {
		severity = modelvet.SeverityBlock
	}
	s.find(severity, "label-conflict", f.path, "%d of %d pairs of rows with equal features have different labels; of nearest rows %.0f %% have (p = %.2g)", against, pairs, 100*expected, p)
}

// copies groups rows of equal features, groups of two and more, by first row.
func (f *frame) copies() [][]int {
	at, all := map[string]int{}, [][]int{}
	var key []byte
	for i := range f.n {
		key = key[:0]
		for j := range f.columns {
			key = binary.LittleEndian.AppendUint32(key, uint32(f.columns[j].code[i]))
		}
		g, seen := at[string(key)]
		if !seen {
			g, at[string(key)] = len(all), len(all)
			all = append(all, nil)
		}
		all[g] = append(all[g], i)
	}
	return slices.DeleteFunc(all, func(g []int) bool { return len(g) < 2 })
}

// closeDisagreement is how often a copied row and its nearest row that is no
// copy of it have different labels.
func (f *frame) closeDisagreement(n *near, groups [][]int) float64 {
	group := map[int]int{}
	for g, rows := range groups {
		for _, i := range rows {
			group[i] = g + 1
		}
	}
	looked, differ := 0, 0
	for q, i := range n.queries {
		if group[i] == 0 {
			continue
		}
		for _, r := range n.rows[q] {
			if group[r] != group[i] {
				if looked++; f.labels[r] != f.labels[i] {
					differ++
				}
				break
			}
		}
	}
	return float64(differ+1) / float64(looked+2)
}

// nearDuplicates counts rows with another one suspiciously close.
func (s *scan) nearDuplicates(f *frame, n *near) {
	sorted := slices.Sorted(slices.Values(n.first))
	limit, k := nearDuplicate*sorted[len(sorted)/2], 0
	for _, d := range n.first {
		if d < limit {
			k++
		}
	}
	m := rate("near_duplicates", k, len(n.first))
	m.Method = "nearest row within 0.13 of the median, wilson"
	s.measure(m)
}
