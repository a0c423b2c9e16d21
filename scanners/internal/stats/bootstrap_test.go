// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// The Theil index of benefits 0, 1 and 2, a skewed number made of counts: BCa
// covers it in 94 to 96 % of cases.
func TestBCaCoversWhatItSays(t *testing.T) {
	theil := func(s [][]float64) float64 {
		a, b, c := s[0][0], s[0][1], s[0][2]
		mean := (b + 2*c) / (a + b + c)
		return (b/mean*math.Log(1/mean) + 2*c/mean*math.Log(2/mean)) / (a + b + c)
	}
	truth := []float64{.12, .75, .13}
	want := theil([][]float64{truth})
	const trials, rows = 5000, 500
	in := 0
	for i := range trials {
		source := rand.NewPCG(uint64(i), 17)
		drawn := [][]float64{make([]float64, 3)}
		scaled := []float64{truth[0] * rows, truth[1] * rows, truth[2] * rows}
		multinomial(drawn[0], scaled, source)
		if low, high := bca(drawn, theil, 1000, source); low <= want && want <= high {
			in++
		}
	}
	share := float64(in) / trials
	t.Logf("%.2f %%", 100*share)
	if share < .94 || share > .96 {
		t.Errorf("covers the truth in %.4f of cases", share)
	}
}

// One number for both ways: SciPy's bootstrap of a mean of 0 and 1 is that of a
// binomial, whose skewness BCa follows.
func TestBCaOfAShareIsSkewedAsWilson(t *testing.T) {
	share := func(s [][]float64) float64 { return s[0][1] / (s[0][0] + s[0][1]) }
	low, high := BCa([][]float64{{270, 30}}, share)
	wl, wh := Wilson(Rate{30, 300}, Z95)
	if math.Abs(low-wl) > .008 || math.Abs(high-wh) > .008 {
		t.Errorf("%v..%v, wilson %v..%v", low, high, wl, wh)
	}
}

func TestHomogeneous(t *testing.T) {
	p, test := Homogeneous([]Rate{{10, 100}, {20, 100}, {30, 100}}) // SciPy: chi2_contingency([[10,20,30],[90,80,70]])
	if math.Abs(p-0.0019304541362277093) > 1e-12 || test != "chi-square" {
		t.Errorf("%v %s", p, test)
	}
	if p, test := Homogeneous([]Rate{{3, 6}, {6, 6}}); math.Abs(p-.1818) > .02 || test == "chi-square" { // Fisher: 0.1818
		t.Errorf("%v %s", p, test)
	}
	if p, _ := Homogeneous([]Rate{{0, 6}, {0, 9}}); !math.IsNaN(p) {
		t.Errorf("a test of nothing says %v", p)
	}
}

// Under homogeneity, p values are at most uniform.
func TestHomogeneousHoldsItsLevel(t *testing.T) {
	source := rand.NewPCG(4, 4)
	for _, n := range []float64{8, 200} {
		alarms := 0
		const trials = 400
		for range trials {
			var rates []Rate
			for range 4 {
				rates = append(rates, Rate{distuv.Binomial{N: n, P: .3, Src: source}.Rand(), n})
			}
			if p, _ := Homogeneous(rates); p < .05 {
				alarms++
			}
		}
		if alarms > 35 { // 20 expected
			t.Errorf("%g rows: %d alarms in %d", n, alarms, trials)
		}
	}
}
