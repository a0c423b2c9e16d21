// SPDX-License-Identifier: Apache-2.0

package fairness

import (
	"math"

	"github.com/modelvet/modelvet/scanners/internal/stats"
)

// entropy measures how unequal the benefits of all people are: the generalised
// entropy index of order 2 and the Theil index (order 1) of the benefit
// b = selected - deserved + 1 (Speicher et al. 2018).
func (r *report) entropy(all group) {
	var w, squares float64
	rows := 0
	counts := make([]float64, 3) // of the benefits 0, 1 and 2
	for _, c := range all.cells {
		if c.labelled {
			rows, w, squares = rows+c.rows, w+c.weight, squares+c.squares
			counts[int(benefit(c))] += c.weight
		}
	}
	for i := range counts {
		counts[i] *= w / squares // the effective number (Kish 1965)
	}
	for _, m := range []struct {
		metric string
		of     func(b float64) float64
	}{{"generalized_entropy_index", func(b float64) float64 { return (b*b - 1) / 2 }}, {"theil_index", xlogx}} {
		number := func(s [][]float64) float64 { return inequality(s[0], m.of) }
		n, method := only(number([][]float64{counts})), "" // no interval where no draw differs from another
		if low, high := stats.BCa([][]float64{counts}, number); !math.IsNaN(low) {
			n.low, n.high, method = math.Max(0, low), high, "bca bootstrap, seeded"
		}
		r.add(m.metric, n, rows, method, nil)
	}
}

func only(v float64) number { return number{v, v, v} }

// inequality is the mean of f over the benefits 0, 1, 2 in units of their mean.
func inequality(counts []float64, f func(float64) float64) float64 {
	n := counts[0] + counts[1] + counts[2]
	mean := (counts[1] + 2*counts[2]) / n
	var sum float64
	for b, c := range counts {
		if c > 0 {
			sum += c * f(float64(b)/mean)
		}
	}
	return sum / n
}

func benefit(c cell) float64 { return one(c.predFav) - one(c.labelFav) + 1 }

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func xlogx(x float64) float64 {
	if x == 0 {
		return 0
	}
	return x * math.Log(x)
}
