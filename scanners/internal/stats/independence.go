// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"math"
	"slices"
)

// Independence tests whether two rates are one: Fisher's exact test where a
// cell of the 2x2 table is expected to hold fewer than 5, else Pearson's
// chi-square without continuity correction. It returns the two-sided p value
// and the name of the test; p is NaN where a margin is empty.
func Independence(a, b Rate) (p float64, test string) {
	n, hits := a.Of+b.Of, a.Hits+b.Hits
	if a.Of <= 0 || b.Of <= 0 {
		return math.NaN(), "none"
	}
	if min(hits, n-hits)*min(a.Of, b.Of)/n < 5 {
		return fisher(int(math.Round(a.Hits)), int(math.Round(a.Of)), int(math.Round(b.Hits)), int(math.Round(b.Of))), "fisher"
	}
	return chiSquare(a, b), "chi-square"
}

// chiSquare has one degree of freedom.
func chiSquare(a, b Rate) float64 {
	p := (a.Hits + b.Hits) / (a.Of + b.Of)
	d := a.Value() - b.Value()
	x := d * d / (p * (1 - p) * (1/a.Of + 1/b.Of))
	return math.Erfc(math.Sqrt(x / 2))
}

// fisher sums the probabilities of all tables with these margins that are no
// likelier than the one seen.
func fisher(x, m, y, n int) float64 {
	hits := x + y
	logP := func(k int) float64 { return logChoose(m, k) + logChoose(n, hits-k) - logChoose(m+n, hits) }
	seen := logP(x) + 1e-7 // as R and SciPy: equal within rounding counts as equal
	var p float64
	for k := max(0, hits-n); k <= min(m, hits); k++ {
		if l := logP(k); l <= seen {
			p += math.Exp(l)
		}
	}
	return math.Min(p, 1)
}

func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

// Holm adjusts p values so that the chance of one false alarm in the whole
// family stays below the level (Holm 1979). NaN stays NaN and does not count.
func Holm(p []float64) []float64 {
	var order []int
	out := slices.Clone(p)
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return a - b
	})
	var most float64
	for rank, i := range order {
		most = math.Max(most, math.Min(1, p[i]*float64(len(order)-rank)))
		out[i] = most
	}
	return out
}
