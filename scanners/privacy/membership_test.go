// SPDX-License-Identifier: Apache-2.0

package privacy_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/privacy"
)

func members(t *testing.T, content string) (modelvet.Scan, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "m.csv"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return privacy.Scanner{}.Scan(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{Tables: []modelvet.Table{
		{Name: "members", Kind: "members", Path: "m.csv", Member: "member", Loss: "loss"}}}})
}

// losses of 3,000 members and others; shift is how much lower those of members are.
func losses(shift float64) string {
	r := rand.New(rand.NewPCG(1, 1))
	var b strings.Builder
	b.WriteString("member,loss\n")
	for i := range 6000 {
		fmt.Fprintf(&b, "%d,%.5f\n", i%2, math.Exp(r.NormFloat64()-shift*float64(i%2)))
	}
	return b.String()
}

func exposure(t *testing.T, content string) map[string]modelvet.Measurement {
	t.Helper()
	s, err := members(t, content)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]modelvet.Measurement{}
	for _, m := range s.Measurements {
		out[strings.TrimPrefix(m.Metric, "privacy/membership_")] = m
		if *m.Low > m.Value || *m.High < m.Value {
			t.Errorf("%+v", m)
		}
	}
	return out
}

func TestMembershipExposure(t *testing.T) {
	none, some := exposure(t, losses(0)), exposure(t, losses(1))
	if m := none["auc"]; *m.Low > .5 || *m.High < .5 {
		t.Errorf("no exposure: %+v", m)
	}
	// two normal distributions one standard deviation apart: AUC = Phi(1/sqrt 2)
	if m := some["auc"]; math.Abs(m.Value-.7602) > .015 || *m.Low > .7602 || *m.High < .7602 {
		t.Errorf("exposure: %+v", m)
	}
	if m := some["advantage"]; math.Abs(m.Value-.3829) > .03 {
		t.Errorf("advantage: %+v", m)
	}
	if m := some["tpr_at_fpr_001"]; math.Abs(m.Value-.0924) > .03 { // Phi(1 - 2.326)
		t.Errorf("tpr: %+v", m)
	}
	if len(some) != 4 {
		t.Errorf("%d metrics", len(some))
	}
	perfect := exposure(t, "member,loss\n"+strings.Repeat("1,0.1\n0,0.9\n", 200))
	if m := perfect["auc"]; m.Value != 1 {
		t.Errorf("%+v", m)
	}
	if _, ok := perfect["tpr_at_fpr_0001"]; ok {
		t.Error("200 others say something about 0.1 %")
	}
}

func TestBadMembersAreErrors(t *testing.T) {
	for content, want := range map[string]string{
		"member,loss\n1,0.5\n0,nan\n": `"loss"`, "member,loss\n1,0.5\n0,\n": `"loss"`, "member,loss\n1,0.5\nyes,0.1\n": "expected 1 for members",
		"member,loss\n1,0.5\n1,0.1\n": "both are needed",
	} {
		if _, err := members(t, content); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "m.csv") {
			t.Errorf("%q: %v", content, err)
		}
	}
}
