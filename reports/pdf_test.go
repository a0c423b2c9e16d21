// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"io"
	"testing"

	"github.com/modelvet/modelvet"
)

// bigDecision has a thousand results, two hundred findings and sixty charts.
func bigDecision() modelvet.Decision {
	c := fixtureCase()
	base := c.Results
	c.Results, c.Waivers = nil, nil
	for i := range 1000 {
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
	for i := range 60 {
		for _, m := range fair {
			m.Metric = fmt.Sprintf("fairness/metric_%d", i)
			c.Scans[1].Measurements = append(c.Scans[1].Measurements, m)
		}
	}
	return modelvet.Decide(c)
}

func BenchmarkBigPDF(b *testing.B) {
	d := bigDecision()
	b.ReportAllocs()
	for b.Loop() {
		if err := PDF(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBigHTML(b *testing.B) {
	d := bigDecision()
	for b.Loop() {
		if err := HTML(io.Discard, d); err != nil {
			b.Fatal(err)
		}
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
