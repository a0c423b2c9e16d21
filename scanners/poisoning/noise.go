// SPDX-License-Identifier: Apache-2.0

package poisoning

import (
	"context"
	"slices"

	"github.com/modelvet/modelvet"
)

const (
	shuffles       = 20
	baselineMargin = 0.02 // more disagreement than this above an older table is not chance
)

// disagrees: some other label is more frequent among the neighbours than the
// row's own (Peri et al., Deep k-NN, 2019; here on the features).
func disagrees(own int32, rows []int, labels []int32, votes []int) bool {
	clear(votes)
	for _, r := range rows {
		votes[labels[r]]++
	}
	return slices.Max(votes) > votes[own]
}

// disagreements counts by class: rows looked at and rows that disagree.
func (f *frame) disagreements(n *near, labels []int32) (looked, bad []int) {
	looked, bad = make([]int, len(f.classes)), make([]int, len(f.classes))
	votes := make([]int, len(f.classes))
	for q, i := range n.queries {
		looked[labels[i]]++
		if disagrees(labels[i], n.rows[q], labels, votes) {
			bad[labels[i]]++
		}
	}
	return looked, bad
}

// noise measures how often a label is not that of its neighbours, over all and
// by class, and what shuffled labels would give: the worst that can be.
func (s *scan) noise(f *frame, n *near) {
	looked, bad := f.disagreements(n, f.labels)
	all, k := total(looked), total(bad)
	s.measure(rate("label_disagreement", k, all))
	for c, name := range f.classes {
		if looked[c] > 0 {
			by := rate("label_disagreement", bad[c], looked[c])
			by.Slice = map[string]string{"label": name}
			s.measure(by)
		}
	}
	s.signal(f, n)
	s.likely(f, n)
}

// signal asks whether rows that are alike have like labels at all, more than
// shuffled labels would. Labels that say nothing about the features were never
// right, or are no longer.
func (s *scan) signal(f *frame, n *near) {
	own := f.agreement(n, f.labels)
	labels, chance := slices.Clone(f.labels), make([]float64, shuffles)
	wrong := 0.0
	for i := range chance {
		f.rng.Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
		chance[i] = f.agreement(n, labels)
		looked, bad := f.disagreements(n, labels)
		wrong += float64(total(bad)) / float64(total(looked)) / shuffles
	}
	mean, deviation := moments(chance)
	rows, method := len(n.queries), "mean of 20 shuffles"
	s.measure(modelvet.Measurement{Metric: "label_disagreement_shuffled", Value: wrong, N: rows, Method: method})
	s.measure(modelvet.Measurement{Metric: "neighbour_agreement", Value: own, N: rows, Method: "share of 10 neighbours with the same label"})
	s.measure(modelvet.Measurement{Metric: "neighbour_agreement_shuffled", Value: mean, N: rows, Method: method})
	if own <= mean+3*deviation {
		s.find(modelvet.SeverityWarn, "label-noise", f.path, "rows that are alike have the same label in %.3f of cases, no more than if labels were shuffled (%.3f)", own, mean)
	}
}

// agreement is the share of neighbours that have the row's own label.
func (f *frame) agreement(n *near, labels []int32) float64 {
	same, all := 0, 0
	for q, i := range n.queries {
		for _, r := range n.rows[q] {
			if all++; labels[r] == labels[i] {
				same++
			}
		}
	}
	return float64(same) / float64(max(all, 1))
}

func total(counts []int) int {
	t := 0
	for _, c := range counts {
		t += c
	}
	return t
}

// likely estimates the share of wrong labels by confident learning (Northcutt
// et al., 2021) on the neighbours' votes: a row counts when another class is
// voted for at least as often as among the rows that have that label.
func (s *scan) likely(f *frame, n *near) {
	share := make([][]float64, len(n.queries))
	threshold, rows := make([]float64, len(f.classes)), make([]int, len(f.classes))
	for q, i := range n.queries {
		share[q] = make([]float64, len(f.classes))
		for _, r := range n.rows[q] {
			share[q][f.labels[r]] += 1 / float64(len(n.rows[q]))
		}
		threshold[f.labels[i]] += share[q][f.labels[i]]
		rows[f.labels[i]]++
	}
	for c := range threshold {
		threshold[c] /= float64(max(1, rows[c]))
	}
	confident, off := 0, 0
	for q, i := range n.queries {
		best := int32(-1)
		for c, p := range share[q] {
			if rows[c] > 0 && p >= threshold[c]-1e-6 && (best < 0 || p > share[q][best]) {
				best = int32(c)
			}
		}
		if best >= 0 {
			confident++
			if best != f.labels[i] {
				off++
			}
		}
	}
	if confident > 0 {
		m := rate("confident_label_errors", off, confident)
		m.Method = "confident learning on 10 neighbours, wilson"
		s.measure(m)
	}
}

// baseline compares the disagreement with that of an older, trusted state of
// the table: the only way to see flips that are spread evenly.
func (s *scan) baseline(ctx context.Context, t modelvet.Table, f *frame, n *near) error {
	ref, ok := s.model.System.Table("reference")
	if !ok { // nothing was promised, so nothing is missing
		return nil
	}
	if ref.Label == "" {
		s.skip(ref.Path, "label noise was not compared with it: the reference table names no label column")
		return nil
	}
	ref.Features = names(f.columns)
	old, err := s.load(ctx, ref)
	if err != nil {
		return err
	}
	if old.n < minRows || !slices.Equal(old.classes, f.classes) {
		s.skip(ref.Path, "label noise was not compared with it: it has %d labelled rows and the labels %v, the training table %v", old.n, old.classes, f.classes)
		return nil
	}
	on, err := old.neighbours(ctx)
	if err != nil {
		return err
	}
	s.result.Coverage.Read = append(s.result.Coverage.Read, ref.Path)
	looked, bad := f.disagreements(n, f.labels)
	oldLooked, oldBad := old.disagreements(on, old.labels)
	m := difference("label_disagreement_difference", total(bad), total(looked), total(oldBad), total(oldLooked))
	m.Slice = map[string]string{"group": t.Name, "reference": ref.Name}
	s.measure(m)
	if *m.Low > baselineMargin {
		s.find(modelvet.SeverityBlock, "label-noise", f.path, "labels disagree with their neighbours more often than in %s, by %.3f (at least %.3f)", ref.Path, m.Value, *m.Low)
	}
	return nil
}

func names(columns []column) []string {
	var out []string
	for _, c := range columns {
		out = append(out, c.name)
	}
	return out
}
