// SPDX-License-Identifier: Apache-2.0

// Package xgboost reads the JSON model files of XGBoost (1.x to 3.x: gbtree
// and dart) and computes, in plain Go, the margin of a row and its exact
// path-dependent TreeSHAP attributions (Lundberg et al., "Consistent
// Individualized Feature Attribution for Tree Ensembles", 2018).
//
// It must never run anything that the file says, never guess what it does not
// know (another booster, an unknown objective, a vector leaf is an error), and
// never hold more than the limits allow.
package xgboost

import (
	"errors"
	"fmt"
	"io"
	"math"
)

// The limits of a model. A file beyond them is an error, not half read.
const (
	MaxBytes    = 256 << 20 // of the file
	MaxNodes    = 2 << 20   // of all trees
	MaxDepth    = 48        // splits on one path
	MaxFeatures = 1 << 20
	MaxGroups   = 1 << 10 // classes or targets
)

// ErrNotXGBoost is wrapped by errors about files that are no XGBoost model in
// JSON at all.
var ErrNotXGBoost = errors.New("not an XGBoost JSON model")

// Model is a tree ensemble.
type Model struct {
	Features  []string // names, may be empty: then features go by position
	Objective string   // "binary:logistic"
	Booster   string   // gbtree, dart
	Groups    int      // outputs: 1, or the number of classes
	Attrs     map[string]string

	width int
	base  []float64 // margin of no tree, one a group
	trees []tree
}

// node is a split (left >= 0) or a leaf (left < 0, value is the leaf's).
type node struct {
	left, right int32
	feature     int32
	value       float32 // split: x < value goes left; leaf: its weight
	cover       float32
	missingLeft bool
	categories  []int32 // categorical split: these go right
	categorical bool
}

type tree struct {
	nodes  []node
	group  int
	weight float64 // 1, or what dart scales the tree by
}

// Width is the number of features that a row must have.
func (m *Model) Width() int { return m.width }

// Trees is the number of trees.
func (m *Model) Trees() int { return len(m.trees) }

// Read reads a model. Errors name the place in the file and what was expected.
func Read(r io.Reader) (*Model, error) {
	f, err := parse(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	return f.model()
}

// Margin is the raw output of the model for a row, one number a group, before
// any link function (log-odds for logistic objectives). NaN marks a missing
// value. XGBoost compares in single precision, and so does this.
func (m *Model) Margin(row []float32) ([]float64, error) {
	if err := m.fits(row); err != nil {
		return nil, err
	}
	out := append([]float64(nil), m.base...)
	for i := range m.trees {
		t := &m.trees[i]
		out[t.group] += t.weight * float64(t.leaf(row).value)
	}
	return out, nil
}

func (m *Model) fits(row []float32) error {
	if len(row) != m.width {
		return fmt.Errorf("evaluating a row: it has %d features, the model needs %d", len(row), m.width)
	}
	return nil
}

func (t *tree) leaf(row []float32) *node {
	n := &t.nodes[0]
	for n.left >= 0 {
		if n.goesLeft(row[n.feature]) {
			n = &t.nodes[n.left]
		} else {
			n = &t.nodes[n.right]
		}
	}
	return n
}

func (n *node) goesLeft(x float32) bool {
	switch {
	case x != x:
		return n.missingLeft
	case n.categorical:
		return n.categoryLeft(x)
	}
	return x < n.value
}

// categoryLeft: the listed categories go right, all others left. A value that
// is no category (negative, too large) follows the missing ones.
func (n *node) categoryLeft(x float32) bool {
	if x < 0 || x >= 1<<24 {
		return n.missingLeft
	}
	c := int32(x)
	for _, k := range n.categories {
		if k == c {
			return false
		}
	}
	return true
}

// margin turns the base score, as the objective states it, into a margin.
func margin(objective string, score float64) (float64, error) {
	switch objective {
	case "binary:logistic", "reg:logistic":
		if score <= 0 || score >= 1 {
			return 0, fmt.Errorf("learner_model_param.base_score is %v; %s needs one between 0 and 1", score, objective)
		}
		return math.Log(score / (1 - score)), nil
	case "count:poisson", "reg:gamma", "reg:tweedie":
		if score <= 0 {
			return 0, fmt.Errorf("learner_model_param.base_score is %v; %s needs a positive one", score, objective)
		}
		return math.Log(score), nil
	case "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror",
		"binary:logitraw", "binary:hinge", "multi:softmax", "multi:softprob", "rank:pairwise", "rank:ndcg", "rank:map":
		return score, nil
	}
	return 0, fmt.Errorf("objective %q is not known here: its base score cannot be read", objective)
}
