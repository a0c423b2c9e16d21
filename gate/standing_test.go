// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// The head of a decision is what reading all of it would give.
func TestHeadIsThatOfTheWhole(t *testing.T) {
	for _, outcome := range []modelvet.Verdict{modelvet.Allowed, modelvet.Denied, modelvet.Pending} {
		whole := modelvet.Decision{
			Schema: modelvet.DecisionSchema, Outcome: outcome, Reasons: []string{"a", "b"}, Stage: "production", At: now, Expires: now.AddDate(0, 1, 0),
			Subject: modelvet.Subject{Name: "m", Digest: "sha256:1"}, Policy: modelvet.PolicyRef{Digest: "sha256:2", Profiles: []string{"p"}},
			Results: []modelvet.Result{{Outcome: modelvet.Fail}}, Notes: []string{"not read"},
		}
		raw, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		got, err := head(raw)
		if err != nil {
			t.Fatal(err)
		}
		want := whole
		want.Notes = nil
		if outcome == modelvet.Allowed {
			want.Results = nil
		} else if len(got.Results) != 1 || got.Results[0].Outcome != modelvet.Fail {
			t.Errorf("%s: results %v", outcome, got.Results)
		}
		got.Results, want.Results = nil, nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", outcome, got, want)
		}
	}
}

// Nothing that is missing, damaged or written in two ways reads as a yes.
func TestHeadNeverGuesses(t *testing.T) {
	const good = `{"schema":"s","outcome":"allowed","stage":"production","at":"2026-11-24T12:00:00Z","expires":"2026-12-24T12:00:00Z","subject":{"digest":"sha256:1"},"policy":{"digest":"sha256:2"}}`
	if d, err := head([]byte(good)); err != nil || d.Outcome != modelvet.Allowed {
		t.Fatalf("%v %v", d, err)
	}
	for name, bad := range map[string]string{
		"empty": ``, "null": `null`, "a list": `[]`, "cut": good[:50],
		"no outcome":      strings.Replace(good, `"outcome":"allowed",`, ``, 1),
		"null outcome":    strings.Replace(good, `"allowed"`, `null`, 1),
		"list outcome":    strings.Replace(good, `"allowed"`, `["allowed"]`, 1),
		"other case":      strings.Replace(good, `"outcome":"allowed"`, `"Outcome":"allowed"`, 1),
		"both cases":      strings.Replace(good, `"outcome":"allowed"`, `"outcome":"denied","Outcome":"allowed"`, 1),
		"twice":           strings.Replace(good, `"outcome":"allowed"`, `"outcome":"denied","outcome":"allowed"`, 1),
		"end of no form":  strings.Replace(good, `2026-12-24T12:00:00Z`, `soon`, 1),
		"subject a text":  strings.Replace(good, `{"digest":"sha256:1"}`, `"sha256:1"`, 1),
		"denied, results": strings.Replace(good, `"allowed"`, `"denied","results":3`, 1),
	} {
		if d, err := head([]byte(bad)); err == nil && d.Outcome == modelvet.Allowed {
			t.Errorf("%s reads as allowed", name)
		}
	}
}
