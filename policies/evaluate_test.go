// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/schemas"
)

func TestACaseThatCannotBeJudgedIsAnError(t *testing.T) {
	e := engine(t)
	for name, tt := range map[string]struct {
		change func(*Input)
		want   string
	}{
		"no time":                {func(in *Input) { in.At = time.Time{} }, "no time"},
		"no stage":               {func(in *Input) { in.Stage = "" }, "no stage"},
		"no subject":             {func(in *Input) { in.Subject = modelvet.Subject{} }, "cannot be judged"},
		"no files":               {func(in *Input) { in.Subject.Files = nil }, "cannot be judged"},
		"no digest":              {func(in *Input) { in.Subject.Digest = "" }, "cannot be judged"},
		"a digest cut short":     {func(in *Input) { in.Subject.Digest = "sha256:12" }, "cannot be judged"},
		"a rule that is not":     {func(in *Input) { in.Rules = []string{"safety.nothing"} }, "does not exist"},
		"an empty rule":          {func(in *Input) { in.Rules = []string{""} }, "does not exist"},
		"a level of none":        {func(in *Input) { in.Levels = map[string]modelvet.Level{"a.b": modelvet.Warn} }, "no such rule"},
		"a level that is none":   {func(in *Input) { in.Levels = map[string]modelvet.Level{"safety.safe_format": "off"} }, "want block or warn"},
		"a waiver for none":      {func(in *Input) { in.Waivable = []string{"a.b"} }, "no such rule"},
		"a waiver for a pickle":  {func(in *Input) { in.Waivable = []string{"safety.no_unsafe_calls"} }, "may never be waived"},
		"an unknown threshold":   {func(in *Input) { in.Thresholds = map[string]any{"fairness.x": 1} }, "no rule knows it"},
		"a threshold in words":   {func(in *Input) { in.Thresholds = map[string]any{"fairness.group_size_min": "30"} }, "is no number"},
		"a threshold of nothing": {func(in *Input) { in.Thresholds = map[string]any{"fairness.group_size_min": nil} }, "is no number"},
		"a threshold of NaN":     {func(in *Input) { in.Thresholds = map[string]any{"performance.roc_auc_min": math.NaN()} }, "is no number"},
		"a threshold too low":    {func(in *Input) { in.Thresholds = map[string]any{"performance.roc_auc_min": -0.1} }, "outside"},
		"a threshold too high":   {func(in *Input) { in.Thresholds = map[string]any{"fairness.demographic_parity_difference_max": 2} }, "outside"},
	} {
		t.Run(name, func(t *testing.T) {
			in := caseOf(t, good())
			tt.change(&in)
			if got, err := e.Evaluate(t.Context(), in); err == nil || got != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %d results and %v, want %q", len(got), err, tt.want)
			}
		})
	}
}

// A threshold that the policy does not give makes the rules that read it
// unknown, and no other.
func TestAMissingThresholdIsUnknown(t *testing.T) {
	e := engine(t)
	for name := range thresholds {
		in := caseOf(t, good())
		in.Thresholds = maps.Clone(thresholds)
		delete(in.Thresholds, name)
		got := outcomes(t, e, in)
		readers := 0
		for _, r := range e.rules {
			reads := slices.Contains(r.thresholds, name)
			if reads {
				readers++
			}
			if slices.Contains(others, r.ID) {
				if got[r.ID].Outcome != modelvet.NotApplicable {
					t.Errorf("without %s: %s is %s, though it does not bind", name, r.ID, got[r.ID].Outcome)
				}
				continue
			}
			if unknown := got[r.ID].Outcome == modelvet.Unknown; unknown != reads {
				t.Errorf("without %s: %s is %s", name, r.ID, got[r.ID].Outcome)
			}
			if reads && !strings.Contains(got[r.ID].Reason, name) {
				t.Errorf("%s does not say what is missing: %s", r.ID, got[r.ID].Reason)
			}
		}
		if readers == 0 {
			t.Errorf("no rule reads %s; take it out of %s", name, thresholdsFile)
		}
	}
	if len(thresholds) != len(e.Thresholds()) {
		t.Error("the fixture does not give every threshold")
	}
}

