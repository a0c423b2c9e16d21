// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/modelvet/modelvet"
)

// bigDecision has n times a thousand results, two hundred findings and sixty charts.
func bigDecision(n int) modelvet.Decision {
	c := fixtureCase()
	base := c.Results
	c.Results, c.Waivers, c.Scans = nil, nil, nil
	for i := range 1000 * n {
		r := base[i%len(base)]
		r.ID = fmt.Sprintf("%s_%d", r.ID, i)
		if i%5 != 0 {
			r.Outcome, r.Objections, r.Reason = modelvet.Pass, nil, ""
		} else {
			r.Outcome, r.Objections = modelvet.Fail, base[0].Objections
		}
		c.Results = append(c.Results, r)
	}
	fair := fixtureFairness()[:4]
	for i := range 10 * n {
		s := modelvet.Scan{Scanner: fmt.Sprintf("scanner%d", i), Version: "1", Coverage: modelvet.Coverage{Read: []string{"data.csv"}, Skipped: []modelvet.Gap{}}, Findings: []modelvet.Finding{}}
		for k := range 6 {
			for _, m := range fair {
				m.Metric = fmt.Sprintf("fairness/metric_%d", k)
				s.Measurements = append(s.Measurements, m)
			}
		}
		c.Scans = append(c.Scans, s)
	}
	for i := range c.Controls {
		c.Controls[i].Rules = append([]string{}, c.Controls[i].Rules...)
	}
	return modelvet.Decide(c)
}

// TestBigDecision holds the figures of the benchmark to what they claim.
func TestBigDecision(t *testing.T) {
	d := bigDecision(1)
	v, err := newView(d)
	if err != nil {
		t.Fatal(err)
	}
	charts := 0
	for _, p := range panels(v) {
		charts += len(p.Charts)
	}
	if len(d.Results) != 1000 || len(v.findings()) != 200 || charts != 60 {
		t.Errorf("%d results, %d findings, %d charts", len(d.Results), len(v.findings()), charts)
	}
}

// BenchmarkBig says per size whether time and memory grow with the decision:
// the figures of /4 should be four times those of /1.
func BenchmarkBig(b *testing.B) {
	for _, format := range []string{"pdf", "html"} {
		for _, n := range []int{1, 2, 4} {
			d := bigDecision(n)
			b.Run(fmt.Sprintf("%s/%d", format, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := Render(format, io.Discard, d); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkVerifyBig is `report verify` of the large report.
func BenchmarkVerifyBig(b *testing.B) {
	raw := render(b, "pdf", bigDecision(1))
	b.ReportAllocs()
	for b.Loop() {
		if v, err := VerifyPDF(raw, nil, fixtureNow); err != nil || !v.Holds() {
			b.Fatal(err, v.Problems)
		}
	}
}

// TestWriteBigDecision writes the decision for scripts/bench-reports.sh.
func TestWriteBigDecision(t *testing.T) {
	path := os.Getenv("MODELVET_BIG_DECISION")
	if path == "" {
		path = filepath.Join(t.TempDir(), "decision.json")
	}
	if err := os.WriteFile(path, render(t, "json", bigDecision(1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkPDF(b *testing.B) {
	d := fixture()
	for b.Loop() {
		if err := PDF(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHTML(b *testing.B) {
	d := fixture()
	for b.Loop() {
		if err := HTML(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
}
