// SPDX-License-Identifier: Apache-2.0

package xgboost

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type golden struct {
	Rows   [][]*float32  `json:"rows"`
	Margin [][]float64   `json:"margin"`
	Phi    [][][]float64 `json:"phi"` // row, group, feature and last the base
}

func goldens(t testing.TB, glob string) []string {
	t.Helper()
	paths, err := filepath.Glob(glob)
	if err != nil || len(paths) < 10 {
		t.Fatalf("golden files: %v, %v", paths, err)
	}
	return paths
}

func open(t testing.TB, path string) *Model {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := Read(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return m
}

func numbers(row []*float32) []float32 {
	out := make([]float32, len(row))
	for i, v := range row {
		if out[i] = float32(math.NaN()); v != nil {
			out[i] = *v
		}
	}
	return out
}

// XGBoost's own predict(output_margin=True) and predict(pred_contribs=True).
func TestAgreesWithXGBoost(t *testing.T) { agree(t, "testdata/*.golden.json") }

func agree(t *testing.T, glob string) {
	for _, path := range goldens(t, glob) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			m := open(t, strings.Replace(path, ".golden", "", 1))
			var g golden
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(data, &g); err != nil {
				t.Fatal(err)
			}
			e, err := m.Explain()
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range g.Rows {
				compare(t, m, e, numbers(r), g.Margin[i], g.Phi[i])
			}
		})
	}
}

func compare(t *testing.T, m *Model, e *Explainer, row []float32, margin []float64, phi [][]float64) {
	t.Helper()
	got, err := m.Margin(row)
	if err != nil {
		t.Fatal(err)
	}
	attr := make([]float64, m.Groups*m.Width())
	if err := e.Attribute(row, attr); err != nil {
		t.Fatal(err)
	}
	for g := range m.Groups {
		within(t, "margin", got[g], margin[g])
		within(t, "base", e.Base()[g], phi[g][m.Width()])
		for j := range m.Width() {
			within(t, "phi", attr[g*m.Width()+j], phi[g][j])
		}
	}
}

func within(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-5*math.Max(1, math.Abs(want)) {
		t.Fatalf("%s is %v, XGBoost says %v", what, got, want)
	}
}

