// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// How often [BCa] draws, and the seed, which is fixed so that the same counts
// give the same bounds.
const (
	resamples = 10_000
	seed      = 2
)

// BCa is the 95 % bias-corrected and accelerated bootstrap interval (Efron
// 1987) of a number made of counts. Each stratum is resampled by itself, as rows
// would be: the counts of its cells are drawn from their multinomial. The number
// must be finite on the counts given; draws on which it is not do not count.
func BCa(strata [][]float64, number func([][]float64) float64) (low, high float64) {
	return bca(strata, number, resamples, rand.NewPCG(seed, seed))
}

func bca(strata [][]float64, number func([][]float64) float64, draws int, source rand.Source) (low, high float64) {
	seen := number(strata)
	values := resample(strata, number, draws, source)
	if len(values) < draws/2 || !(values[len(values)-1] > values[0]) {
		return math.NaN(), math.NaN()
	}
	below := 0.0
	for _, v := range values {
		switch {
		case v < seen:
			below++
		case v == seen:
			below += .5
		}
	}
	n := float64(len(values))
	z0, a := distuv.UnitNormal.Quantile(math.Min(math.Max(below, .5), n-.5)/n), acceleration(strata, number)
	at := func(z float64) float64 {
		p := distuv.UnitNormal.CDF(z0 + (z0+z)/(1-a*(z0+z)))
		return values[min(len(values)-1, max(0, int(p*n)))]
	}
	return math.Min(seen, at(-Z95)), math.Max(seen, at(Z95))
}

func resample(strata [][]float64, number func([][]float64) float64, draws int, source rand.Source) (values []float64) {
	drawn := make([][]float64, len(strata))
	for i, s := range strata {
		drawn[i] = make([]float64, len(s))
	}
	for range draws {
		for i, s := range strata {
			multinomial(drawn[i], s, source)
		}
		if v := number(drawn); !math.IsNaN(v) && !math.IsInf(v, 0) {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return values
}

// multinomial draws as many as there are, each cell with its share. A fraction
// of a row (an effective number) is kept as a scale.
func multinomial(to, counts []float64, source rand.Source) {
	var total float64
	for _, c := range counts {
		total += c
	}
	whole := math.Max(1, math.Round(total))
	left, mass := whole, total
	for i, c := range counts {
		to[i] = 0
		switch {
		case left <= 0 || c <= 0:
		case c >= mass:
			to[i] = left
		default:
			to[i] = distuv.Binomial{N: left, P: c / mass, Src: source}.Rand()
		}
		left, mass = left-to[i], mass-c
		to[i] *= total / whole
	}
}

// acceleration is the skewness of the jackknife, leaving out one row at a time;
// rows of one cell are alike.
func acceleration(strata [][]float64, number func([][]float64) float64) float64 {
	var n, mean float64
	type leave struct{ value, times float64 }
	var all []leave
	for _, s := range strata {
		for i, c := range s {
			if c < 1 {
				continue
			}
			s[i] = c - 1
			v := number(strata)
			s[i] = c
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				all, n, mean = append(all, leave{v, c}), n+c, mean+c*v
			}
		}
	}
	var two, three float64
	for _, l := range all {
		d := mean/n - l.value
		two, three = two+l.times*d*d, three+l.times*d*d*d
	}
	if two == 0 {
		return 0
	}
	return three / (6 * math.Pow(two, 1.5))
}

// Homogeneous tests whether several rates are one: Pearson's chi-square; p is
// NaN if a margin is empty. Where a cell is expected to hold fewer than 5, the
// distribution is drawn with the margins fixed (9,999 tables, seeded).
func Homogeneous(rates []Rate) (p float64, test string) {
	var hits, of float64
	for _, r := range rates {
		if r.Of > 0 {
			hits, of = hits+r.Hits, of+r.Of
		}
	}
	if of == 0 || hits == 0 || hits == of {
		return math.NaN(), "none"
	}
	share, groups, least := hits/of, 0, math.Inf(1)
	statistic := func(h []float64) (x float64) {
		for i, r := range rates {
			if r.Of > 0 {
				d := h[i] - r.Of*share
				x += d * d / (r.Of * share * (1 - share))
			}
		}
		return x
	}
	seen := make([]float64, len(rates))
	for i, r := range rates {
		if seen[i] = r.Hits; r.Of > 0 {
			groups, least = groups+1, math.Min(least, r.Of*math.Min(share, 1-share))
		}
	}
	if groups < 2 {
		return math.NaN(), "none"
	}
	x := statistic(seen)
	if least >= 5 {
		return distuv.ChiSquared{K: float64(groups - 1)}.Survival(x), "chi-square"
	}
	return permuted(rates, hits, of, x, statistic), "permutation, seeded"
}

func permuted(rates []Rate, hits, of, seen float64, statistic func([]float64) float64) float64 {
	const tables = 9999
	r := rand.New(rand.NewPCG(3, 3))
	h := make([]float64, len(rates))
	as := 1
	for range tables {
		left, all := math.Round(hits), math.Round(of)
		for i, g := range rates {
			h[i] = hypergeometric(r, math.Round(g.Of), left, all)
			left, all = left-h[i], all-math.Round(g.Of)
		}
		if statistic(h) >= seen*(1-1e-12) {
			as++
		}
	}
	return float64(as) / (tables + 1)
}

// hypergeometric draws n of all, of which left are hits. Large draws are taken
// from the normal distribution with their moments, which is near enough where
// the other groups are small.
func hypergeometric(r *rand.Rand, n, left, all float64) float64 {
	if n >= all {
		return left
	}
	if n > 2000 {
		p := left / all
		v := n * p * (1 - p) * (all - n) / math.Max(1, all-1)
		return math.Min(math.Min(n, left), math.Max(math.Max(0, n-(all-left)), math.Round(n*p+math.Sqrt(v)*r.NormFloat64())))
	}
	got := 0.0
	for range int(n) {
		if r.Float64()*all < left {
			got, left = got+1, left-1
		}
		all--
	}
	return got
}
