// SPDX-License-Identifier: Apache-2.0

package xgboost

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// file is what stands in the JSON, not yet checked against itself.
type file struct {
	booster, objective              string
	baseScore, numClass, numFeature string
	numTarget, numTrees             string
	features                        []string
	attrs                           map[string]string
	groups                          []int32
	drops                           []float32
	trees                           []fileTree
	nodes                           int
	learner, forest                 bool
}

type fileTree struct {
	left, right, feature         []int32
	value, cover                 []float32
	missingLeft                  []bool
	kinds                        []bool // true: categorical
	catNodes, catStart, catSizes []int32
	cats                         []int32
	leafVector                   string
	numDeleted                   string
}

func parse(r io.Reader) (*file, error) {
	in, f := newReader(r), &file{attrs: map[string]string{}}
	err := in.object("the model", keys{"learner": func() error { return f.readLearner(in) }})
	if err == nil {
		err = in.end()
	}
	if err == nil && !f.learner {
		err = errors.New(`the key "learner" is missing`)
	}
	if err == nil && !f.forest {
		err = errors.New(`learner.gradient_booster has no trees`)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotXGBoost, err)
	}
	return f, nil
}

func (f *file) readLearner(in *reader) error {
	f.learner = true
	return in.object("learner", keys{
		"attributes":       func() error { return f.readAttributes(in) },
		"feature_names":    in.words("learner.feature_names", MaxFeatures, &f.features),
		"gradient_booster": func() error { return f.readBooster(in) },
		"learner_model_param": func() error {
			return in.object("learner_model_param", keys{
				"base_score":  in.word("learner_model_param.base_score", &f.baseScore),
				"num_class":   in.word("learner_model_param.num_class", &f.numClass),
				"num_feature": in.word("learner_model_param.num_feature", &f.numFeature),
				"num_target":  in.word("learner_model_param.num_target", &f.numTarget),
			})
		},
		"objective": func() error {
			return in.object("learner.objective", keys{"name": in.word("learner.objective.name", &f.objective)})
		},
	})
}

// readAttributes keeps the one that changes what predict() returns.
func (f *file) readAttributes(in *reader) error {
	best := ""
	err := in.object("learner.attributes", keys{"best_iteration": in.word("learner.attributes.best_iteration", &best)})
	if best != "" {
		f.attrs["best_iteration"] = best
	}
	return err
}

// readBooster reads gbtree, or dart, which wraps a gbtree.
func (f *file) readBooster(in *reader) error {
	const what = "learner.gradient_booster"
	return in.object(what, keys{
		"name":        in.word(what+".name", &f.booster),
		"model":       func() error { return f.readForest(in) },
		"weight_drop": in.floats(what+".weight_drop", MaxNodes, &f.drops),
		"gbtree": func() error {
			return in.object(what+".gbtree", keys{"model": func() error { return f.readForest(in) }})
		},
	})
}

func (f *file) readForest(in *reader) error {
	const what = "gradient_booster.model"
	if f.forest {
		return fmt.Errorf("reading %s: a second one", what)
	}
	return in.object(what, keys{
		"gbtree_model_param": func() error {
			return in.object(what+".gbtree_model_param", keys{"num_trees": in.word("num_trees", &f.numTrees)})
		},
		"tree_info": in.ints(what+".tree_info", MaxNodes, &f.groups),
		"trees": func() error {
			f.forest = true
			return in.array(what+".trees", func(i int) error { return f.readTree(in, i) })
		},
	})
}

