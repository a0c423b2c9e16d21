// SPDX-License-Identifier: Apache-2.0

//go:build interop

package drift_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/drift"
	"github.com/modelvet/modelvet/scanners/internal/peers"
)

// scipy prints what SciPy says of the columns of two files, and NumPy what the
// index is by its definition, over our bins.
const scipy = `
import sys, json
import numpy as np, pandas as pd
from scipy import stats
from scipy.spatial.distance import jensenshannon
a, b = pd.read_csv(sys.argv[1]), pd.read_csv(sys.argv[2])
s, own = {}, {}
def shares(c, n, m):
    p, q = n / n.sum(), m / m.sum()
    s["jensen_shannon_distance|" + c] = jensenshannon(p, q)
    p, q = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
    own["psi|" + c] = float(((q - p) * np.log(q / p)).sum())
    own["total_variation_distance|" + c] = float(np.abs(n / n.sum() - m / m.sum()).sum() / 2)
for c in ("fnlwgt", "education_num", "hours_per_week"):
    k = stats.ks_2samp(a[c], b[c], method="asymp")
    s["ks_statistic|" + c], s["p of ks_statistic|" + c] = k.statistic, k.pvalue
    s["wasserstein_normed|" + c] = stats.wasserstein_distance(a[c], b[c]) / a[c].std(ddof=0)
    edges = np.unique(np.quantile(a[c], np.arange(1, 10) / 10, method="inverted_cdf"))
    shares(c, *(np.bincount(np.searchsorted(edges, x[c], side="left"), minlength=len(edges) + 1) for x in (a, b)))
for c in ("race", "income"):
    v = sorted(set(a[c]) | set(b[c]))
    n, m = (np.array([(x[c] == k).sum() for k in v]) for x in (a, b))
    t = stats.chi2_contingency([n, m], correction=False)
    s["chi_square|" + c], s["p of chi_square|" + c] = t.statistic, t.pvalue
    shares(c, n, m)
print(json.dumps({"SciPy": s, "NumPy": own}))
`

// evidently prints what evidently says of the same columns, by its own tests.
const evidently = `
import sys, json
import pandas as pd
from evidently.legacy.calculations.stattests.registry import get_stattest
from evidently.legacy.core import ColumnType
import evidently.legacy.calculations.stattests
a, b = pd.read_csv(sys.argv[1]), pd.read_csv(sys.argv[2])
out = {}
def ask(metric, test, c, kind):
    t = get_stattest(a[c], b[c], kind, test)
    r = t.func(a[c], b[c], kind, .1)
    out[metric + "|" + c] = float(r[0] if isinstance(r, tuple) else r.drift_score)
for c in ("fnlwgt", "education_num", "hours_per_week"):
    ask("wasserstein_normed", "wasserstein", c, ColumnType.Numerical)
    ask("psi of numbers", "psi", c, ColumnType.Numerical)
    ask("jensen_shannon_distance of numbers", "jensenshannon", c, ColumnType.Numerical)
for c in ("race", "income"):
    ask("psi", "psi", c, ColumnType.Categorical)
    ask("jensen_shannon_distance", "jensenshannon", c, ColumnType.Categorical)
print(json.dumps({"evidently": out}))
`

// parted is the Adult data, men's rows as the reference and women's as production.
func parted(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	part(t, "adult.csv", dir, func(get func(string) string) bool { return get("sex") == "Male" },
		"fnlwgt", "education_num", "hours_per_week", "race", "income")
	return dir
}

