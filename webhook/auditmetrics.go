// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// AuditMetrics tells Prometheus what the last audits found. The zero value is ready.
type AuditMetrics struct {
	mu       sync.Mutex
	objects  map[[2]string]int // namespace, result
	causes   map[Cause]int
	last     time.Time // that ended without a problem
	runs     int
	failed   int
	problems int
	took     time.Duration
}

// Ran takes one audit in. err is why it did not come to its end.
func (m *AuditMetrics) Ran(a Audit, took time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.runs++
	m.took = took
	if err != nil || len(a.Problems) > 0 {
		m.failed++
	}
	if err != nil {
		return // what was found before is told on; modelvet_audit_last_success_timestamp_seconds shows how old it is
	}
	m.problems, m.causes, m.objects = len(a.Problems), a.Causes, map[[2]string]int{}
	for _, ns := range a.Namespaces {
		for _, result := range []string{"pass", "fail", "warn", "error", "skip"} {
			m.objects[[2]string{ns, result}] = 0
		}
		m.objects[[2]string{ns, "pass"}] = a.pass[ns]
	}
	for _, h := range a.Held {
		m.objects[[2]string{h.Namespace, h.Result}]++
	}
	if len(a.Problems) == 0 {
		m.last = a.At
	}
}

// Write writes the figures in Prometheus' text format 0.0.4.
func (m *AuditMetrics) Write(w io.Writer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprint(w, "# HELP modelvet_audit_objects Objects that name models, by the last audit.\n# TYPE modelvet_audit_objects gauge\n")
	for _, k := range slices.SortedFunc(maps.Keys(m.objects), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		fmt.Fprintf(w, "modelvet_audit_objects{namespace=%q,result=%q} %d\n", k[0], k[1], m.objects[k])
	}
	fmt.Fprint(w, "# HELP modelvet_audit_causes Objects that may not run, by the worst cause.\n# TYPE modelvet_audit_causes gauge\n")
	for _, c := range causes {
		fmt.Fprintf(w, "modelvet_audit_causes{cause=%q} %d\n", c, m.causes[c])
	}
	fmt.Fprintf(w, "# HELP modelvet_audit_problems What the last audit could not look at.\n# TYPE modelvet_audit_problems gauge\nmodelvet_audit_problems %d\n", m.problems)
	fmt.Fprintf(w, "# HELP modelvet_audit_runs_total Audits begun.\n# TYPE modelvet_audit_runs_total counter\nmodelvet_audit_runs_total %d\n", m.runs)
	fmt.Fprintf(w, "# HELP modelvet_audit_failed_runs_total Audits that failed or were incomplete.\n# TYPE modelvet_audit_failed_runs_total counter\nmodelvet_audit_failed_runs_total %d\n", m.failed)
	fmt.Fprintf(w, "# HELP modelvet_audit_seconds Duration of the last audit.\n# TYPE modelvet_audit_seconds gauge\nmodelvet_audit_seconds %g\n", m.took.Seconds())
	if !m.last.IsZero() {
		fmt.Fprintf(w, "# HELP modelvet_audit_last_success_timestamp_seconds When the last complete audit began.\n# TYPE modelvet_audit_last_success_timestamp_seconds gauge\nmodelvet_audit_last_success_timestamp_seconds %d\n", m.last.Unix())
	}
}