func (f *file) readTree(in *reader, i int) error {
	t, room := fileTree{}, MaxNodes-f.nodes
	what := "trees[" + strconv.Itoa(i) + "]"
	err := in.object(what, keys{
		"left_children":       in.ints(what+".left_children", room, &t.left),
		"right_children":      in.ints(what+".right_children", room, &t.right),
		"split_indices":       in.ints(what+".split_indices", room, &t.feature),
		"split_conditions":    in.floats(what+".split_conditions", room, &t.value),
		"sum_hessian":         in.floats(what+".sum_hessian", room, &t.cover),
		"default_left":        in.flags(what+".default_left", room, &t.missingLeft),
		"split_type":          in.flags(what+".split_type", room, &t.kinds),
		"categories":          in.ints(what+".categories", MaxNodes, &t.cats),
		"categories_nodes":    in.ints(what+".categories_nodes", room, &t.catNodes),
		"categories_segments": in.ints(what+".categories_segments", room, &t.catStart),
		"categories_sizes":    in.ints(what+".categories_sizes", room, &t.catSizes),
		"tree_param": func() error {
			return in.object(what+".tree_param", keys{
				"size_leaf_vector": in.word(what+".size_leaf_vector", &t.leafVector),
				"num_deleted":      in.word(what+".num_deleted", &t.numDeleted),
			})
		},
	})
	f.nodes += len(t.left)
	f.trees = append(f.trees, t)
	return err
}

func (f *file) model() (*Model, error) {
	m := &Model{Features: f.features, Objective: f.objective, Booster: f.booster, Attrs: f.attrs}
	for _, step := range []func(*Model) error{f.checkBooster, f.shape, f.baseMargins, f.grow} {
		if err := step(m); err != nil {
			return nil, fmt.Errorf("reading the XGBoost model: %w", err)
		}
	}
	return m, nil
}

func (f *file) checkBooster(*Model) error {
	switch f.booster {
	case "gbtree":
		if len(f.drops) > 0 {
			return errors.New("gbtree has weight_drop, which only dart has")
		}
	case "dart":
		if len(f.drops) != len(f.trees) {
			return fmt.Errorf("weight_drop has %d numbers for %d trees", len(f.drops), len(f.trees))
		}
	default:
		return fmt.Errorf("booster %q is not known here; gbtree and dart are", f.booster)
	}
	return nil
}

// shape finds how many features and groups there are.
func (f *file) shape(m *Model) error {
	width, err := number("num_feature", f.numFeature, 1, MaxFeatures)
	if err != nil {
		return err
	}
	classes, err := number("num_class", or(f.numClass, "0"), 0, MaxGroups)
	if err != nil {
		return err
	}
	targets, err := number("num_target", or(f.numTarget, "1"), 1, MaxGroups)
	if err != nil {
		return err
	}
	if m.Groups = max(1, classes, targets); classes > 1 && targets > 1 {
		return fmt.Errorf("num_class is %d and num_target %d; one of them must be 1", classes, targets)
	}
	if m.width = width; len(f.features) > 0 && len(f.features) != width {
		return fmt.Errorf("feature_names has %d names, num_feature is %d", len(f.features), width)
	}
	return distinct(f.features)
}

func distinct(names []string) error {
	seen := make(map[string]bool, len(names))
	for _, n := range names {
		if seen[n] {
			return fmt.Errorf("feature_names has %q twice", n)
		}
		seen[n] = true
	}
	return nil
}

// baseMargins reads base_score, "5E-1" or, from 3.1 on, "[5E-1,...]".
func (f *file) baseMargins(m *Model) error {
	scores := strings.Split(strings.Trim(f.baseScore, "[]"), ",")
	if len(scores) != 1 && len(scores) != m.Groups {
		return fmt.Errorf("learner_model_param.base_score has %d numbers for %d outputs", len(scores), m.Groups)
	}
	m.base = make([]float64, m.Groups)
	for g := range m.base {
		text := strings.TrimSpace(scores[min(g, len(scores)-1)])
		score, err := strconv.ParseFloat(text, 32)
		if err != nil || score-score != 0 {
			return fmt.Errorf("learner_model_param.base_score %q is not a number", text)
		}
		if m.base[g], err = margin(f.objective, score); err != nil {
			return err
		}
	}
	return nil
}

func number(name, text string, low, high int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%s is %q, expected a whole number from %d to %d", name, text, low, high)
	}
	return n, nil
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
