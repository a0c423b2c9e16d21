// SPDX-License-Identifier: Apache-2.0

package xgboost

import (
	"errors"
	"fmt"
)

// grow turns the arrays of the file into trees and checks that each is one:
// every child exists and is reached once, no path is too deep.
func (f *file) grow(m *Model) error {
	if len(f.groups) != len(f.trees) {
		return fmt.Errorf("tree_info has %d numbers for %d trees", len(f.groups), len(f.trees))
	}
	if n, err := number("num_trees", f.numTrees, 0, MaxNodes); err != nil || n != len(f.trees) {
		return fmt.Errorf("num_trees is %q, the file has %d trees; it may be cut", f.numTrees, len(f.trees))
	}
	for i := range f.trees {
		if g := f.groups[i]; g < 0 || int(g) >= m.Groups {
			return inTree(i, fmt.Errorf("tree_info is %d, there are %d outputs", g, m.Groups))
		}
		t, err := f.trees[i].grow(m.width)
		if err != nil {
			return inTree(i, err)
		}
		t.group, t.weight = int(f.groups[i]), 1
		if len(f.drops) > 0 {
			t.weight = float64(f.drops[i])
		}
		m.trees = append(m.trees, t)
		f.trees[i] = fileTree{}
	}
	return nil
}

func (t *fileTree) grow(width int) (tree, error) {
	if err := t.sizes(); err != nil {
		return tree{}, err
	}
	nodes := make([]node, len(t.left))
	for i := range nodes {
		n, err := t.node(i, width)
		if err != nil {
			return tree{}, atNode(int32(i), err)
		}
		nodes[i] = n
	}
	if err := t.categories(nodes); err != nil {
		return tree{}, err
	}
	if err := reach(nodes); err != nil {
		return tree{}, err
	}
	return tree{nodes: nodes}, covers(nodes)
}

func (t *fileTree) sizes() error {
	n := len(t.left)
	if n == 0 {
		return errors.New("it has no node")
	}
	if v := or(t.leafVector, "1"); v != "0" && v != "1" {
		return fmt.Errorf("size_leaf_vector is %q: vector leaves are not known here", v)
	}
	if len(t.kinds) == 0 { // before XGBoost 1.3 there was one kind
		t.kinds = make([]bool, n)
	}
	for _, a := range []struct {
		name string
		n    int
	}{
		{"right_children", len(t.right)}, {"split_indices", len(t.feature)}, {"split_conditions", len(t.value)},
		{"sum_hessian", len(t.cover)}, {"default_left", len(t.missingLeft)}, {"split_type", len(t.kinds)},
	} {
		if a.n != n {
			return fmt.Errorf("%s has %d elements, left_children %d", a.name, a.n, n)
		}
	}
	return nil
}

func (t *fileTree) node(i, width int) (node, error) {
	n := node{
		left: t.left[i], right: t.right[i], feature: t.feature[i], value: t.value[i],
		cover: t.cover[i], missingLeft: t.missingLeft[i],
	}
	switch {
	case n.cover < 0:
		return n, fmt.Errorf("sum_hessian is %v", n.cover)
	case n.left == -1 && n.right == -1:
		return n, nil
	case n.left <= 0 || n.right <= 0 || int(n.left) >= len(t.left) || int(n.right) >= len(t.left):
		return n, fmt.Errorf("its children are %d and %d of %d nodes", n.left, n.right, len(t.left))
	case n.feature < 0 || int(n.feature) >= width:
		return n, fmt.Errorf("split_indices is %d of %d features", n.feature, width)
	}
	n.categorical = t.kinds[i]
	return n, nil
}

// categories gives categorical splits the categories that go right.
func (t *fileTree) categories(nodes []node) error {
	if len(t.catStart) != len(t.catNodes) || len(t.catSizes) != len(t.catNodes) {
		return errors.New("categories_nodes, categories_segments and categories_sizes differ in length")
	}
	given := map[int32]bool{}
	for i, at := range t.catNodes {
		start, size := int64(t.catStart[i]), int64(t.catSizes[i])
		if at < 0 || int(at) >= len(nodes) || given[at] || start < 0 || size < 0 || start+size > int64(len(t.cats)) {
			return atNode(at, errors.New("its categories do not fit the file"))
		}
		given[at] = true
		nodes[at].categories = t.cats[start : start+size]
	}
	for i := range nodes {
		if nodes[i].categorical && !given[int32(i)] {
			return atNode(int32(i), errors.New("a categorical split without categories"))
		}
	}
	return nil
}

// reach walks from the root: a node reached twice makes no tree, and a path
// deeper than the limit no tree for us. Nodes never reached were pruned away.
func reach(nodes []node) error {
	type place struct{ at, depth int32 }
	seen, todo := make([]bool, len(nodes)), []place{{}}
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[p.at] {
			return atNode(p.at, errors.New("two nodes have it as a child"))
		}
		if seen[p.at] = true; p.depth > MaxDepth {
			return atNode(p.at, fmt.Errorf("deeper than %d splits", MaxDepth))
		}
		n := &nodes[p.at]
		if n.left < 0 {
			continue
		}
		todo = append(todo, place{n.left, p.depth + 1}, place{n.right, p.depth + 1})
	}
	return nil
}

// covers makes sure that no weight is lost or made on the way down.
func covers(nodes []node) error {
	for i := range nodes {
		n := &nodes[i]
		if n.left < 0 {
			continue
		}
		if sum := nodes[n.left].cover + nodes[n.right].cover; !near(sum, n.cover) {
			return atNode(int32(i), fmt.Errorf("sum_hessian is %v, that of its children adds to %v", n.cover, sum))
		}
	}
	return nil
}

// near allows for sums in single precision over many rows.
func near(a, b float32) bool {
	d := float64(a) - float64(b)
	return d*d <= 1e-6*float64(b)*float64(b)
}

func inTree(i int, err error) error   { return fmt.Errorf("tree %d: %w", i, err) }
func atNode(i int32, err error) error { return fmt.Errorf("node %d: %w", i, err) }