func part(t *testing.T, data, dir string, first func(func(string) string) bool, columns ...string) {
	t.Helper()
	f, err := os.Open(peers.Data(t, data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, c := range records[0] {
		at[c] = i
	}
	var a, b strings.Builder
	for _, w := range []*strings.Builder{&a, &b} {
		w.WriteString("id," + strings.Join(columns, ",") + "\n")
	}
	for i, r := range records[1:] {
		row := []string{strconv.Itoa(i)}
		for _, c := range columns {
			row = append(row, r[at[c]])
		}
		to := &b
		if first(func(c string) string { return r[at[c]] }) {
			to = &a
		}
		to.WriteString(strings.Join(row, ",") + "\n")
	}
	for name, w := range map[string]*strings.Builder{"a.csv": &a, "b.csv": &b} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(w.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func compared(t *testing.T, dir string, embedding ...string) map[string]modelvet.Measurement {
	t.Helper()
	s, err := drift.Scanner{}.Scan(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{Tables: []modelvet.Table{
		{Name: "reference", Kind: "reference", Path: "a.csv", ID: "id", Embedding: embedding}, {Name: "production", Kind: "production", Path: "b.csv", ID: "id", Embedding: embedding}}}})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]modelvet.Measurement{}
	for _, m := range s.Measurements {
		out[strings.TrimPrefix(m.Metric, "drift/")+"|"+m.Slice["column"]] = m
	}
	return out
}

func TestInteropDrift(t *testing.T) {
	promises := peers.Read(t, "../../docs/tables.md", "drift")
	dir := parted(t)
	ours := compared(t, dir)
	for venv, program := range map[string]string{"tables-venv": scipy, "tables-drift-venv": evidently} {
		for library, numbers := range peers.Ask(t, venv, program, filepath.Join(dir, "a.csv"), filepath.Join(dir, "b.csv")) {
			for key, v := range numbers {
				what, column, _ := strings.Cut(key, "|")
				metric := strings.TrimSuffix(what, " of numbers")
				if name, ok := strings.CutPrefix(what, "p of "); ok {
					m := ours[name+"|"+column]
					if m.P == nil || *m.P < v-1e-9 || *m.P > 5*v+1e-9 { // Holm over five tests
						t.Errorf("p of %s is %v, that of SciPy %g", key, m.P, v)
					}
					continue
				}
				m, ok := ours[metric+"|"+column]
				if !ok {
					t.Errorf("we have no %s", key)
				}
				t.Logf("%-10s %-52s ours %.9f, theirs %.9f", library, key, m.Value, v)
				promises.Check(t, what, library, library+" "+key, m.Value, v)
			}
		}
	}
	discrepancy(t, promises)
	promises.Kept(t)
}

// numpyMMD is another implementation: the whole kernel matrix, other permutations.
const numpyMMD = `
import sys, json, hashlib
import numpy as np, pandas as pd
from scipy.spatial.distance import cdist, pdist
x, y = (d.iloc[np.argsort([hashlib.md5(str(i).encode()).hexdigest() for i in d.id], kind="stable")].drop(columns="id").to_numpy(float)
    for d in (pd.read_csv(p) for p in sys.argv[1:3]))
x, y = x[:1000], y[:1000]
sigma = np.median(pdist(np.vstack([x[:200], y[:200]])))
z = np.vstack([x, y])
k = np.exp(-cdist(z, z, "sqeuclidean") / (2 * sigma**2))
np.fill_diagonal(k, 0)
m, n = len(x), len(y)
def mmd(at):
    a, b = at[:m], at[m:]
    return k[np.ix_(a, a)].sum() / (m * (m - 1)) + k[np.ix_(b, b)].sum() / (n * (n - 1)) - 2 * k[np.ix_(a, b)].mean()
r = np.random.default_rng(7)
seen = mmd(np.arange(m + n))
p = (1 + sum(mmd(r.permutation(m + n)) >= seen for _ in range(400))) / 401
print(json.dumps({"NumPy": {"mmd": seen, "p": p}}))
`

// discrepancy compares the embedding on the German credit data, of men and of
// women, and of two halves that differ by chance alone.
func discrepancy(t *testing.T, promises peers.Promises) {
	for name, first := range map[string]func(func(string) string) bool{
		"sex": func(get func(string) string) bool { return get("personal_status_sex") != "A92" },
		"chance": func(get func(string) string) bool {
			return len(get("duration_months"))+int(get("credit_amount")[0])%2 == 2
		},
	} {
		dir := t.TempDir()
		columns := []string{"age", "duration_months", "installment_rate"}
		part(t, "german-credit.csv", dir, first, columns...)
		m, ok := compared(t, dir, columns...)["mmd|age"]
		if !ok {
			t.Fatal("no mmd")
		}
		theirs := peers.Ask(t, "tables-venv", numpyMMD, filepath.Join(dir, "a.csv"), filepath.Join(dir, "b.csv"))["NumPy"]
		t.Logf("%s: mmd² %.9f p %.4f, NumPy %.9f p %.4f", name, m.Value, *m.P, theirs["mmd"], theirs["p"])
		promises.Check(t, "mmd", "NumPy", "mmd "+name, m.Value, theirs["mmd"])
		// Two samples of 499 and 400 permutations: five standard errors of their difference.
		if d := math.Abs(*m.P - theirs["p"]); d > 5*math.Sqrt(theirs["p"]*(1-theirs["p"])*(1./499+1./400))+.005 {
			t.Errorf("%s: p %s, NumPy %g", name, fmt.Sprint(*m.P), theirs["p"])
		}
	}
}
