// SPDX-License-Identifier: Apache-2.0

package poisoning

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"

	"github.com/modelvet/modelvet"
)

// The search for triggers. It was set on clean tables only; see
// docs/peers-poisoning.md for what it finds and what it misses.
const (
	minSupport  = 8    // rows that carry a trigger
	maxShare    = 0.2  // of all rows: more is no secret
	minPurity   = 0.95 // of the label among them
	alarm       = 1e-3 // chance of an alarm in an honest table, for each kind of try
	minOdds     = 10   // how many times the odds that anything else would lead to expect
	maxSets     = 400
	maxPairRows = 20_000
	fineValues  = 20 // different numbers from which neighbours on the scale say what to expect
	pseudo      = 4  // rows of the base rate mixed into every expectation
	maxFollowed = 64 // candidates compared with their neighbours
)

// set is the rows that have one value of one column.
type set struct {
	column int
	code   int32
	rows   []uint64 // bits
	n      int
	class  []int // rows by label
}

// candidate is a value or a pair that decides the label.
type candidate struct {
	sets  []*set
	class int
	k, n  int
	want  float64 // expected share of the label
	p     float64 // chance of k or more of n, over all tries
}

// hunt is the state of a search.
type hunt struct {
	f     *frame
	rows  []int // of the frame
	base  []int // rows by label
	class [][]uint64
	sets  []*set
}

// triggers looks for the tabular form of a backdoor: a value, or two values
// together, whose rows nearly all have one label, although neither the values
// next to it, nor its parts, nor rows that are otherwise alike have it.
func (s *scan) triggers(ctx context.Context, f *frame) error {
	h := newHunt(f)
	if len(h.rows) < f.n {
		s.skip(f.path, "triggers were looked for in %d of %d rows, drawn at random", len(h.rows), f.n)
	}
	if all := len(h.sets); all > maxSets {
		h.sets = h.sets[:maxSets]
		s.skip(f.path, "triggers were looked for among the %d values whose labels are least like the others', of %d", maxSets, all)
	}
	found, err := h.followed(ctx, append(h.singles(), h.pairs()...))
	if err != nil {
		return err
	}
	s.measure(modelvet.Measurement{Metric: "triggers", Value: float64(len(found)), N: len(h.rows), Method: "values and pairs that decide the label beyond expectation"})
	for _, c := range found {
		low, _ := wilson(c.k, c.n, z99)
		severity := modelvet.SeverityBlock
		if h.telling(c) {
			severity = modelvet.SeverityWarn
		}
		s.find(severity, "trigger", f.path, "%d of %d rows with %s have the label %q (99 %% bound %.2f), expected %.2f (p = %.2g)",
			c.k, c.n, h.describe(c), f.classes[c.class], low, c.want, c.p)
	}
	return nil
}

// telling: in a column of the candidate most repeated values decide the label,
// some one way and some the other. Codes that were made from the label, such as
// the capital gains of the census income data, look like that without anybody's
// ill will; it is worth a look all the same.
func (h *hunt) telling(c candidate) bool {
	for _, s := range c.sets {
		toward, against, others := 0, 0, 0
		for _, o := range h.counts(s.column) {
			if o.code == s.code || o.n < minSupport/2 {
				continue
			}
			switch best := slices.Max(o.class); {
			case float64(best) < minPurity*float64(o.n):
				others++
			case o.class[c.class] == best:
				toward++
			default:
				against++
			}
		}
		if toward >= 2 && against >= 2 && toward+against > others {
			return true
		}
	}
	return false
}

// counts is the number of rows of each value of a column, by label.
func (h *hunt) counts(j int) []set {
	out := make([]set, len(h.f.columns[j].values))
	for c := range out {
		out[c] = set{column: j, code: int32(c), class: make([]int, len(h.base))}
	}
	for _, i := range h.rows {
		o := &out[h.f.columns[j].code[i]]
		o.n++
		o.class[h.f.labels[i]]++
	}
	return out
}

