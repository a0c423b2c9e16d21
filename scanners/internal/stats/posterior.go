// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// draws is how often [Posterior] draws; its seed is fixed, so that the same
// counts give the same bounds.
const draws = 2000

// Posterior is the 95 % equal-tailed interval of a number made of several
// rates, none of which has a formula of its own: each rate is drawn from its
// Jeffreys posterior, Beta(hits + 1/2, misses + 1/2), and the number is
// computed from the rates drawn. Rates without trials are drawn from the prior.
func Posterior(rates []Rate, number func([]float64) float64) (low, high float64) {
	source := rand.NewPCG(1, 1)
	betas := make([]distuv.Beta, len(rates))
	for i, r := range rates {
		betas[i] = distuv.Beta{Alpha: math.Max(0, r.Hits) + .5, Beta: math.Max(0, r.Of-r.Hits) + .5, Src: source}
	}
	drawn, values := make([]float64, len(rates)), make([]float64, draws)
	for k := range values {
		for i := range betas {
			drawn[i] = betas[i].Rand()
		}
		values[k] = number(drawn)
	}
	slices.Sort(values)
	return values[draws*25/1000], values[draws-1-draws*25/1000]
}
