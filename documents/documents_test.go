// SPDX-License-Identifier: Apache-2.0

package documents_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/documents"
)

func measured(values map[string]float64) []modelvet.Scan {
	var s modelvet.Scan
	for k, v := range values {
		metric, rest, sliced := strings.Cut(k, "|")
		m := modelvet.Measurement{Metric: metric, Value: v, N: 100}
		if sliced {
			p := strings.Split(rest, "|")
			m.Slice = map[string]string{"attribute": p[0], "group": p[1]}
			if len(p) > 2 {
				m.Slice["reference"] = p[2]
			}
		}
		s.Measurements = append(s.Measurements, m)
	}
	return []modelvet.Scan{s}
}

func read(t *testing.T, kind, text string) documents.Document {
	t.Helper()
	d, err := documents.Read(kind, "d.md", documents.In(fstest.MapFS{"d.md": {Data: []byte(text)}}))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Each way in which people write a number is compared with what was measured.
func TestNumbersAreComparedWithTheMeasuredOnes(t *testing.T) {
	scans := measured(map[string]float64{"performance/accuracy": 0.7604, "performance/roc_auc": 0.788833, "performance/f1": 0.8383,
		"performance/balanced_accuracy":                          0.6743,
		"fairness/demographic_parity_difference|sex|female|male": 0.0138,
		"fairness/demographic_parity_difference|age|<=25|>25":    -0.0449,
		"performance/accuracy|sex|female":                        0.7452,
		"performance/accuracy|sex|male":                          0.7667})
	for _, c := range []struct{ text, want string }{
		{"accuracy 0.760, AUROC 0.789", "accuracy 0.760 agrees, roc_auc 0.789 agrees"},
		{"Accuracy: 0.76 and F1-score of 0.84", "accuracy 0.76 agrees, f1 0.84 agrees"},
		{"an accuracy of 76 %", "accuracy 76 % agrees"},
		{"an accuracy of 91.3%", "accuracy 91.3% differs"},
		{"accuracy is 0.7615", "accuracy 0.7615 differs"},
		{"accuracy below 0.70 stops it; AUROC at least 0.80; the 95 % interval of accuracy", ""},
		{"| metric | alarm |\n|---|---|\n| accuracy | below 0.70 |", ""},
		{"balanced accuracy 0.674", "balanced_accuracy 0.674 agrees"},
		{"ROC-AUC = 0.95", "roc_auc 0.95 differs"},
		{"Brier score 0.163", "brier 0.163 not-measured"},
		{"10-fold, XGBoost 3.2.0, `v0.5`", ""},
		{"accuracy 0.760 [0.733, 0.785]", "accuracy 0.760 agrees"},
		{"| Metric | Value |\n|---|---|\n| Accuracy | 0.99 |\n| AUC | **0.7888** |", "accuracy 0.99 differs, roc_auc 0.7888 agrees"},
		{"| who | parity difference |\n|---|---|\n| sex: female against male (n = 310) | 0.014 [-0.043, 0.066] |\n| age: <=25 against >25 | -0.045 |", "demographic_parity_difference 0.014 agrees, demographic_parity_difference -0.045 agrees"},
		{"| who | parity difference |\n|---|---|\n| sex: female against male | -0.045 |", "demographic_parity_difference -0.045 differs"},
		{"| group | accuracy |\n|---|---|\n| female | 0.745 |\n| male | 0.745 |", "accuracy 0.745 agrees, accuracy 0.745 differs"},
		{"---\nmodel-index:\n- name: x\n  results:\n  - task: {type: tabular-classification}\n    dataset: {name: german, type: german}\n    metrics:\n    - {type: accuracy, value: 0.76}\n    - {type: f1, value: 83.8}\n    - {type: roc_auc, value: 0.9}\n---\n# X\n", "accuracy 0.76 agrees, f1 83.8 (read as per cent) agrees, roc_auc 0.9 differs"},
	} {
		var got []string
		for _, x := range read(t, "model-card", c.text).Compare(scans) {
			_, name, _ := strings.Cut(x.Metric, "/")
			got = append(got, fmt.Sprintf("%s %s %s", name, x.Text, x.State))
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.text, s, c.want)
		}
	}
}

// The demo's card is complete and says what was measured; a changed digit does not pass.
func TestTheDemosCard(t *testing.T) {
	card, err := os.ReadFile("../testdata/credit/docs/model_card.md")
	if err != nil {
		t.Fatal(err)
	}
	d := read(t, "model-card", string(card))
	if g := d.Gaps(); len(g) > 0 {
		t.Errorf("gaps: %+v", g)
	}
	if len(d.Figures) != 10 {
		t.Errorf("%d figures, want 2 in the text and 8 in the table: %+v", len(d.Figures), d.Figures)
	}
}

func TestAnEmptyTemplateIsIncomplete(t *testing.T) {
	d := read(t, "model-card", "# Model Card for X\n## Model Details\n### Model Description\n<!-- Provide a summary. -->\n[More Information Needed]\n## Uses\n### Direct Use\n[More Information Needed]\n### Out-of-Scope Use\nTODO\n## Bias, Risks, and Limitations\nKnown limits are these.\n")
	got := map[string]string{}
	for _, a := range d.Answers {
		got[a.ID] = a.State
	}
	for id, want := range map[string]string{"details": documents.Todo, "purpose": documents.Todo, "out-of-scope": documents.Todo,
		"training-data": documents.Missing, "fairness": documents.Filled, "limitations": documents.Filled, "licence": documents.Missing} {
		if got[id] != want {
			t.Errorf("%s is %s, want %s", id, got[id], want)
		}
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	for name, c := range map[string]struct{ kind, path, data, want string }{
		"binary":         {"model-card", "d.md", "%PDF\xff\xfe", "no text"},
		"empty":          {"model-card", "d.md", "  \n", "is empty"},
		"open head":      {"model-card", "d.md", "---\nlicense: mit\n# X", "does not end"},
		"bad head":       {"model-card", "d.md", "---\na: [\n---\n", "d.md"},
		"alias bomb":     {"model-card", "d.md", "---\na: &a [1]\nb: *a\n---\n", "aliases"},
		"unknown item":   {"fria", "d.yaml", "document: fria\nsystem: x\nversion: '1'\nauthor: {name: A, role: dpo}\ndate: '2026-11-24'\nitems: {'1.z': {text: x}}\n", "1.z"},
		"wrong document": {"fria", "d.yaml", "document: soa\nsystem: x\nversion: '1'\nauthor: {name: A, role: dpo}\ndate: '2026-11-24'\nitems: {}\n", "document"},
	} {
		_, err := documents.Read(c.kind, c.path, documents.In(fstest.MapFS{c.path: {Data: []byte(c.data)}}))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := documents.Read("fria", "../x", documents.In(fstest.MapFS{})); err == nil {
		t.Error("a path out of the folder was read")
	}
}