func (h *hunt) describe(c candidate) string {
	text := ""
	for i, s := range c.sets {
		if i > 0 {
			text += " and "
		}
		col := &h.f.columns[s.column]
		text += fmt.Sprintf("%s = %s", col.name, col.values[s.code])
	}
	return text
}

func newHunt(f *frame) *hunt {
	h := &hunt{f: f, rows: f.some(maxPairRows), base: make([]int, len(f.classes))}
	h.class = make([][]uint64, len(f.classes))
	for c := range h.class {
		h.class[c] = make([]uint64, (len(h.rows)+63)/64)
	}
	for b, i := range h.rows {
		h.base[f.labels[i]]++
		h.class[f.labels[i]][b/64] |= 1 << (b % 64)
	}
	for j := range f.columns {
		h.collect(j)
	}
	slices.SortStableFunc(h.sets, func(a, b *set) int { return cmp.Compare(h.surprise(b), h.surprise(a)) })
	return h
}

// collect makes the sets of one column.
func (h *hunt) collect(j int) {
	at := map[int32]*set{}
	for _, s := range h.counts(j) {
		if s.n >= minSupport && s.n <= len(h.rows)*9/10 {
			s.rows = make([]uint64, (len(h.rows)+63)/64)
			at[s.code], h.sets = &s, append(h.sets, &s)
		}
	}
	for b, i := range h.rows {
		if s := at[h.f.columns[j].code[i]]; s != nil {
			s.rows[b/64] |= 1 << (b % 64)
		}
	}
}

// surprise is how far the labels of a set are from those of all, in squared
// standard errors.
func (h *hunt) surprise(s *set) float64 {
	worst := 0.0
	for c, k := range s.class {
		p := float64(h.base[c]) / float64(len(h.rows))
		d := float64(k) - p*float64(s.n)
		worst = max(worst, d*d/(p*(1-p)*float64(s.n)+1e-9))
	}
	return worst
}

// singles tests each value alone.
func (h *hunt) singles() []candidate {
	var out [2][]candidate // coarse columns, fine ones: of these few values repeat, so fewer tries
	var tried [2]int
	for _, s := range h.sets {
		kind := 0
		if h.fine(s.column) {
			kind = 1
		}
		tried[kind] += len(h.base)
		for c, k := range s.class {
			if h.pure(k, s.n) {
				out[kind] = append(out[kind], candidate{sets: []*set{s}, class: c, k: k, n: s.n, want: h.around(s, c)})
			}
		}
	}
	return append(striking(out[0], tried[0]), striking(out[1], tried[1])...)
}

// fine: a column of so many numbers that those next to a value say what to expect of it.
func (h *hunt) fine(column int) bool {
	c := &h.f.columns[column]
	return c.numeric && len(c.values) >= fineValues
}

func (h *hunt) pure(k, n int) bool {
	return n >= minSupport && float64(n) <= maxShare*float64(len(h.rows)) && float64(k) >= minPurity*float64(n)
}

// around is the share of a label that the rest of the column leads to expect:
// among the rows with the next smaller and larger numbers, or, where there are
// few different values, among all others.
func (h *hunt) around(s *set, class int) float64 {
	if !h.fine(s.column) {
		return h.share(h.base[class]-s.class[class], len(h.rows)-s.n, class)
	}
	values, rows, hits := h.counts(s.column), 0, 0
	for _, step := range []int{-1, 1} {
		side := 0
		for c := int(s.code) + step; c >= 0 && c < len(values) && side < max(15, s.n/2); c += step {
			v := values[c]
			side, rows, hits = side+v.n, rows+v.n, hits+v.class[class]
		}
	}
	return h.share(hits, rows, class)
}

// share is a rate with some rows of the base rate mixed in.
func (h *hunt) share(k, n, class int) float64 {
	p := float64(h.base[class]) / float64(len(h.rows))
	return (float64(k) + pseudo*p) / (float64(n) + pseudo)
}

