// SPDX-License-Identifier: Apache-2.0

package fairness

import (
	"math"
	"slices"

	"github.com/modelvet/modelvet/scanners/internal/stats"
)

// share is a rate: the part of the rows that are of which also hit.
type share struct {
	name    string
	labels  bool // needs a label
	of, hit func(cell) bool
}

func everyone(cell) bool     { return true }
func predFav(c cell) bool    { return c.predFav }
func predPos(c cell) bool    { return c.predPos }
func predNeg(c cell) bool    { return !c.predPos }
func labelled(c cell) bool   { return c.labelled }
func labelFav(c cell) bool   { return c.labelFav }
func labelUnfav(c cell) bool { return c.labelled && !c.labelFav }
func labelPos(c cell) bool   { return c.labelPos }
func labelNeg(c cell) bool   { return c.labelled && !c.labelPos }
func correct(c cell) bool    { return c.correct }

var (
	selectionRate = share{"selection_rate", false, everyone, predFav}
	opportunity   = share{"opportunity", true, labelFav, predFav} // P(favourable prediction | favourable label)
	fallout       = share{"fallout", true, labelUnfav, predFav}   // P(favourable prediction | other label)
	falsePositive = share{"false_positive_rate", true, labelNeg, predPos}
	falseNegative = share{"false_negative_rate", true, labelPos, predNeg}
	precision     = share{"positive_predictive_value", true,
		func(c cell) bool { return c.labelled && c.predPos }, labelPos}
	accuracy = share{"accuracy", true, labelled, correct}
)

// perGroup are the rates told for every group.
var perGroup = []share{
	selectionRate,
	{"base_rate", true, labelled, labelFav},
	{"true_positive_rate", true, labelPos, predPos},
	falsePositive,
	{"true_negative_rate", true, labelNeg, predNeg},
	falseNegative,
	precision,
	{"negative_predictive_value", true, func(c cell) bool { return c.labelled && !c.predPos }, labelNeg},
	accuracy,
}

// differences are told of each group against the reference.
var differences = []struct {
	metric string
	share
}{
	{"demographic_parity_difference", selectionRate},
	{"equal_opportunity_difference", opportunity},
	{"false_positive_rate_difference", falsePositive},
	{"false_negative_rate_difference", falseNegative},
	{"predictive_parity_difference", precision},
	{"accuracy_difference", accuracy},
}

// number is a value with its interval.
type number struct{ value, low, high float64 }

func (n number) defined() bool { return !math.IsNaN(n.value) && !math.IsInf(n.value, 0) }

func wilson(r stats.Rate) number {
	low, high := stats.Wilson(r, stats.Z95)
	return number{r.Value(), low, high}
}

func newcombe(a, b stats.Rate, z float64) number {
	low, high := stats.Newcombe(a, b, z)
	return number{a.Value() - b.Value(), low, high}
}

func katz(a, b stats.Rate, z float64) number {
	low, high := stats.Katz(a, b, z)
	return number{a.Value() / b.Value(), low, high}
}

// absolute is the size of a difference.
func (n number) absolute() number {
	low, high := stats.Abs(n.low, n.high)
	return number{math.Abs(n.value), low, high}
}

// greatest is the largest of several sizes. Its interval holds if all theirs do,
// which the caller sees to by their level (Bonferroni).
func greatest(of ...number) number {
	most := of[0]
	for _, n := range of[1:] {
		if math.IsNaN(n.value) {
			return n
		}
		most = number{math.Max(most.value, n.value), math.Max(most.low, n.low), math.Max(most.high, n.high)}
	}
	return most
}

// level is z for m intervals that are to hold together in 95 % of cases.
func level(m int) float64 { return stats.Z(1 - .05/float64(m)) }

// spread is the largest difference among all groups: max - min, as fairlearn
// defines it. The low end of its interval is that of the pairs, all of which
// hold together; the high end, for more than two groups, is drawn.
func spread(sets ...[]stats.Rate) number {
	m := 0
	for _, rates := range sets {
		m += pairs(len(rates))
	}
	var all []number
	for _, rates := range sets {
		for i := range rates {
			for j := range i {
				all = append(all, newcombe(rates[i], rates[j], level(m)).absolute())
			}
		}
	}
	most := greatest(all...)
	if m > 1 && most.defined() {
		_, high := stats.Posterior(slices.Concat(sets...), func(p []float64) float64 { return widest(p, len(sets[0])) })
		most.high = math.Max(most.value, math.Min(most.high, high))
	}
	return most
}

// widest is the largest max - min of the sets of n rates each.
func widest(p []float64, n int) (most float64) {
	for set := range slices.Chunk(p, n) {
		most = math.Max(most, slices.Max(set)-slices.Min(set))
	}
	return most
}

// smallestRatio is min / max over all groups. The high end of its interval is
// that of the pairs; the low end, for more than two groups, is drawn.
func smallestRatio(rates []stats.Rate) number {
	if !slices.ContainsFunc(rates, func(r stats.Rate) bool { return r.Hits > 0 }) {
		return number{value: math.NaN()} // nobody is selected at all
	}
	z := level(pairs(len(rates)))
	least := number{1, 1, 1}
	for i := range rates {
		for j := range rates {
			if n := katz(rates[i], rates[j], z); i != j && !math.IsNaN(n.value) {
				least = number{math.Min(least.value, n.value), math.Min(least.low, n.low), math.Min(least.high, n.high)}
			}
		}
	}
	if len(rates) > 2 {
		low, _ := stats.Posterior(rates, func(p []float64) float64 { return slices.Min(p) / slices.Max(p) })
		least.low = math.Min(least.value, math.Max(least.low, low))
	}
	return least
}

func pairs(groups int) int { return groups * (groups - 1) / 2 }

// averageOdds is half the sum of two differences; its interval follows from
// theirs by MOVER (Zou and Donner 2008).
func averageOdds(a, b number) number {
	v := (a.value + b.value) / 2
	return number{v, v - math.Hypot(a.value-a.low, b.value-b.low)/2, v + math.Hypot(a.high-a.value, b.high-b.value)/2}
}