// Brute force: the definition of the Shapley value over all subsets, with the
// conditional expectation that follows the cover.
func TestAttributionsAreShapleyValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		m := random(rng, 1+rng.IntN(9), 1+rng.IntN(3), 1+rng.IntN(7))
		e, err := m.Explain()
		if err != nil {
			t.Fatal(err)
		}
		row := make([]float32, m.width)
		for j := range row {
			if row[j] = rng.Float32(); rng.IntN(8) == 0 {
				row[j] = float32(math.NaN())
			}
		}
		phi := make([]float64, m.width)
		if err := e.Attribute(row, phi); err != nil {
			t.Fatal(err)
		}
		for j, want := range brute(m, row) {
			if math.Abs(phi[j]-want) > 1e-9 {
				t.Fatalf("feature %d of %d: %v, brute force says %v", j, m.width, phi[j], want)
			}
		}
		sum, margin := e.Base()[0], must(m.Margin(row))[0]
		for _, v := range phi {
			sum += v
		}
		if math.Abs(sum-margin) > 1e-9 {
			t.Fatalf("attributions add to %v, the margin is %v", sum, margin)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func random(rng *rand.Rand, width, trees, depth int) *Model {
	m := &Model{Groups: 1, width: width, base: []float64{0.25}}
	for range trees {
		t := tree{weight: 0.5 + rng.Float64()}
		t.sprout(rng, width, depth, 100)
		m.trees = append(m.trees, t)
	}
	return m
}

func (t *tree) sprout(rng *rand.Rand, width, depth int, cover float32) int32 {
	at := int32(len(t.nodes))
	t.nodes = append(t.nodes, node{left: -1, right: -1, value: rng.Float32()*2 - 1, cover: cover})
	if depth == 0 || rng.IntN(5) == 0 {
		return at
	}
	part := cover * (0.1 + 0.8*rng.Float32())
	n := node{feature: int32(rng.IntN(width)), value: rng.Float32(), cover: cover, missingLeft: rng.IntN(2) == 0}
	n.left = t.sprout(rng, width, depth-1, part)
	n.right = t.sprout(rng, width, depth-1, cover-part)
	t.nodes[at] = n
	return at
}

func brute(m *Model, row []float32) []float64 {
	worth := make([]float64, 1<<m.width)
	for s := range worth {
		for i := range m.trees {
			worth[s] += m.trees[i].weight * m.trees[i].expect(0, row, uint64(s))
		}
	}
	phi := make([]float64, m.width)
	for j := range phi {
		for s := range worth {
			if s>>j&1 == 0 {
				k := bits.OnesCount(uint(s))
				w := math.Gamma(float64(k+1)) * math.Gamma(float64(m.width-k)) / math.Gamma(float64(m.width+1))
				phi[j] += w * (worth[s|1<<j] - worth[s])
			}
		}
	}
	return phi
}

func (t *tree) expect(at int32, row []float32, known uint64) float64 {
	n := &t.nodes[at]
	if n.left < 0 {
		return float64(n.value)
	}
	l, r := t.expect(n.left, row, known), t.expect(n.right, row, known)
	switch {
	case known>>n.feature&1 == 0:
		lc, rc := float64(t.nodes[n.left].cover), float64(t.nodes[n.right].cover)
		return (l*lc + r*rc) / float64(n.cover)
	case n.goesLeft(row[n.feature]):
		return l
	}
	return r
}

// A file that is cut, or whose arrays disagree, is an error that says where.
func TestRefusesBrokenModels(t *testing.T) {
	good, err := os.ReadFile("testdata/logistic.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"booster", `"name":"gbtree"`, `"name":"gblinear"`, `"gblinear" is not known`},
		{"objective", `"name":"binary:logistic"`, `"name":"my:own"`, `"my:own" is not known`},
		{"width", `"num_feature":"5","num_target"`, `"num_feature":"4","num_target"`, "feature_names has 5 names, num_feature is 4"},
		{"trees missing", `"num_trees":"6"`, `"num_trees":"7"`, "it may be cut"},
		{"child", `"left_children":[1,`, `"left_children":[900,`, "its children are 900"},
		{"cycle", `"left_children":[1,3`, `"left_children":[1,1`, "two nodes have it as a child"},
		{"cover", `"sum_hessian":[`, `"sum_hessian":[1`, "that of its children adds to"},
		{"negative cover", `"sum_hessian":[`, `"sum_hessian":[-`, "sum_hessian is -"},
		{"base score", `"base_score":"[5.35E-1]"`, `"base_score":"[1.5E0]"`, "needs one between 0 and 1"},
		{"base score word", `"base_score":"[5.35E-1]"`, `"base_score":"[x]"`, "is not a number"},
		{"vector leaf", `"size_leaf_vector":"1"`, `"size_leaf_vector":"3"`, "vector leaves are not known"},
		{"twice", `"name":"gbtree"`, `"name":"gbtree","name":"dart"`, `key "name" appears twice`},
		{"null", `"split_conditions":[`, `"split_conditions":[null,`, "null, expected a number"},
		{"infinite", `"split_conditions":[`, `"split_conditions":[1e99,`, "split_conditions"},
		{"no learner", `"learner":`, `"Learner":`, `the key "learner" is missing`},
		{"names", `"f1"`, `"f0"`, `feature_names has "f0" twice`},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := bytes.Replace(good, []byte(c.old), []byte(c.new), 1)
			if bytes.Equal(bad, good) {
				t.Fatalf("%q is not in the file", c.old)
			}
			if _, err := Read(bytes.NewReader(bad)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	for cut := 0; cut < len(good)-1; cut += 97 {
		if _, err := Read(bytes.NewReader(good[:cut])); err == nil {
			t.Fatalf("the first %d bytes were read as a model", cut)
		}
	}
	if _, err := Read(strings.NewReader("not json")); !errors.Is(err, ErrNotXGBoost) {
		t.Errorf("error %v, want ErrNotXGBoost", err)
	}
	if _, err := Read(bytes.NewReader(append(good, "{}"...))); err == nil {
		t.Error("something after the model was ignored")
	}
}

func TestRefusesRowsOfAnotherWidth(t *testing.T) {
	m := open(t, "testdata/logistic.json")
	if _, err := m.Margin(make([]float32, 3)); err == nil {
		t.Error("a row of 3 features was accepted")
	}
}

// stump is the smallest model, so that the fuzzer has little to carry.
const stump = `{"learner":{"feature_names":["a"],"gradient_booster":{"model":{"gbtree_model_param":{"num_trees":"1"},"tree_info":[0],` +
	`"trees":[{"left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_indices":[0,0,0],"split_conditions":[0.5,1,-1],` +
	`"sum_hessian":[2,1,1],"default_left":[0,0,0],"split_type":[0,0,0]}]},"name":"gbtree"},` +
	`"learner_model_param":{"base_score":"5E-1","num_class":"0","num_feature":"1"},"objective":{"name":"binary:logistic"}}}`

func FuzzRead(f *testing.F) {
	f.Add([]byte(stump))
	f.Add([]byte(strings.Replace(stump, `"split_type":[0,0,0]`, `"split_type":[1,0,0],"categories":[2],"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[1]`, 1)))
	f.Add([]byte(strings.Replace(stump, `"name":"gbtree"`, `"name":"dart","weight_drop":[0.5]`, 1)))
	f.Add([]byte(`{"learner":{"gradient_booster":{"model":{"trees":[]}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Read(bytes.NewReader(data))
		if err != nil || m.Width() > 1<<10 || m.Groups > 8 {
			return
		}
		row := make([]float32, m.Width())
		margins, err := m.Margin(row)
		if err != nil || len(margins) != m.Groups {
			t.Fatalf("a model that was read gave %v, %v", margins, err)
		}
		e, err := m.Explain()
		if err != nil {
			return
		}
		phi := make([]float64, m.Groups*m.Width())
		if err := e.Attribute(row, phi); err != nil {
			t.Fatal(err)
		}
		m.addsUp(t, e, phi, margins)
	})
}

// addsUp: whatever the file says, base and attributions add to the margin.
func (m *Model) addsUp(t *testing.T, e *Explainer, phi, margins []float64) {
	scale := 1.0
	for _, tree := range m.trees {
		for _, n := range tree.nodes {
			scale += math.Abs(float64(n.value) * tree.weight)
		}
	}
	for g, margin := range margins {
		sum := e.Base()[g]
		for _, v := range phi[g*m.Width() : (g+1)*m.Width()] {
			sum += v
		}
		if math.Abs(sum-margin) > 1e-9*scale {
			t.Fatalf("output %d: attributions add to %v, the margin is %v", g, sum, margin)
		}
	}
}

func TestReadsTheSmallestModel(t *testing.T) {
	m := must(Read(strings.NewReader(stump)))
	if got := must(m.Margin([]float32{0.4}))[0]; got != 1 {
		t.Errorf("margin %v, want 1", got)
	}
	if got := must(m.Margin([]float32{float32(math.NaN())}))[0]; got != -1 {
		t.Errorf("margin of a missing value %v, want -1", got)
	}
}

func BenchmarkCredit(b *testing.B) {
	path := "../../../testdata/credit/model/model.json"
	m := open(b, path)
	rng := rand.New(rand.NewPCG(1, 1))
	rows := make([][]float32, 1000)
	for i := range rows {
		rows[i] = make([]float32, m.Width())
		for j := range rows[i] {
			rows[i][j] = float32(rng.IntN(50))
		}
	}
	phi := make([]float64, m.Width())
	for b.Loop() {
		m := open(b, path)
		e := must(m.Explain())
		for _, r := range rows {
			if err := e.Attribute(r, phi); err != nil {
				b.Fatal(err)
			}
		}
	}
}
