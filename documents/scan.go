// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// Scanner is the name under which the result of the checks is signed.
const Scanner = "documents"

// version changes when the same documents may give another result.
const version = "2"

// Scan checks every document that modelvet.yaml names: what is missing in it,
// and whether its numbers are those in scans. What cannot be read is written
// down as not read.
func Scan(ctx context.Context, m modelvet.Model, scans []modelvet.Scan) (modelvet.Scan, error) {
	out := modelvet.Scan{Scanner: Scanner, Version: version, Coverage: modelvet.Coverage{Read: []string{}, Skipped: []modelvet.Gap{}},
		Findings: []modelvet.Finding{}, Measurements: []modelvet.Measurement{}}
	for _, doc := range m.System.Documents {
		if err := ctx.Err(); err != nil {
			return out, fmt.Errorf("checking the documents: %w", err)
		}
		d, err := Read(doc.Kind, doc.Path, In(m.FS))
		if err != nil {
			out.Coverage.Skipped = append(out.Coverage.Skipped, modelvet.Gap{Path: doc.Path, Reason: err.Error()})
			out.Findings = append(out.Findings, modelvet.Finding{ID: "documents/unreadable", Path: doc.Path, What: err.Error(), Severity: modelvet.SeverityWarn})
			continue
		}
		out.Coverage.Read = append(out.Coverage.Read, doc.Path)
		d.report(&out, m.System, scans)
		d.planned(&out, m.System.Change)
	}
	slices.Sort(out.Coverage.Read)
	out.Coverage.Read = slices.Compact(out.Coverage.Read)
	return out, nil
}

// planned tells whether a plan of changes names the declared one.
func (d Document) planned(out *modelvet.Scan, change *modelvet.Change) {
	if k, _ := KindOf(d.Kind); k.Kind != "change-plan" || change == nil || change.Item == "" {
		return
	}
	named := 0.0
	if slices.Contains(d.Changes, change.Item) {
		named = 1
	} else {
		out.Findings = append(out.Findings, modelvet.Finding{ID: "documents/change-not-planned", Path: d.Path, Severity: modelvet.SeverityWarn,
			What: fmt.Sprintf("modelvet.yaml says change.item %s, which modifications does not name", change.Item)})
	}
	out.Measurements = append(out.Measurements, modelvet.Measurement{Metric: Scanner + "/change_planned", Value: named, N: 1,
		Slice: map[string]string{"kind": d.Kind, "document": d.Path, "change": change.Item}, Method: "count"})
}

// report adds what one document comes to.
func (d Document) report(out *modelvet.Scan, sys modelvet.System, scans []modelvet.Scan) {
	find := func(id, severity string, line int, format string, args ...any) {
		out.Findings = append(out.Findings, modelvet.Finding{ID: "documents/" + id, Path: d.Path, Line: line, What: fmt.Sprintf(format, args...), Severity: severity})
	}
	if d.System != "" && d.System != sys.Name+" "+sys.Version {
		find("other-system", modelvet.SeverityWarn, 0, "it is about %s; this is %s %s", d.System, sys.Name, sys.Version)
	}
	for _, a := range d.Gaps() {
		find("item-missing", modelvet.SeverityWarn, a.Line, "%s %s: %s (%s)", a.Ref, a.Title, a.State, a.Reason)
	}
	compared, differing, unmeasured := 0, 0, 0
	for _, c := range d.Compare(scans) {
		switch c.State {
		case Agrees:
			compared++
		case Differs:
			compared++
			differing++
			find("figure-differs", modelvet.SeverityBlock, c.Line, "%s: %s", c.describe(), c.Reason)
		default:
			unmeasured++
			find("figure-unmeasured", modelvet.SeverityInfo, c.Line, "%s: %s", c.describe(), c.Reason)
		}
	}
	for name, n := range map[string]int{"items": len(d.Answers), "items_missing": len(d.Gaps()), "figures_compared": compared,
		"figures_differing": differing, "figures_unmeasured": unmeasured, "numbers_unnamed": d.Unread} {
		out.Measurements = append(out.Measurements, modelvet.Measurement{Metric: Scanner + "/" + name, Value: float64(n), N: n,
			Slice: map[string]string{"kind": d.Kind, "document": d.Path}, Method: "count"})
	}
	slices.SortStableFunc(out.Measurements, func(a, b modelvet.Measurement) int {
		return strings.Compare(a.Slice["document"]+"\x00"+a.Slice["kind"]+"\x00"+a.Metric, b.Slice["document"]+"\x00"+b.Slice["kind"]+"\x00"+b.Metric)
	})
}
