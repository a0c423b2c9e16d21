// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// Cold: load, compile and ask every rule once. The bar is 500 ms on 2 cores.
func BenchmarkCold(b *testing.B) {
	in := caseOf(b, good())
	for b.Loop() {
		e, err := New(b.Context())
		if err == nil {
			_, err = e.Evaluate(b.Context(), in)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// Warm: every rule, about a model, by an engine that is there. The bar is 40
// ms on 2 cores, and that a hundredfold of evidence takes no more than a
// hundredfold of time.
func BenchmarkEvaluate(b *testing.B) {
	e := engine(b)
	for _, times := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("evidence=%dx", times), func(b *testing.B) {
			in := caseOf(b, grown(times))
			in.Subject = grownSubject(times)
			for b.Loop() {
				if _, err := e.Evaluate(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEvaluateOneRule(b *testing.B) {
	e, in := engine(b), caseOf(b, good())
	in.Rules = []string{"safety.no_unsafe_calls"}
	for b.Loop() {
		if _, err := e.Evaluate(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}

// grown is good evidence with so many times the groups, columns, files,
// findings and inputs.
func grown(times int) map[string]any {
	all := good()
	system := goodSystem()
	system.Model.Parameters *= int64(times)
	for kind, v := range all {
		s, ok := v.(modelvet.Scan)
		if !ok {
			continue
		}
		own := slices.Clone(s.Measurements)
		for i := 1; i < times; i++ {
			for _, m := range own {
				slice, more := map[string]string{}, false
				for k, v := range m.Slice {
					slice[k] = v
				}
				for _, k := range []string{"group", "reference", "column"} {
					if slice[k] != "" {
						slice[k], more = fmt.Sprintf("%s%d", slice[k], i), true
					}
				}
				if m.Metric == "modelfile/parameters" {
					slice["path"], more = fmt.Sprintf("model/m%d.json", i), true
				}
				if more {
					m.Slice = slice
					s.Measurements = append(s.Measurements, m)
				}
			}
			s.Findings = append(s.Findings, modelvet.Finding{ID: "x/y", Path: fmt.Sprintf("f%d", i), What: "x", Severity: "info"})
			s.Coverage.Read = append(s.Coverage.Read, fmt.Sprintf("model/m%d.json", i))
		}
		all[kind] = s
	}
	l := all["lineage"].(modelvet.Lineage)
	for i := 1; i < times; i++ {
		l.Inputs = append(l.Inputs, modelvet.LineageInput{Kind: "dataset", Name: fmt.Sprintf("d%d", i), Digest: sha("b")})
		system.Tables[0].Features = append(system.Tables[0].Features, fmt.Sprintf("income%d", i))
	}
	all["lineage"], all["system"] = l, system
	resources := []any{}
	for _, f := range grownSubject(times).Files {
		resources = append(resources, map[string]any{"name": f.Path, "algorithm": "sha256", "digest": f.Digest[7:]})
	}
	all["signature"].(map[string]any)["resources"] = resources
	return all
}

func grownSubject(times int) modelvet.Subject {
	s := subject
	s.Files = slices.Clone(s.Files)
	for i := 1; i < times; i++ {
		s.Files = append(s.Files, modelvet.File{Path: fmt.Sprintf("model/m%d.json", i), Digest: sha("a"), Size: 1000, Kind: "weight"})
	}
	return s
}

// A rule that compares everything with everything makes a large model
// impossible to judge: time grows with the evidence, and no faster. The test
// is coarse, since machines are busy; the benchmark has the figures.
func TestTimeGrowsWithTheEvidence(t *testing.T) {
	e := engine(t)
	took := func(times int) time.Duration {
		in := caseOf(t, grown(times))
		in.Subject = grownSubject(times)
		best := time.Hour
		for range 3 {
			start := time.Now()
			got := outcomes(t, e, in)
			best = min(best, time.Since(start))
			for id, r := range got {
				if r.Outcome != fine(id) {
					t.Fatalf("%d times: %s is %s: %v %s", times, id, r.Outcome, r.Objections, r.Reason)
				}
			}
		}
		return best
	}
	few, many := took(20), took(100)
	if many > 15*few {
		t.Errorf("five times the evidence takes %v instead of %v: more than linear", many, few)
	}
}
