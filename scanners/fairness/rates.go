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
	truePositive  = share{"true_positive_rate", true, labelPos, predPos}
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
	truePositive,
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

// ratios are told of each group against the reference.
var ratios = []struct {
	metric string
	share
}{
	{"demographic_parity_ratio", selectionRate},
	{"equal_opportunity_ratio", opportunity},
	{"false_positive_rate_ratio", falsePositive},
	{"false_negative_rate_ratio", falseNegative},
	{"predictive_parity_ratio", precision},
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

// level is z for m intervals that are to hold together in 95 % of cases.
func level(m int) float64 { return stats.Z(1 - .05/float64(m)) }

// extreme is the largest of m sizes, or the smallest of m ratios. The end of its
// interval towards parity is the best of the ends that all hold together
// (Bonferroni): else the largest of many would look proven by chance. The end
// away from parity is the worst of the plain ends: the true extreme is one of the
// m, and its own end fails in 2.5 % of cases, so the worst of all fails in no
// more (Berger 1982, intersection-union). The interval covers at least 95 %, and
// more the more groups are alike.
type extreme struct{ value, towards, away number }

func (e *extreme) widest(plain, joint number) {
	e.value.value = math.Max(e.value.value, plain.value)
	e.away.high, e.towards.low = math.Max(e.away.high, plain.high), math.Max(e.towards.low, joint.low)
}

func (e *extreme) number() number {
	return number{e.value.value, math.Min(e.value.value, e.towards.low), math.Max(e.value.value, e.away.high)}
}

// greatest is the largest of several absolute differences of rates.
func greatest(of [][2]stats.Rate) number {
	var e extreme
	z := level(len(of))
	for _, p := range of {
		if p[0].Of <= 0 || p[1].Of <= 0 {
			return number{value: math.NaN()}
		}
		e.widest(newcombe(p[0], p[1], stats.Z95).absolute(), newcombe(p[0], p[1], z).absolute())
	}
	return e.number()
}

// spread is the largest difference among all groups: max - min, as fairlearn
// defines it.
func spread(sets ...[]stats.Rate) number {
	var all [][2]stats.Rate
	for _, rates := range sets {
		for i := range rates {
			for j := range i {
				all = append(all, [2]stats.Rate{rates[i], rates[j]})
			}
		}
	}
	return greatest(all)
}

// smallestRatio is min / max over all groups of all sets.
func smallestRatio(sets ...[]stats.Rate) number {
	m := 0
	for _, rates := range sets {
		if !slices.ContainsFunc(rates, func(r stats.Rate) bool { return r.Hits > 0 }) {
			return number{value: math.NaN()} // nobody is selected at all
		}
		m += pairs(len(rates))
	}
	least, z := number{1, 1, 1}, level(m)
	for _, rates := range sets {
		for i := range rates {
			for j := range rates {
				plain, joint := katz(rates[i], rates[j], stats.Z95), katz(rates[i], rates[j], z)
				if i != j && !math.IsNaN(plain.value) {
					least = number{math.Min(least.value, plain.value), math.Min(least.low, plain.low), math.Min(least.high, joint.high)}
				}
			}
		}
	}
	return number{least.value, least.low, math.Max(least.value, least.high)}
}

func pairs(groups int) int { return groups * (groups - 1) / 2 }

// averageOdds is half the sum of two differences; its interval follows from
// theirs by MOVER (Zou and Donner 2008).
func averageOdds(a, b number) number {
	v := (a.value + b.value) / 2
	return number{v, v - math.Hypot(a.value-a.low, b.value-b.low)/2, v + math.Hypot(a.high-a.value, b.high-b.value)/2}
}
