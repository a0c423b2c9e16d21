// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/modelvet/modelvet/scanners/internal/stats"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.12g, want %.12g", what, got, want)
	}
}

// The examples that the papers themselves compute.
func TestIntervalsOfThePapers(t *testing.T) {
	lo, hi := stats.Wilson(stats.Rate{Hits: 81, Of: 263}, stats.Z95)
	near(t, "Newcombe 1998a, 81/263 low", lo, 0.2553, 5e-5)
	near(t, "Newcombe 1998a, 81/263 high", hi, 0.3662, 5e-5)
	lo, hi = stats.Wilson(stats.Rate{Hits: 0, Of: 20}, stats.Z95)
	near(t, "0/20 low", lo, 0, 0)
	near(t, "0/20 high", hi, 0.1611, 5e-5)
	lo, hi = stats.Newcombe(stats.Rate{Hits: 56, Of: 70}, stats.Rate{Hits: 48, Of: 80}, stats.Z95)
	near(t, "Newcombe 1998b, 56/70-48/80 low", lo, 0.0524, 5e-5)
	near(t, "Newcombe 1998b, 56/70-48/80 high", hi, 0.3339, 5e-5)
	lo, hi = stats.Newcombe(stats.Rate{Hits: 10, Of: 10}, stats.Rate{Hits: 0, Of: 20}, stats.Z95)
	near(t, "10/10-0/20 low", lo, 0.6791, 5e-5)
	near(t, "10/10-0/20 high", hi, 1, 1e-12)
	near(t, "z", stats.Z95, 1.959963984540054, 1e-14)
}

// SciPy: fisher_exact and chi2_contingency(correction=False).
func TestTestsAsSciPy(t *testing.T) {
	p, name := stats.Independence(stats.Rate{Hits: 3, Of: 6}, stats.Rate{Hits: 6, Of: 6})
	near(t, name, p, 0.18181818181818182, 1e-12)
	p, name = stats.Independence(stats.Rate{Hits: 110, Of: 190}, stats.Rate{Hits: 590, Of: 810})
	near(t, name, p, 5.2156211373087267e-05, 1e-15)
	p, _ = stats.Independence(stats.Rate{}, stats.Rate{Hits: 1, Of: 2})
	if !math.IsNaN(p) {
		t.Errorf("a test of nothing says %v", p)
	}
}

func TestHolm(t *testing.T) {
	got := stats.Holm([]float64{.01, .04, math.NaN(), .03, .005})
	for i, want := range []float64{.03, .06, math.NaN(), .06, .02} {
		if math.IsNaN(want) != math.IsNaN(got[i]) || math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("holm %d: %v, want %v", i, got[i], want)
		}
	}
}

// Intervals hold the value, and a difference told the other way round has the
// mirrored interval.
func TestIntervalsHoldTheirValue(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		n, m := float64(1+r.IntN(200)), float64(1+r.IntN(200))
		a, b := stats.Rate{Hits: float64(r.IntN(int(n) + 1)), Of: n}, stats.Rate{Hits: float64(r.IntN(int(m) + 1)), Of: m}
		lo, hi := stats.Wilson(a, stats.Z95)
		if v := a.Value(); !(0 <= lo && lo <= v && v <= hi && hi <= 1) {
			t.Fatalf("wilson of %v: %v..%v", a, lo, hi)
		}
		lo, hi = stats.Newcombe(a, b, stats.Z95)
		mlo, mhi := stats.Newcombe(b, a, stats.Z95)
		if d := a.Value() - b.Value(); lo > d || d > hi || math.Abs(lo+mhi) > 1e-12 || math.Abs(hi+mlo) > 1e-12 {
			t.Fatalf("newcombe of %v %v: %v..%v, mirrored %v..%v", a, b, lo, hi, mlo, mhi)
		}
		if b.Hits > 0 {
			if lo, hi = stats.Katz(a, b, stats.Z95); lo > a.Value()/b.Value() || a.Value()/b.Value() > hi {
				t.Fatalf("katz of %v %v: %v..%v", a, b, lo, hi)
			}
		}
		if p, _ := stats.Independence(a, b); !(p >= 0 && p <= 1) && !math.IsNaN(p) {
			t.Fatalf("p of %v %v: %v", a, b, p)
		}
	}
}

// 95 % is to mean 95 %.
func TestCoverageOfNewcombe(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const trials = 20_000
	inside := 0
	for range trials {
		a, b := draw(r, 190, .58), draw(r, 810, .73)
		if lo, hi := stats.Newcombe(a, b, stats.Z95); lo <= .58-.73 && .58-.73 <= hi {
			inside++
		}
	}
	if share := float64(inside) / trials; share < .94 || share > .96 {
		t.Errorf("the interval covers the truth in %.4f of cases", share)
	}
}

func draw(r *rand.Rand, n int, p float64) stats.Rate {
	hits := 0
	for range n {
		if r.Float64() < p {
			hits++
		}
	}
	return stats.Rate{Hits: float64(hits), Of: float64(n)}
}
