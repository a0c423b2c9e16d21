// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"sync"

	"github.com/open-policy-agent/opa/v1/rego"
)

// ready keeps prepared questions. When it is full it forgets all of them:
// whoever asks that many different ones gains nothing by keeping some.
type ready struct {
	mu      sync.Mutex
	queries map[string]rego.PreparedEvalQuery
}

func (r *ready) get(key string) (rego.PreparedEvalQuery, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q, ok := r.queries[key]
	return q, ok
}

func (r *ready) put(key string, q rego.PreparedEvalQuery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.queries == nil || len(r.queries) >= mostPrepared {
		r.queries = map[string]rego.PreparedEvalQuery{}
	}
	r.queries[key] = q
}