// Two statements of one kind that contradict each other are none, in
// whichever order they come; two that agree are one.
func TestContradictingEvidenceIsUnknown(t *testing.T) {
	e := engine(t)
	for kind := range good() {
		if isGiven(kind) {
			continue // the judge's own: there is one
		}
		for _, rule := range needing1(e, kind) {
			in := caseOf(t, good())
			in.Rules = []string{rule}
			again := in.Evidence[slices.IndexFunc(in.Evidence, func(ev modelvet.Evidence) bool { k, _ := parse(ev); return k == kind })]
			again.Digest = sha("7")
			in.Evidence = append(in.Evidence, again)
			if got := outcomes(t, e, in)[rule]; got.Outcome != fine(rule) || !slices.Contains(got.Evidence, again.Digest) {
				t.Errorf("%s twice the same: %s is %s %s", kind, rule, got.Outcome, got.Reason)
			}
			var other map[string]any
			if err := json.Unmarshal(again.Predicate, &other); err != nil {
				t.Fatal(err)
			}
			if details, is := other["runDetails"].(map[string]any); is && kind == "provenance" { // the same, built once more
				before := details["metadata"]
				details["metadata"] = map[string]any{"invocationId": "https://ci.example/runs/8", "finishedOn": "2026-11-24T13:00:00Z"}
				in.Evidence[len(in.Evidence)-1].Predicate, _ = json.Marshal(other)
				if got := outcomes(t, e, in)[rule]; got.Outcome != fine(rule) {
					t.Errorf("built twice: %s is %s %s", rule, got.Outcome, got.Reason)
				}
				details["metadata"] = before
			}
			switch kind {
			case "signature":
				other["serialization"] = map[string]any{"method": "shards"}
			case "provenance":
				other["runDetails"] = map[string]any{"builder": map[string]any{"id": "https://ci.example/another"}}
			case "lineage":
				other["uri"] = "https://example.com/other"
			case "bom":
				other["components"] = []any{component("another", sha("e"))}
			default:
				other["version"] = "other"
			}
			in.Evidence[len(in.Evidence)-1].Predicate, _ = json.Marshal(other)
			for range 2 {
				if got := outcomes(t, e, in)[rule]; got.Outcome != modelvet.Unknown || !strings.Contains(got.Reason, "ambiguous") {
					t.Errorf("%s twice, and different: %s is %s %s", kind, rule, got.Outcome, got.Reason)
				}
				slices.Reverse(in.Evidence)
			}
		}
	}
}

// Evidence that nobody vouches for can neither help nor harm.
func TestUnverifiedEvidenceIsNotSeen(t *testing.T) {
	e := engine(t)
	in := caseOf(t, good())
	bad := in.Evidence[0]
	bad.Digest, bad.Status, bad.Predicate = sha("7"), modelvet.Unverified, []byte(`{"scanner":"fairness"}`)
	in.Evidence = append(in.Evidence, bad)
	for id, r := range outcomes(t, e, in) {
		if r.Outcome != fine(id) {
			t.Errorf("%s: %s %s", id, r.Outcome, r.Reason)
		}
	}
}

// Evidence about another artifact, however good, is none.
func TestEvidenceOfAnotherArtifactIsUnknown(t *testing.T) {
	e := engine(t)
	in := caseOf(t, good())
	for i := range in.Evidence {
		in.Evidence[i].Subject.Digest = sha("8")
	}
	for id, r := range outcomes(t, e, in) {
		if r.Outcome == modelvet.Pass && slices.ContainsFunc(r.Needs, func(n string) bool { return n != "signature" && !isGiven(n) }) {
			t.Errorf("%s passes", id)
		}
	}
}

func TestThePolicySetsLevelAndWaivers(t *testing.T) {
	in := caseOf(t, good())
	in.Levels = map[string]modelvet.Level{"performance.roc_auc": modelvet.Warn}
	in.Waivable = []string{"performance.roc_auc"}
	got := outcomes(t, engine(t), in)
	if r := got["performance.roc_auc"]; r.Level != modelvet.Warn || !r.Waivable {
		t.Errorf("%+v", r.Rule)
	}
	if r := got["performance.declared_is_measured"]; r.Level != modelvet.Block || r.Waivable {
		t.Errorf("%+v", r.Rule)
	}
}

func TestAgeIsLimitedByKind(t *testing.T) {
	e := engine(t)
	in := caseOf(t, good())
	in.MaxAge = map[string]time.Duration{"scan": time.Minute, "scan/fairness": 2 * time.Hour, "": 2 * time.Hour}
	for id, r := range outcomes(t, e, in) {
		old := slices.ContainsFunc(r.Needs, func(n string) bool { return strings.HasPrefix(n, "scan/") && n != "scan/fairness" })
		if old != (r.Outcome == modelvet.Unknown) || old && !strings.Contains(r.Reason, "stale") {
			t.Errorf("%s: %s %s", id, r.Outcome, r.Reason)
		}
	}
}

