// SPDX-License-Identifier: Apache-2.0

package fairness

import "math"

// entropy measures how unequal the benefits of all people are: the generalised
// entropy index of order 2 and the Theil index (order 1) of the benefit
// b = selected - deserved + 1 (Speicher et al. 2018).
func (r *report) entropy(all group) {
	var w, sum float64
	rows := 0
	for _, c := range all.cells {
		if c.labelled {
			rows, w, sum = rows+c.rows, w+c.weight, sum+c.weight*benefit(c)
		}
	}
	mean := sum / w
	var squares, theil float64
	for _, c := range all.cells {
		if c.labelled {
			b := benefit(c) / mean
			squares += c.weight * (b*b - 1)
			theil += c.weight * xlogx(b)
		}
	}
	r.add("generalized_entropy_index", number{value: squares / (2 * w)}, rows, "", nil)
	r.add("theil_index", number{value: theil / w}, rows, "", nil)
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
