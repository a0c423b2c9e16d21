// SPDX-License-Identifier: Apache-2.0

package fairness_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/fairness"
)

// BenchmarkScan measures a table of MODELVET_BENCH_TABLE (columns y, p, s, sex,
// age, race), or one of 1,000 rows that it makes.
func BenchmarkScan(b *testing.B) {
	path := os.Getenv("MODELVET_BENCH_TABLE")
	if path == "" {
		path = filepath.Join(b.TempDir(), "p.csv")
		var s strings.Builder
		s.WriteString("y,p,s,sex,age,race\n")
		for i := range 1000 {
			fmt.Fprintf(&s, "%d,%d,0.%d,%s,%s,r%d\n", i%2, i/3%2, i%100, []string{"f", "m"}[i%2], []string{"old", "young"}[i/7%2], i/5%4)
		}
		if err := os.WriteFile(path, []byte(s.String()), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	m := modelvet.Model{Dir: filepath.Dir(path), System: modelvet.System{Tables: []modelvet.Table{{Name: "predictions", Kind: "predictions",
		Path: filepath.Base(path), Label: "y", Prediction: "p", Score: "s", Protected: []string{"sex", "age", "race"}}}}}
	for b.Loop() {
		s, err := fairness.Scanner{}.Scan(b.Context(), m)
		if err != nil || len(s.Measurements) < 100 {
			b.Fatal(len(s.Measurements), err)
		}
	}
}
