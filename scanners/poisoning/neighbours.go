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
// are equal or not.
type space struct {
	f      *frame
	scaled [][]float32 // by row: numeric columns
	words  []int       // columns of words
}

func (f *frame) space() *space {
	s := &space{f: f, scaled: make([][]float32, f.n)}
	for j := range f.columns {
		c := &f.columns[j]
		if !c.numeric {
			s.words = append(s.words, j)
			continue
		}
		mean, deviation := moments(c.number)
		for i, v := range c.number {
			x := float32(0)
			if v == v && deviation > 0 {
				x = float32((v - mean) / deviation)
			}
			s.scaled[i] = append(s.scaled[i], x)
		}
	}
	return s
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

// distance is squared. A different word counts as much as two standard
// deviations of a number would on average between two rows.
func (s *space) distance(a, b int) float32 {
	d, x, y := float32(0), s.scaled[a], s.scaled[b]
	for k := range x {
		e := x[k] - y[k]
		d += e * e
	}
	for _, j := range s.words {
		if c := s.f.columns[j].code; c[a] != c[b] {
			d += 2
		}
	}
	return d
}

// without is the space with columns left out.
func (s *space) without(columns ...int) *space {
	out := &space{f: s.f, scaled: make([][]float32, len(s.scaled))}
	var keep []int
	at := 0
	for j := range s.f.columns {
		gone := slices.Contains(columns, j)
		if s.f.columns[j].numeric {
			if !gone {
				keep = append(keep, at)
			}
			at++
		} else if !gone {
			out.words = append(out.words, j)
		}
	}
	for i, row := range s.scaled {
		for _, k := range keep {
			out.scaled[i] = append(out.scaled[i], row[k])
		}
	}
	return out
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
	n := 0
	for _, r := range references {
		if r == q {
			continue
		}
		d := s.distance(q, r)
		if n == kNN && d >= dist[n-1] {
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
		rows[at], dist[at] = r, d
	}
	return append([]int(nil), rows[:n]...), math.Sqrt(float64(dist[0]))
}