// pairs tests two values of different columns together.
func (h *hunt) pairs() []candidate {
	var out []candidate
	tried := 0
	for i, a := range h.sets {
		for _, b := range h.sets[i+1:] {
			if a.column == b.column {
				continue
			}
			n := both(a.rows, b.rows)
			if n < minSupport || n == a.n || n == b.n {
				continue
			}
			tried++
			for c := range h.base {
				if k := three(a.rows, b.rows, h.class[c]); h.pure(k, n) {
					out = append(out, candidate{sets: []*set{a, b}, class: c, k: k, n: n, want: h.parts(a, b, c, k, n)})
				}
			}
		}
	}
	return striking(out, tried*len(h.base))
}

func both(a, b []uint64) int {
	n := 0
	for i := range a {
		n += bits.OnesCount64(a[i] & b[i])
	}
	return n
}

func three(a, b, c []uint64) int {
	n := 0
	for i := range a {
		n += bits.OnesCount64(a[i] & b[i] & c[i])
	}
	return n
}

// parts is the share of a label that two values lead to expect when each acts
// on its own: their odds, where the other is absent, multiplied.
func (h *hunt) parts(a, b *set, class, k, n int) float64 {
	all, hits := len(h.rows), h.base[class]
	onlyA := odds(h.share(a.class[class]-k, a.n-n, class))
	onlyB := odds(h.share(b.class[class]-k, b.n-n, class))
	none := odds(h.share(hits-a.class[class]-b.class[class]+k, all-a.n-b.n+n, class))
	o := onlyA * onlyB / none
	return max(o/(1+o), onlyA/(1+onlyA), onlyB/(1+onlyB))
}

func odds(p float64) float64 {
	p = min(max(p, 1e-6), 1-1e-6)
	return p / (1 - p)
}

// striking keeps what chance would hardly give in so many tries.
func striking(all []candidate, tries int) []candidate {
	var out []candidate
	for _, c := range all {
		c.p = min(1, float64(tries)*tail(c.k, c.n, c.want))
		if c.p < alarm && c.odd() {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return cmp.Compare(a.p, b.p) })
	return out
}

func (c candidate) odd() bool {
	return (float64(c.k)+0.5)/(float64(c.n-c.k)+0.5) >= minOdds*odds(c.want)
}

// followed keeps candidates whose rows, by everything else about them, would
// have had another label, and drops those that a stronger one contains.
func (h *hunt) followed(ctx context.Context, all []candidate) ([]candidate, error) {
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.p, b.p) })
	var out []candidate
	for _, c := range all[:min(len(all), maxFollowed)] {
		if slices.ContainsFunc(out, c.within) {
			continue
		}
		want, err := h.alike(ctx, c)
		if err != nil {
			return nil, err
		}
		if c.want = max(c.want, want); tail(c.k, c.n, c.want) < alarm/maxFollowed && c.odd() {
			out = append(out, c)
		}
	}
	return out, nil
}

// within: nine tenths of its rows carry one that is already known.
func (c candidate) within(known candidate) bool {
	n := 0
	for i := range c.sets[0].rows {
		n += bits.OnesCount64(c.word(i) & known.word(i))
	}
	return n*10 >= min(c.n, known.n)*9
}

func (c candidate) word(i int) uint64 {
	w := c.sets[0].rows[i]
	for _, s := range c.sets[1:] {
		w &= s.rows[i]
	}
	return w
}

// alike is the share of the label among the neighbours of the candidate's rows
// that do not carry it, by all other columns.
func (h *hunt) alike(ctx context.Context, c candidate) (float64, error) {
	var mine, others []int
	for b, i := range h.rows {
		if c.word(b/64)>>(b%64)&1 == 1 {
			mine = append(mine, i)
		} else {
			others = append(others, i)
		}
	}
	var gone []int
	for _, s := range c.sets {
		gone = append(gone, s.column)
	}
	if len(mine) > 200 { // enough to know a share
		mine = mine[:200]
	}
	n, err := h.f.space(gone...).nearest(ctx, mine, others)
	if err != nil {
		return 0, err
	}
	rows, hits := 0, 0
	for _, near := range n.rows {
		for _, r := range near {
			if rows++; h.f.labels[r] == int32(c.class) {
				hits++
			}
		}
	}
	return h.share(hits, rows, c.class), nil
}
