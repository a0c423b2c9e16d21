// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// SortInTheEngine makes every column go the way of tables too large to sort here.
func SortInTheEngine(t *testing.T) {
	was := inMemory
	inMemory = 0
	t.Cleanup(func() { inMemory = was })
}

func TestSortFloats(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{0, 1, 2, 1000} {
		values := []float64{0, math.Copysign(0, -1), -1, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 1e-300, -1e-300}[:min(n, 8)]
		for len(values) < n {
			values = append(values, r.NormFloat64()*math.Pow(10, float64(r.IntN(40)-20)))
		}
		want := slices.Sorted(slices.Values(values))
		sortFloats(values)
		if !slices.Equal(values, want) {
			t.Errorf("%d values are not in order: %v", n, values)
		}
	}
}

func cloud(r *rand.Rand, n, dimensions int, shift float64) (out [][]float64) {
	for range n {
		row := make([]float64, dimensions)
		for i := range row {
			row[i] = r.NormFloat64() + shift
		}
		out = append(out, row)
	}
	return out
}

// Of two samples of one distribution, 5 % have a p value below 5 %: in 200
// trials more than 19 have a chance of 0.3 %.
func TestDiscrepancyHoldsItsLevelAndFindsAShift(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 7))
	alarms, sum := 0, 0.
	const trials = 200
	for range trials {
		mmd, p := discrepancy(cloud(r, 30, 4, 0), cloud(r, 40, 4, 0))
		if sum += mmd; p < .05 {
			alarms++
		}
	}
	t.Logf("%d alarms in %d, mean %.5f", alarms, trials, sum/trials)
	if alarms > 19 || math.Abs(sum/trials) > .003 { // unbiased: 0 on average
		t.Errorf("%d alarms in %d trials without a shift; mean %g", alarms, trials, sum/trials)
	}
	if mmd, p := discrepancy(cloud(r, 100, 8, 0), cloud(r, 100, 8, .5)); mmd < .01 || p > .01 {
		t.Errorf("a shift by half a standard deviation: %g, p %g", mmd, p)
	}
	same := [][]float64{{1, 2}, {1, 2}, {1, 2}}
	if mmd, p := discrepancy(same, same); mmd != 0 || p != 1 {
		t.Errorf("a table drifts from itself: %g, p %g", mmd, p)
	}
}

func BenchmarkSortMillion(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, 1_000_000)
	for i := range values {
		values[i] = r.NormFloat64()
	}
	work := make([]float64, len(values))
	for b.Loop() {
		copy(work, values)
		sortFloats(work)
	}
}

func BenchmarkDiscrepancy(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	x, y := cloud(r, sampleRows, 256, 0), cloud(r, sampleRows, 256, 0)
	for b.Loop() {
		discrepancy(x, y)
	}
}
