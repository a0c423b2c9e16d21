// SPDX-License-Identifier: Apache-2.0

// Package stats holds the intervals and tests that more than one scanner
// needs, from counts alone. It must never draw a number whose seed is not
// fixed: the same counts give the same bounds.
package stats

import "math"

// Z95 is the two-sided 95 % quantile of the standard normal distribution.
var Z95 = Z(0.95)

// Z is the two-sided quantile of the standard normal distribution: a value
// lies within ±Z with the given confidence (0 to 1).
func Z(confidence float64) float64 { return math.Sqrt2 * math.Erfinv(confidence) }

// Rate is a number of hits among a number of trials. With weights it is their
// effective number (Kish 1965), and need not be whole.
type Rate struct{ Hits, Of float64 }

// Value is the share of hits; NaN without trials.
func (r Rate) Value() float64 { return r.Hits / r.Of }

// Wilson is the score interval of a share (Wilson 1927). Without trials it is
// everything, 0 to 1.
func Wilson(r Rate, z float64) (low, high float64) {
	if r.Of <= 0 {
		return 0, 1
	}
	p, zz := r.Value(), z*z/r.Of
	middle := (p + zz/2) / (1 + zz)
	half := z * math.Sqrt(p*(1-p)/r.Of+zz/(4*r.Of)) / (1 + zz)
	low, high = math.Max(0, middle-half), math.Min(1, middle+half)
	return math.Min(low, p), math.Max(high, p) // at 0 and 1 rounding could leave p out
}

// Newcombe is the interval of a.Value() - b.Value(): method 10 of Newcombe
// (1998), from two score intervals.
func Newcombe(a, b Rate, z float64) (low, high float64) {
	la, ha := Wilson(a, z)
	lb, hb := Wilson(b, z)
	if a.Of <= 0 || b.Of <= 0 {
		return -1, 1
	}
	p, q := a.Value(), b.Value()
	return p - q - math.Hypot(p-la, hb-q), p - q + math.Hypot(ha-p, q-lb)
}

// Katz is the interval of a.Value() / b.Value() on the log scale (Katz et al.
// 1978). With no hits on a side, half a hit is added on both (Walter 1976) for
// the bound that still exists; the other is 0 or infinite. Two shares of 1 have
// an interval too: what was always seen need not be certain.
func Katz(a, b Rate, z float64) (low, high float64) {
	if a.Of <= 0 || b.Of <= 0 || (a.Hits == 0 && b.Hits == 0) {
		return 0, math.Inf(1)
	}
	ratio := a.Value() / b.Value()
	x, y, m, n := a.Hits, b.Hits, a.Of, b.Of
	if a.Hits == 0 || b.Hits == 0 {
		x, y, m, n = x+.5, y+.5, m+.5, n+.5
		ratio = (x / m) / (y / n)
	}
	spread := z * math.Sqrt(logVariance(x, m)+logVariance(y, n))
	low, high = ratio*math.Exp(-spread), ratio*math.Exp(spread)
	switch {
	case a.Hits == 0:
		low = 0
	case b.Hits == 0:
		high = math.Inf(1)
	}
	return low, high
}

// logVariance is that of the logarithm of a share. Where every trial hits, the
// formula gives 0, as if that were certain: half a hit less is taken there.
func logVariance(hits, of float64) float64 { return 1/math.Min(hits, of-.5) - 1/of }

// Abs turns the interval of a difference into that of its size.
func Abs(low, high float64) (float64, float64) {
	if low <= 0 && high >= 0 {
		return 0, math.Max(-low, high)
	}
	return math.Min(math.Abs(low), math.Abs(high)), math.Max(math.Abs(low), math.Abs(high))
}

// Normal is a symmetric interval around a mean.
func Normal(mean, standardError, z float64) (low, high float64) {
	return mean - z*standardError, mean + z*standardError
}
