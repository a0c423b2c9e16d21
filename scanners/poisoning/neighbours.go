// SPDX-License-Identifier: Apache-2.0

package poisoning

import (
	"context"
	"math"
	"slices"
)

// kNN settings: Datalab's k; the work of one scan is bounded by maxWork
// differences of numbers.
const (
	kNN           = 10
	maxReferences = 20_000
	maxWork       = 1 << 30
)

// near holds, for each query row, its nearest other rows.
type near struct {
	queries []int
	rows    [][]int // by query: up to kNN rows, nearest first
	first   []float64
}

// space is the frame as points: numbers in standard deviations, and words that
// are equal or not. The rows lie one after another.
type space struct {
	numbers []float32
	words   []int32
	width   int // numbers of a row
	wide    int // words of a row
}

// space leaves out the columns without.
func (f *frame) space(without ...int) *space {
	s := &space{}
	var columns [][]float32
	var codes [][]int32
	for j := range f.columns {
		switch c := &f.columns[j]; {
		case slices.Contains(without, j):
		case c.numeric:
			columns = append(columns, scaled(c.number))
		default:
			codes = append(codes, c.code)
		}
	}
	s.width, s.wide = len(columns), len(codes)
	for i := range f.n {
		for _, c := range columns {
			s.numbers = append(s.numbers, c[i])
		}
		for _, c := range codes {
			s.words = append(s.words, c[i])
		}
	}
	return s
}

// scaled is in standard deviations from the mean; missing numbers lie there.
func scaled(v []float64) []float32 {
	mean, deviation := moments(v)
	out := make([]float32, len(v))
	for i, x := range v {
		if x == x && deviation > 0 {
			out[i] = float32((x - mean) / deviation)
		}
	}
	return out
}

func moments(v []float64) (mean, deviation float64) {
	n := 0.0
	for _, x := range v {
		if x == x {
			n++
			mean += (x - mean) / n
		}
	}
	for _, x := range v {
		if x == x {
			deviation += (x - mean) * (x - mean)
		}
	}
	return mean, math.Sqrt(deviation / math.Max(n, 1))
}

// distance is squared, and may stop as soon as it reaches enough. A different
// word counts as much as two rows differ in a number on average.
func (s *space) distance(a, b int, enough float32) float32 {
	d := float32(0)
	x, y := s.numbers[a*s.width:(a+1)*s.width], s.numbers[b*s.width:(b+1)*s.width]
	for k := range x {
		e := x[k] - y[k]
		if d += e * e; d >= enough {
			return d
		}
	}
	v, w := s.words[a*s.wide:(a+1)*s.wide], s.words[b*s.wide:(b+1)*s.wide]
	for k := range v {
		if v[k] != w[k] {
			d += 2
		}
	}
	return d
}

// neighbours finds the nearest rows of every row, or of as many as the work allows.
func (f *frame) neighbours(ctx context.Context) (*near, error) {
	references := f.some(maxReferences)
	queries := f.some(max(minRows, maxWork/(len(references)*max(1, len(f.columns)))))
	return f.space().nearest(ctx, queries, references)
}

// some draws rows, sorted.
func (f *frame) some(size int) []int {
	keep := f.draw(f.n, size)
	rows := make([]int, 0, min(f.n, size))
	for i := range f.n {
		if keep == nil || keep[i] {
			rows = append(rows, i)
		}
	}
	return rows
}

func (s *space) nearest(ctx context.Context, queries, references []int) (*near, error) {
	out := &near{queries: queries}
	for _, q := range queries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows, first := s.closest(q, references)
		out.rows, out.first = append(out.rows, rows), append(out.first, first)
	}
	return out, nil
}

// closest keeps the best kNN in order; equal distances go by row.
func (s *space) closest(q int, references []int) ([]int, float64) {
	var rows [kNN]int
	var dist [kNN]float32
	n, enough := 0, float32(math.Inf(1))
	for _, r := range references {
		if r == q {
			continue
		}
		d := s.distance(q, r, enough)
		if d >= enough {
			continue
		}
		at := n
		if n == kNN {
			at--
		} else {
			n++
		}
		for ; at > 0 && dist[at-1] > d; at-- {
			rows[at], dist[at] = rows[at-1], dist[at-1]
		}
		if rows[at], dist[at] = r, d; n == kNN {
			enough = dist[n-1]
		}
	}
	return append([]int(nil), rows[:n]...), math.Sqrt(float64(dist[0]))
}
