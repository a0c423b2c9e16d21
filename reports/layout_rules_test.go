// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// TestTheSummaryIsOnePage, whatever the decision holds and in every language;
// what it cuts, the findings say in full.
func TestTheSummaryIsOnePage(t *testing.T) {
	decisions := []modelvet.Decision{fixture(), allowedFixture(), {}, bigDecision(1)}
	for seed := range uint64(15) {
		decisions = append(decisions, randomDecision(seed))
	}
	long := fixture()
	for i := range 30 {
		long.Notes = append(long.Notes, fmt.Sprintf("note %d %s", i, strings.Repeat("that is long ", 60)))
		long.Reasons = append(long.Reasons, fmt.Sprintf("approvals: reason %d %s", i, strings.Repeat("that is long ", 60)))
	}
	decisions = append(decisions, long)
	for i, d := range decisions {
		for _, language := range Languages() {
			v, err := newViewIn(d, newSpeech(language))
			if err != nil {
				t.Fatal(err)
			}
			l, err := newLayout()
			if err != nil {
				t.Fatal(err)
			}
			b := &book{layout: l, view: v, record: digest("record")}
			b.bind()
			at := map[string]int{}
			for _, h := range b.heads {
				if h.level == 1 {
					at[h.text] = h.page
				}
			}
			if summary, findings := at[b.t("Executive summary")], at[b.t("Findings")]; findings != summary+1 {
				t.Errorf("decision %d in %s: the summary is on page %d, the findings on page %d", i, language, summary+1, findings+1)
			}
		}
	}
	text := flat(pdfText(t, long))
	for i := range 30 {
		for _, want := range []string{fmt.Sprintf("note %d that", i), fmt.Sprintf("reason %d that", i)} {
			if !strings.Contains(text, want) {
				t.Errorf("%q was cut from the summary and is nowhere else", want)
			}
		}
	}
}

// TestNoMeasurementIsLost: pivoting and merging lose no number.
func TestNoMeasurementIsLost(t *testing.T) {
	var list []modelvet.Measurement
	for i := range 6 {
		for _, sex := range []string{"female", "male"} {
			for k := range 7 {
				m := modelvet.Measurement{Metric: fmt.Sprintf("fairness/metric_%d", i), Value: float64(i*1000 + k*10 + len(sex)), N: 100 + k, Method: fmt.Sprintf("method%d", i%2), Slice: map[string]string{"attribute": sex, "feature": fmt.Sprintf("column%d", k)}}
				if k%2 == 0 {
					m.Low, m.High, m.P = ptr(m.Value-0.5), ptr(m.Value+0.25), ptr(0.01*float64(k+1))
				}
				list = append(list, m)
			}
		}
	}
	for k := range 40 { // rows that say the same
		list = append(list, modelvet.Measurement{Metric: "quality/missing_share", Value: 0, Low: ptr(0.0), High: ptr(0.004), N: 1000, Method: "wilson", Slice: map[string]string{"table": []string{"training", "predictions"}[k%2], "column": fmt.Sprintf("c%02d", k)}})
	}
	list = append(list, modelvet.Measurement{Metric: "performance/f1", Value: 0.645, N: 740, Method: "wilson"}, modelvet.Measurement{Metric: "performance/recall", Value: 0.503, N: 700, Method: "wilson"})
	d := fixture()
	d.Scans = []modelvet.Scan{{Scanner: "own", Measurements: list}}
	v, err := newView(d)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for _, table := range v.tablesOf(list) {
		for _, row := range table.Rows {
			var text []string
			for i, c := range row {
				text = append(text, table.Head[i], c.Strong, c.Text)
			}
			rows[table.About+" "+strings.Join(text, " ")]++
		}
	}
	for _, m := range list {
		found := false
		for row := range rows {
			whole := strings.ReplaceAll(row, "\u00a0", " ")
			found = found || strings.Contains(whole, number(m.Value)) && strings.Contains(whole, interval(m)) && strings.Contains(whole, fmt.Sprint(m.N)) && strings.Contains(whole, pvalue(m.P)) &&
				strings.Contains(whole, m.Method) && strings.Contains(whole, m.Slice["feature"]) && strings.Contains(whole, m.Slice["column"]) && strings.Contains(whole, m.Slice["table"])
		}
		if !found {
			t.Errorf("%s %v = %s (n %d) is in no row", m.Metric, m.Slice, number(m.Value), m.N)
		}
	}
	if n := len(rows); n > 40 {
		t.Errorf("%d rows for %d measurements: they were not put together", n, len(list))
	}
}

