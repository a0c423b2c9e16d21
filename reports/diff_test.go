// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

func diffText(t *testing.T, a, b modelvet.Decision) string {
	t.Helper()
	var out bytes.Buffer
	if err := Diff(&out, a, b); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestDiff(t *testing.T) {
	b := allowedFixture()
	b.Scans[1].Measurements[0].Value += 5
	text := diffText(t, fixture(), b)
	for _, want := range []string{"BLOCKED -> ALLOW", "safety.no_unsafe_pickle: NOT MET -> MET", "EU AI Act Article 10(2)(f): NOT SUPPORTED -> SUPPORTED BY EVIDENCE", "Objections that are gone", "model/preprocess.pkl calls posix.system", "Numbers that moved"} {
		if !strings.Contains(flat(text), want) {
			t.Errorf("the comparison lacks %q:\n%s", want, text)
		}
	}
	same := diffText(t, fixture(), fixture())
	if strings.Contains(same, "Objections") || !strings.Contains(same, "Rules: no change in 12") {
		t.Errorf("a decision differs from itself:\n%s", same)
	}
	edited := fixture()
	edited.Outcome = modelvet.Allowed
	if err := Diff(&bytes.Buffer{}, fixture(), edited); err == nil {
		t.Error("an edited decision was compared")
	}
	for seed := range uint64(10) {
		diffText(t, randomDecision(seed), randomDecision(seed+1))
	}
}
