// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

const (
	permutations = 499
	medianRows   = 200 // of each table, for the width of the kernel
	block        = 64  // rows of the kernel matrix held at once
)

// discrepancy is the unbiased estimate of the squared maximum mean discrepancy
// (Gretton et al. 2012, eq. 3) with the kernel exp(-|x-y|²/2σ²), where σ is the
// median distance of the first rows of both, and the share of permutations that
// give at least as much. The kernel matrix is never held as a whole: memory
// grows with the rows and not with their square.
func discrepancy(x, y [][]float64) (mmd, p float64) {
	all := slices.Concat(x, y)
	width := 2 * median(slices.Concat(x[:min(len(x), medianRows)], y[:min(len(y), medianRows)]))
	if width == 0 {
		width = 1 // of equal rows every kernel is 1
	}
	sides := shuffles(len(x), len(all))
	_, columns := sides.Dims()
	within, across, whole := make([]float64, columns), make([]float64, columns), 0.
	var sums mat.Dense
	for from := 0; from < len(all); from += block {
		rows := kernel(all[from:min(from+block, len(all))], all, from, width)
		sums.Reset()
		sums.Mul(rows, sides)
		n, _ := rows.Dims()
		for i := range n {
			whole += floats.Sum(rows.RawRowView(i))
			for c, v := range sums.RawRowView(i) {
				side := sides.At(from+i, c)
				within[c] += side * v
				across[c] += (1 - side) * v
			}
		}
	}
	m, n := float64(len(x)), float64(len(y))
	of := func(c int) float64 {
		rest := whole - within[c] - 2*across[c]
		return within[c]/(m*(m-1)) + rest/(n*(n-1)) - 2*across[c]/(m*n)
	}
	mmd = of(0)
	as := 0
	for c := range columns {
		if of(c) >= mmd-1e-12 { // the first is what was seen
			as++
		}
	}
	return mmd, float64(as) / float64(columns)
}

// shuffles says in its first column which rows are of the first table, and in
// each further one the same for a permutation of the rows.
func shuffles(first, all int) *mat.Dense {
	r := rand.New(rand.NewPCG(5, 5))
	out := mat.NewDense(all, permutations+1, nil)
	order := make([]int, all)
	for c := range permutations + 1 {
		for i := range order {
			order[i] = i
		}
		if c > 0 {
			r.Shuffle(all, func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		for _, i := range order[:first] {
			out.Set(i, c, 1)
		}
	}
	return out
}

// kernel is a block of rows of the kernel matrix, with nothing on the diagonal.
func kernel(some, all [][]float64, from int, width float64) *mat.Dense {
	out := mat.NewDense(len(some), len(all), nil)
	for i, x := range some {
		row := out.RawRowView(i)
		for j, y := range all {
			if j != from+i {
				row[j] = math.Exp(-square(x, y) / width)
			}
		}
	}
	return out
}

func square(x, y []float64) (sum float64) {
	for i, v := range x {
		d := v - y[i]
		sum += d * d
	}
	return sum
}

// median is the square of the median distance between two of the rows.
func median(rows [][]float64) float64 {
	var all []float64
	for i, x := range rows {
		for _, y := range rows[:i] {
			all = append(all, square(x, y))
		}
	}
	slices.Sort(all)
	if n := len(all); n%2 == 0 {
		low, high := math.Sqrt(all[n/2-1]), math.Sqrt(all[n/2])
		return (low + high) * (low + high) / 4
	}
	return all[len(all)/2]
}
