// SPDX-License-Identifier: Apache-2.0

package xgboost

import (
	"errors"
)

// memoBits bounds what a leaf remembers: 2^memoBits patterns.
const memoBits = 10

// Explainer computes attributions. It is not safe for concurrent use: it
// remembers, leaf by leaf, what it has already worked out.
//
// A tree is a sum of leaves. A leaf with value v, whose path asks k different
// features, is the game f(S) = v * prod(i in S) hot_i * prod(i not in S) cold_i:
// hot_i is 1 when the row satisfies every split of feature i on the path, else
// 0; cold_i is the share of the training weight that follows them. Its Shapley
// values depend on the row through the k bits hot alone, and features off the
// path get nothing. So each leaf needs at most 2^k small sums, once.
type Explainer struct {
	model *Model
	trees []pathTree
	base  []float64
	left  []bool // scratch: the way each node of a tree sends the row
}

type pathTree struct {
	tree   *tree
	leaves []leafPath
}

type leafPath struct {
	value    float64
	features []int32
	cold     []float64
	asks     []ask
	memo     map[uint64][]float64
}

// ask is one split on the way to a leaf.
type ask struct {
	node int32
	left bool
	bit  uint8
}

// Explain prepares exact TreeSHAP for m.
func (m *Model) Explain() (*Explainer, error) {
	e := &Explainer{model: m, base: append([]float64(nil), m.base...)}
	for i := range m.trees {
		p, err := m.trees[i].paths()
		if err != nil {
			return nil, inTree(i, err)
		}
		e.trees = append(e.trees, p)
		e.base[m.trees[i].group] += p.expected()
		if n := len(m.trees[i].nodes); n > len(e.left) {
			e.left = make([]bool, n)
		}
	}
	return e, nil
}

// Base is the expected margin, to which the attributions of every row add; one
// number a group.
func (e *Explainer) Base() []float64 { return append([]float64(nil), e.base...) }

// Attribute adds nothing to phi: it overwrites it with the attributions of row,
// group after group, Width() numbers each. phi has Groups*Width() places.
func (e *Explainer) Attribute(row []float32, phi []float64) error {
	if err := e.model.fits(row); err != nil {
		return err
	}
	clear(phi)
	for i := range e.trees {
		e.trees[i].attribute(row, phi[e.trees[i].tree.group*e.model.width:], e.left)
	}
	return nil
}

// Cost estimates the work of one row: splits asked on all paths.
func (e *Explainer) Cost() int {
	cost := 0
	for _, t := range e.trees {
		for _, l := range t.leaves {
			cost += 1 + len(l.asks)
		}
	}
	return cost
}

func (p *pathTree) attribute(row []float32, phi []float64, left []bool) {
	for i := range p.tree.nodes {
		if n := &p.tree.nodes[i]; n.left >= 0 {
			left[i] = n.goesLeft(row[n.feature])
		}
	}
	for i := range p.leaves {
		l := &p.leaves[i]
		for k, v := range l.shapley(l.hot(left)) {
			phi[l.features[k]] += v
		}
	}
}

func (l *leafPath) hot(left []bool) uint64 {
	hot := uint64(1)<<len(l.features) - 1
	for _, a := range l.asks {
		if left[a.node] != a.left {
			hot &^= 1 << a.bit
		}
	}
	return hot
}

func (l *leafPath) shapley(hot uint64) []float64 {
	if v, ok := l.memo[hot]; ok {
		return v
	}
	v := shapley(l.value, l.cold, hot)
	if len(l.memo) < 1<<memoBits {
		l.memo[hot] = v
	}
	return v
}

// shapley is the exact Shapley value of the leaf game for each feature on the
// path: sum over sizes s of s!(k-s-1)!/k! * e_s, where e_s sums, over the
// subsets S of size s of the others, prod hot (in S) * prod cold (not in S).
func shapley(value float64, cold []float64, hot uint64) []float64 {
	k := len(cold)
	phi := make([]float64, k)
	poly := make([]float64, k)
	for i := range k {
		poly = poly[:1]
		poly[0] = 1
		for j := range k {
			if j != i {
				poly = times(poly, cold[j], float64(hot>>j&1))
			}
		}
		phi[i] = value * (float64(hot>>i&1) - cold[i]) * weigh(poly, k)
	}
	return phi
}

// times multiplies a polynomial by (cold + hot t), in place.
func times(poly []float64, cold, hot float64) []float64 {
	poly = append(poly, 0)
	for s := len(poly) - 1; s > 0; s-- {
		poly[s] = poly[s]*cold + poly[s-1]*hot
	}
	poly[0] *= cold
	return poly
}

// weigh sums s!(k-s-1)!/k! * poly[s]; the weight is 1/(k*C(k-1,s)).
func weigh(poly []float64, k int) float64 {
	sum, choose := 0.0, 1.0
	for s, p := range poly {
		sum += p / (float64(k) * choose)
		choose *= float64(k-1-s) / float64(s+1)
	}
	return sum
}

// expected is the mean output of the tree over the training weight.
func (p *pathTree) expected() float64 {
	sum := 0.0
	for _, l := range p.leaves {
		share := l.value
		for _, c := range l.cold {
			share *= c
		}
		sum += share
	}
	return sum
}

// paths lists the leaves of a tree and what is asked on the way to each.
func (t *tree) paths() (pathTree, error) {
	p := pathTree{tree: t}
	return p, p.walk(0, nil)
}

func (p *pathTree) walk(at int32, way []ask) error {
	n := &p.tree.nodes[at]
	if n.left < 0 {
		p.leaves = append(p.leaves, p.leafPath(n, way))
		return nil
	}
	if !(n.cover > 0) {
		return atNode(at, errors.New("sum_hessian is 0: the share of training rows is not known, so attributions are not defined"))
	}
	if err := p.walk(n.left, append(way, ask{node: at, left: true})); err != nil {
		return err
	}
	return p.walk(n.right, append(way, ask{node: at}))
}

func (p *pathTree) leafPath(leaf *node, way []ask) leafPath {
	l := leafPath{value: p.tree.weight * float64(leaf.value), asks: append([]ask(nil), way...), memo: map[uint64][]float64{}}
	for i := range l.asks {
		n := &p.tree.nodes[l.asks[i].node]
		child := n.right
		if l.asks[i].left {
			child = n.left
		}
		k := l.place(n.feature)
		l.asks[i].bit = uint8(k)
		l.cold[k] *= float64(p.tree.nodes[child].cover) / float64(n.cover)
	}
	return l
}

// place finds the feature on the path, or adds it.
func (l *leafPath) place(feature int32) int {
	for k, f := range l.features {
		if f == feature {
			return k
		}
	}
	l.features, l.cold = append(l.features, feature), append(l.cold, 1)
	return len(l.features) - 1
}
