// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

const (
	maxTreeNodes = 10_000_000
	maxTrees     = 1_000_000
	maxTreeDepth = 1000
)

// xgboostTrees checks the trees of a model (learner.gradient_booster.model.trees)
// while they stream by. Source: xgboost, doc/model.schema.
type xgboostTrees struct {
	w      *walk
	it     item
	arrays map[string][]int32 // of the tree at hand
	counts map[string]int
	trees  int
	wanted int64 // num_trees, -1 when not told
	broken bool
}

func newTrees(w *walk, it item) *xgboostTrees {
	return &xgboostTrees{w: w, it: it, wanted: -1}
}

var treePath = []string{"learner", "gradient_booster", "model"}

// inTrees tells how many keys lie below ...model.trees, or ...gbtree.model.trees
// of the DART booster.
func inTrees(path []string) ([]string, bool) {
	for i := 2; i < min(len(path), 5); i++ {
		if path[i] == "model" && path[0] == treePath[0] && path[1] == treePath[1] {
			return path[i+1:], true
		}
	}
	return nil, false
}

func (t *xgboostTrees) visit(e jsonEvent) error {
	rest, ok := inTrees(e.path)
	if !ok || len(rest) == 0 {
		return nil
	}
	if rest[0] == "gbtree_model_param" && len(rest) == 2 && rest[1] == "num_trees" && e.kind == 's' {
		t.wanted, _ = strconv.ParseInt(string(e.text), 10, 64)
	}
	if rest[0] != "trees" {
		return nil
	}
	switch {
	case len(rest) == 2 && e.kind == '{':
		t.arrays, t.counts = map[string][]int32{}, map[string]int{}
	case len(rest) == 2 && e.kind == '}':
		t.tree(e.off)
	case len(rest) == 4 && e.kind == 'n' && t.arrays != nil:
		return t.number(rest[2], string(e.text))
	}
	return nil
}

func (t *xgboostTrees) number(key, text string) error {
	if len(t.arrays) > 64 {
		return fmt.Errorf("%w: a tree of too many arrays", errBudget)
	}
	if t.counts[key]++; t.counts[key] > maxTreeNodes {
		return fmt.Errorf("%w: a tree of more than %d nodes", errBudget, maxTreeNodes)
	}
	if key != "left_children" && key != "right_children" {
		return nil
	}
	v, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		v = math.MaxInt32
	}
	t.arrays[key] = append(t.arrays[key], int32(v))
	return nil
}

// tree checks one tree: arrays of one length, indices inside, one parent each.
func (t *xgboostTrees) tree(off int64) {
	t.trees++
	left, right := t.arrays["left_children"], t.arrays["right_children"]
	n := len(left)
	for _, key := range []string{"right_children", "split_conditions", "split_indices", "parents", "default_left"} {
		if c, ok := t.counts[key]; ok && c != n || !ok && n > 0 && key == "right_children" {
			t.fault(fmt.Sprintf("tree %d: %s has %d items, left_children %d", t.trees-1, key, c, n), off)
			return
		}
	}
	if what := badTree(left, right); what != "" {
		t.fault(fmt.Sprintf("tree %d: %s", t.trees-1, what), off)
	}
}

func (t *xgboostTrees) fault(what string, off int64) {
	t.broken = true
	t.w.find(t.it, "xgboost/bad-tree", warn, what, off, "CWE-129")
	t.w.gap(t.it.path, "parse error: "+what)
}

// badTree walks from the root: every node but the root has one parent, none is
// outside, none is deeper than the limit.
func badTree(left, right []int32) string {
	depth := make([]int32, len(left))
	seen := make([]bool, len(left))
	if len(left) == 0 {
		return "no nodes"
	}
	queue := []int32{0}
	seen[0] = true
	for len(queue) > 0 {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, c := range [2]int32{left[i], right[i]} {
			switch {
			case c == -1:
			case c < 0 || int(c) >= len(left):
				return fmt.Sprintf("node %d has the child %d of %d", i, c, len(left))
			case seen[c]:
				return fmt.Sprintf("node %d is reached twice", c)
			case depth[i] >= maxTreeDepth:
				return "deeper than 1000"
			default:
				seen[c], depth[c] = true, depth[i]+1
				queue = append(queue, c)
			}
		}
	}
	return ""
}

func (t *xgboostTrees) done() {
	if t.wanted >= 0 && t.wanted != int64(t.trees) {
		t.fault(fmt.Sprintf("%d trees, %d announced", t.trees, t.wanted), 0)
	}
}

// xgboostKeys are the keys of a tree, for the sniffing of UBJSON.
var xgboostKeys = []string{"learner", "version"}

func isXGBoostKey(k string) bool { return slices.Contains(xgboostKeys, k) }