// TestThresholdsAreDrawn: the limit of the policy is a line with its value in
// the charts of what it bounds, and no verdict is given where there is none.
func TestThresholdsAreDrawn(t *testing.T) {
	v, err := newView(fixture())
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{"Demographic parity difference": "limit ± 0.100", "Demographic parity ratio": "four-fifths line 0.8", "Neighbour disagreement": "limit ≤ 300 (poisoning.neighbour_disagreement_max)", "Selection rate": ""}
	for _, p := range panels(v) {
		for _, c := range p.Charts {
			want, ok := labels[c.Title]
			if !ok {
				continue
			}
			delete(labels, c.Title)
			got, dashed := "", 0
			for _, m := range c.Marks {
				if m.Kind == "text" && m.Bold && (strings.HasPrefix(m.Text, "limit") || strings.HasPrefix(m.Text, "four")) {
					got = m.Text
				}
				if m.Kind == "line" && m.Dashed {
					dashed++
				}
			}
			if got != want || (dashed > 0) != (want != "") || strings.Contains(want, "±") && dashed != 2 {
				t.Errorf("%s: label %q with %d lines, want %q", c.Title, got, dashed, want)
			}
			if want != "" && strings.HasPrefix(want, "limit ±") && !strings.Contains(c.Desc, want) {
				t.Errorf("%s: who cannot see the line is not told: %s", c.Title, c.Desc)
			}
		}
	}
	if len(labels) > 0 {
		t.Errorf("not drawn: %v", labels)
	}
}

func TestAgainstAThreshold(t *testing.T) {
	at := func(v, low, high float64) modelvet.Measurement {
		return modelvet.Measurement{Value: v, Low: &low, High: &high}
	}
	for _, c := range []struct {
		b    threshold
		m    modelvet.Measurement
		want string
	}{
		{threshold{value: 0.8}, at(0.9, 0.85, 0.95), "within"}, {threshold{value: 0.8}, at(0.7, 0.6, 0.79), "beyond"}, {threshold{value: 0.8}, at(0.8, 0.7, 0.9), "undecided"},
		{threshold{value: 0.2, most: true}, at(0.1, 0, 0.2), "within"}, {threshold{value: 0.2, most: true}, at(0.3, 0.21, 0.4), "beyond"},
		{threshold{value: 0.2, most: true, both: true}, at(-0.1, -0.19, 0), "within"}, {threshold{value: 0.2, most: true, both: true}, at(-0.3, -0.4, -0.21), "beyond"},
		{threshold{value: 0.2, most: true, both: true}, at(-0.1, -0.3, 0.1), "undecided"}, {threshold{value: 0.2, most: true}, modelvet.Measurement{Value: 0.3}, "beyond"},
	} {
		if _, got := c.b.against(c.m); got != c.want {
			t.Errorf("%+v against %+v: %s, want %s", c.m.Value, c.b, got, c.want)
		}
	}
}

// TestScansAreNamed: the register says which scan a statement is, where the
// rules that rest on it agree.
func TestScansAreNamed(t *testing.T) {
	d := fixture()
	v, err := newView(d)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, e := range d.Evidence {
		names[e.Digest] = v.kindOf(e)
	}
	for name, want := range map[string]string{"scan/fairness": "scan/fairness", "scan/modelfile": "scan/modelfile", "system": "system/v1", "lineage": "lineage/v1"} {
		if got := names[digest(name)]; got != want {
			t.Errorf("%s is called %s, want %s", name, got, want)
		}
	}
	for i := range d.Results { // rules that disagree name nothing
		if d.Results[i].ID == "fairness.equalized_odds" {
			d.Results[i].Needs = []string{"scan/drift"}
		}
	}
	if v, err = newView(d); err != nil {
		t.Fatal(err)
	}
	for _, e := range d.Evidence {
		if e.Digest == digest("scan/fairness") && v.kindOf(e) != "scan/v1" {
			t.Errorf("a scan that rules disagree about is called %s", v.kindOf(e))
		}
	}
}
