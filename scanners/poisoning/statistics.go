// SPDX-License-Identifier: Apache-2.0

package poisoning

import (
	"math"

	"github.com/modelvet/modelvet"
)

const (
	z95 = 1.959963984540054
	z99 = 2.5758293035489004
)

// wilson is the score interval of k of n (Wilson, 1927).
func wilson(k, n int, z float64) (low, high float64) {
	p, nn := float64(k)/float64(n), float64(n)
	d := 1 + z*z/nn
	centre := (p + z*z/(2*nn)) / d
	half := z / d * math.Sqrt(p*(1-p)/nn+z*z/(4*nn*nn))
	return math.Max(0, centre-half), math.Min(1, centre+half)
}

func rate(metric string, k, n int) modelvet.Measurement {
	low, high := wilson(k, n, z95)
	return modelvet.Measurement{Metric: metric, Value: float64(k) / float64(n), Low: &low, High: &high, N: n, Method: "wilson"}
}

// difference is k/n - j/m with Newcombe's interval (method 10, 1998).
func difference(metric string, k, n, j, m int) modelvet.Measurement {
	p, q := float64(k)/float64(n), float64(j)/float64(m)
	pl, ph := wilson(k, n, z95)
	ql, qh := wilson(j, m, z95)
	low, high := p-q-math.Hypot(p-pl, qh-q), p-q+math.Hypot(ph-p, q-ql)
	return modelvet.Measurement{Metric: metric, Value: p - q, Low: &low, High: &high, N: n, Method: "newcombe"}
}

// tail is the chance of k or more hits in n tries of chance p.
func tail(k, n int, p float64) float64 {
	switch {
	case k <= 0 || p >= 1:
		return 1
	case p <= 0:
		return 0
	}
	sum := 0.0
	for i := k; i <= n; i++ {
		term := math.Exp(choose(n, i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
		if sum += term; i > int(p*float64(n)) && term < 1e-17*sum {
			break
		}
	}
	return math.Min(1, sum)
}

// choose is the logarithm of the binomial coefficient.
func choose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}
