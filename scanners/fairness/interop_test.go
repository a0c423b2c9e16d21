// SPDX-License-Identifier: Apache-2.0

//go:build interop

package fairness_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/internal/peers"
)

// decisions makes a table of decisions from the real data: a rule of thumb
// decides.
func decisions(t *testing.T, dir, name string, make func(get func(string) string) []string) {
	t.Helper()
	f, err := os.Open(peers.Data(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("y,p,s,w,a,b\n")
	for _, r := range records[1:] {
		b.WriteString(strings.Join(make(func(column string) string {
			for i, c := range records[0] {
				if c == column {
					return r[i]
				}
			}
			t.Fatalf("no column %s", column)
			return ""
		}), ",") + "\n")
	}
	if err := os.WriteFile(filepath.Join(dir, "p.csv"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func german(get func(string) string) []string {
	age, _ := strconv.Atoi(get("age"))
	months, _ := strconv.Atoi(get("duration_months"))
	old, sex := "young", "male"
	if age > 25 {
		old = "old"
	}
	if c := get("personal_status_sex"); c == "A92" || c == "A95" {
		sex = "female"
	}
	return []string{bit(get("credit_risk") == "1"), bit(months < 24), fmt.Sprintf("%.4f", 1/(1+float64(months)/24)), strconv.Itoa(1 + age%4), old, sex}
}

func adult(get func(string) string) []string {
	years, _ := strconv.Atoi(get("education_num"))
	hours, _ := strconv.Atoi(get("hours_per_week"))
	return []string{bit(get("income") == ">50K"), bit(years >= 13 || hours > 50), fmt.Sprintf("%.4f", float64(years)/17), get("fnlwgt"), get("race"), get("sex")}
}

func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// libraries prints what fairlearn, AIF360 and Aequitas say, as
// metric|attribute|group|reference. Aequitas knows no weights.
const libraries = `
import sys, json, logging
import numpy as np, pandas as pd
from fairlearn.metrics import *
from sklearn.metrics import accuracy_score, precision_score
from aif360.datasets import BinaryLabelDataset
from aif360.metrics import ClassificationMetric
from aequitas.group import Group
from aequitas.bias import Bias
logging.disable(logging.CRITICAL)
d = pd.read_csv(sys.argv[1], dtype={"a": str, "b": str})
w = d.w if sys.argv[2] == "weighted" else None
kw = {} if w is None else {"sample_weight": w}
f, a, q = {}, {}, {}
for name, cols in {"a": ["a"], "b": ["b"], "a×b": ["a", "b"]}.items():
    g = d[cols].agg("×".join, axis=1)
    k = dict(sensitive_features=g, **kw)
    f[f"demographic_parity_difference|{name}||"] = demographic_parity_difference(d.y, d.p, **k)
    f[f"demographic_parity_ratio|{name}||"] = demographic_parity_ratio(d.y, d.p, **k)
    f[f"equalized_odds_difference|{name}||"] = equalized_odds_difference(d.y, d.p, **k)
    f[f"equalized_odds_ratio|{name}||"] = equalized_odds_ratio(d.y, d.p, **k)
    f[f"equal_opportunity_difference|{name}||"] = equal_opportunity_difference(d.y, d.p, **k)
    f[f"equal_opportunity_ratio|{name}||"] = equal_opportunity_ratio(d.y, d.p, **k)
    for metric, m in dict(selection_rate=selection_rate, true_positive_rate=true_positive_rate, false_positive_rate=false_positive_rate,
            true_negative_rate=true_negative_rate, false_negative_rate=false_negative_rate, accuracy=accuracy_score,
            positive_predictive_value=precision_score).items():
        for group in sorted(set(g)):
            at = g == group
            f[f"{metric}|{name}|{group}|"] = m(d.y[at], d.p[at], **({} if w is None else {"sample_weight": w[at]}))
    names = g.value_counts().sort_index().sort_values(ascending=False, kind="stable").index
    codes = g.map({n: float(i) for i, n in enumerate(names)})
    frame = pd.DataFrame({"y": d.y, "g": codes, "w": 1.0 if w is None else w})
    make = lambda x: BinaryLabelDataset(df=x, label_names=["y"], protected_attribute_names=["g"], instance_weights_name="w", favorable_label=1, unfavorable_label=0)
    truth, guess = make(frame), make(frame.assign(y=d.p))
    for i, n in enumerate(names[1:], 1):
        m = ClassificationMetric(truth, guess, unprivileged_groups=[{"g": float(i)}], privileged_groups=[{"g": 0.0}])
        for metric, v in dict(demographic_parity_difference=m.statistical_parity_difference, demographic_parity_ratio=m.disparate_impact,
                equal_opportunity_difference=m.equal_opportunity_difference, average_odds_difference=m.average_odds_difference,
                equalized_odds_difference=m.equalized_odds_difference, false_positive_rate_difference=m.false_positive_rate_difference,
                false_positive_rate_ratio=m.false_positive_rate_ratio, false_negative_rate_difference=m.false_negative_rate_difference,
                false_negative_rate_ratio=m.false_negative_rate_ratio, accuracy_difference=lambda: m.accuracy(False) - m.accuracy(True),
                predictive_parity_difference=lambda: m.positive_predictive_value(False) - m.positive_predictive_value(True)).items():
            a[f"{metric}|{name}|{n}|{names[0]}"] = v()
    if w is None:
        a["theil_index|||"] = m.theil_index()
        a["generalized_entropy_index|||"] = m.generalized_entropy_index()
        x = pd.DataFrame({"score": d.p, "label_value": d.y, "g": g})
        tabs, _ = Group().get_crosstabs(x, attr_cols=["g"])
        tabs = Bias().get_disparity_predefined_groups(tabs, original_df=x, ref_groups_dict={"g": names[0]}, alpha=.05)
        for _, r in tabs.iterrows():
            n = r.attribute_value
            for metric, c in dict(selection_rate="pprev", base_rate="prev", true_positive_rate="tpr", true_negative_rate="tnr", false_positive_rate="fpr",
                    false_negative_rate="fnr", positive_predictive_value="precision", negative_predictive_value="npv", accuracy="accuracy").items():
                q[f"{metric}|{name}|{n}|"] = r[c]
            if n != names[0]:
                for metric, c in dict(demographic_parity_ratio="pprev_disparity", equal_opportunity_ratio="tpr_disparity", false_positive_rate_ratio="fpr_disparity",
                        false_negative_rate_ratio="fnr_disparity", predictive_parity_ratio="precision_disparity").items():
                    q[f"{metric}|{name}|{n}|{names[0]}"] = r[c]
out = {"fairlearn": f, "AIF360": a}
if q:
    out["Aequitas"] = q
print(json.dumps({l: {k: float(v) for k, v in x.items() if np.isfinite(v)} for l, x in out.items()}))
`

func TestInteropFairnessLibraries(t *testing.T) {
	promises := peers.Read(t, "../../docs/tables.md", "fairness")
	for name, f := range map[string]func(func(string) string) []string{"german-credit.csv": german, "adult.csv": adult} {
		dir := t.TempDir()
		decisions(t, dir, name, f)
		for _, weighted := range []string{"plain", "weighted"} {
			t.Run(name+" "+weighted, func(t *testing.T) { againstPeers(t, promises, dir, weighted) })
		}
	}
	promises.Kept(t)
}

func againstPeers(t *testing.T, promises peers.Promises, dir, weighted string) {
	tab := modelvet.Table{Path: "p.csv", Label: "y", Prediction: "p", Score: "s", Protected: []string{"a", "b"}}
	if weighted == "weighted" {
		tab.Weight = "w"
	}
	s, err := scanTable(t, dir, tab, "binary-classification")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for library, numbers := range peers.Ask(t, "tables-venv", libraries, filepath.Join(dir, "p.csv"), weighted) {
		for key, v := range numbers {
			at := strings.Split(key, "|")
			var slice []string
			for i, k := range []string{"attribute", "group", "reference"} {
				if at[i+1] != "" {
					slice = append(slice, k, at[i+1])
				}
			}
			promises.Check(t, at[0], library, library+" "+key, find(t, s, at[0], slice...).Value, v)
			checked++
		}
	}
	t.Logf("%d numbers compared", checked)
}

// publishedGerman prints what AIF360 and Aequitas say of the labels of the German
// credit data, age over 25 against the rest.
const publishedGerman = `
import sys, json, logging
import pandas as pd
from aif360.datasets import BinaryLabelDataset
from aif360.metrics import BinaryLabelDatasetMetric
from aequitas.group import Group
from aequitas.bias import Bias
logging.disable(logging.CRITICAL)
d = pd.read_csv(sys.argv[1])
x = pd.DataFrame({"y": (d.credit_risk == 1).astype(float), "old": (d.age > 25).astype(float)})
m = BinaryLabelDatasetMetric(BinaryLabelDataset(df=x, label_names=["y"], protected_attribute_names=["old"]),
    unprivileged_groups=[{"old": 0.0}], privileged_groups=[{"old": 1.0}])
q = pd.DataFrame({"score": x.y.astype(int), "label_value": x.y.astype(int), "old": x.old.map({0.0: "no", 1.0: "yes"})})
tabs, _ = Group().get_crosstabs(q, attr_cols=["old"])
tabs = Bias().get_disparity_predefined_groups(tabs, original_df=q, ref_groups_dict={"old": "yes"}, alpha=.05).set_index("attribute_value")
print(json.dumps({"AIF360": {"demographic_parity_difference": m.statistical_parity_difference(), "demographic_parity_ratio": m.disparate_impact()},
    "Aequitas": {"demographic_parity_ratio": float(tabs.pprev_disparity["no"])}}))
`

// The published figures of the German credit data: ours, AIF360's and Aequitas'.
func TestInteropPublishedFiguresOfGermanCredit(t *testing.T) {
	s, err := scanTable(t, "testdata", modelvet.Table{Path: "german.csv", Prediction: "credit_risk", Protected: []string{"age_over_25"}}, "binary-classification")
	if err != nil {
		t.Fatal(err)
	}
	published := map[string]float64{"demographic_parity_difference": -0.149448, "demographic_parity_ratio": 0.794826}
	for library, numbers := range peers.Ask(t, "tables-venv", publishedGerman, peers.Data(t, "german-credit.csv")) {
		for metric, v := range numbers {
			ours := find(t, s, metric, "attribute", "age_over_25", "group", "<=25", "reference", ">25").Value
			near(t, library+" "+metric, ours, v, 1e-9)
			near(t, metric+" as published", ours, published[metric], 5e-7)
			t.Logf("%s: ours %.6f, %s %.6f", metric, ours, library, v)
		}
	}
}