// The same case gives the same bytes, in whichever order its evidence comes,
// and from many goroutines at once.
func TestAnswersAreDeterministic(t *testing.T) {
	e := engine(t)
	in := caseOf(t, good())
	worse("fairness", "fairness/demographic_parity_difference", -0.4).predicate(good())
	want, err := e.Evaluate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		shuffled := in
		shuffled.Evidence = slices.Clone(in.Evidence)
		if i%2 == 1 {
			slices.Reverse(shuffled.Evidence)
		}
		wg.Go(func() {
			if got, err := e.Evaluate(t.Context(), shuffled); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("another answer (%v)", err)
			}
		})
	}
	wg.Wait()
	if !slices.IsSortedFunc(want, func(a, b modelvet.Result) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("results are not sorted by rule")
	}
	if engine(t).Digest() != e.Digest() || !strings.HasPrefix(e.Digest(), "sha256:") {
		t.Error("the digest of the same rules differs")
	}
}

// A scan that looked at nothing is no clean scan; neither is lineage without inputs.
func TestEmptyEvidenceIsUnknown(t *testing.T) {
	e := engine(t)
	for kind, empty := range map[string]any{
		"scan/modelfile": scanOf("modelfile", []string{}, nil),
		"scan/poisoning": scanOf("poisoning", []string{}, nil),
		"lineage":        modelvet.Lineage{Source: "git", Inputs: []modelvet.LineageInput{}},
		"signature":      map[string]any{"resources": []any{}, "serialization": map[string]any{"method": "files"}},
	} {
		all := good()
		all[kind] = empty
		in := caseOf(t, all)
		in.Rules = needing1(e, kind)
		for id, r := range outcomes(t, e, in) {
			if r.Outcome != modelvet.Unknown {
				t.Errorf("empty %s: %s is %s", kind, id, r.Outcome)
			}
		}
	}
}

// Whatever a trusted signer signs becomes a value that fits the schema, or a
// gap that says why not.
func FuzzGather(f *testing.F) {
	kinds := []string{"system", "lineage", "signature", "provenance", "scan/fairness", "bom"}
	for i, kind := range kinds {
		b, err := json.Marshal(good()[kind])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), b)
	}
	f.Add(uint8(4), []byte(`{"scanner":"fairness","version":"1","coverage":{"read":["a"],"skipped":[]},"findings":[],"measurements":[{"metric":"a/b","value":1e308,"n":1e99}]}`))
	f.Add(uint8(0), []byte(`{"name":1e999999999}`))
	f.Add(uint8(1), []byte(strings.Repeat("[", 10000)))
	f.Fuzz(func(t *testing.T, which uint8, predicate []byte) {
		kind := kinds[int(which)%len(kinds)]
		in := caseOf(t, nil)
		in.Evidence = []modelvet.Evidence{{Digest: sha("9"), Subject: modelvet.Subject{Digest: subject.Digest}, PredicateType: predicateType(kind),
			Predicate: predicate, Signer: modelvet.Signer{KeyID: "k"}, SignedAt: now, Status: modelvet.Verified}}
		got := gather(in, map[string]bool{kind: true})
		fact, found := got.kinds[kind]
		switch {
		case !found: // a scan that does not say whose it is
		case fact.gap != "" && fact.value != nil:
			t.Errorf("a gap (%s) and a value", fact.gap)
		case fact.gap == "" && !json.Valid(predicate):
			t.Errorf("%q is evidence", predicate)
		}
		doc, err := got.document(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := schemas.ValidateValue("input", doc); err != nil {
			t.Errorf("what rules would see: %v", err)
		}
	})
}

// Numbers at the edge of arithmetic reach the rules, and do no harm there.
func TestHugeNumbers(t *testing.T) {
	e := engine(t)
	for _, v := range []float64{1e308, -1e308, 5e-324} {
		all := good()
		for kind := range all {
			if s, ok := all[kind].(modelvet.Scan); ok {
				s.Measurements = slices.Clone(s.Measurements)
				for i := range s.Measurements {
					s.Measurements[i].Value, s.Measurements[i].Low, s.Measurements[i].High = v, ptr(v), ptr(v)
				}
				all[kind] = s
			}
		}
		got := outcomes(t, e, caseOf(t, all))
		if math.Abs(v) > 1 && (got["fairness.demographic_parity_difference"].Outcome != modelvet.Fail) {
			t.Errorf("%g passes", v)
		}
	}
}
