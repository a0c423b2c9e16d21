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

// Metrics counts what a person on call wants to know, for Prometheus. The zero
// value is ready; a nil one counts nothing.
type Metrics struct {
	mu      sync.Mutex
	reviews map[[2]string]int // verdict, mode
	lookups map[string]int
	buckets [len(bounds) + 1]int
	seconds float64
	cert    time.Time
}

// bounds of the time a review takes, in seconds.
var bounds = [...]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

func (m *Metrics) cache(what string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lookups == nil {
		m.lookups = map[string]int{}
	}
	m.lookups[what]++
}

func (m *Metrics) review(v Review, took time.Duration) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.reviews == nil {
		m.reviews = map[[2]string]int{}
	}
	m.reviews[[2]string{v.Verdict, string(v.Mode)}]++
	m.seconds += took.Seconds()
	i, _ := slices.BinarySearch(bounds[:], took.Seconds())
	m.buckets[i]++
}

// Certificate tells when the served certificate ends.
func (m *Metrics) Certificate(until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cert = until
}

// Write writes the counters in Prometheus' text format 0.0.4.
func (m *Metrics) Write(w io.Writer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprint(w, "# HELP modelvet_admission_reviews_total Reviews answered.\n# TYPE modelvet_admission_reviews_total counter\n")
	for _, k := range slices.SortedFunc(maps.Keys(m.reviews), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		fmt.Fprintf(w, "modelvet_admission_reviews_total{verdict=%q,mode=%q} %d\n", k[0], k[1], m.reviews[k])
	}
	fmt.Fprint(w, "# HELP modelvet_facts_lookups_total Lookups of verified facts: hit, miss, stale (the registry was unreachable), negative.\n# TYPE modelvet_facts_lookups_total counter\n")
	for _, k := range slices.Sorted(maps.Keys(m.lookups)) {
		fmt.Fprintf(w, "modelvet_facts_lookups_total{result=%q} %d\n", k, m.lookups[k])
	}
	fmt.Fprint(w, "# HELP modelvet_admission_review_seconds Time to answer a review.\n# TYPE modelvet_admission_review_seconds histogram\n")
	n := 0
	for i, b := range bounds {
		n += m.buckets[i]
		fmt.Fprintf(w, "modelvet_admission_review_seconds_bucket{le=\"%g\"} %d\n", b, n)
	}
	n += m.buckets[len(bounds)]
	fmt.Fprintf(w, "modelvet_admission_review_seconds_bucket{le=\"+Inf\"} %d\nmodelvet_admission_review_seconds_sum %g\nmodelvet_admission_review_seconds_count %d\n", n, m.seconds, n)
	if !m.cert.IsZero() {
		fmt.Fprintf(w, "# HELP modelvet_certificate_expiry_timestamp_seconds End of the served certificate.\n# TYPE modelvet_certificate_expiry_timestamp_seconds gauge\nmodelvet_certificate_expiry_timestamp_seconds %d\n", m.cert.Unix())
	}
}
