// SPDX-License-Identifier: Apache-2.0

package modelvet

// Scan is what one scanner saw. It holds no verdict.
type Scan struct {
	Scanner      string        `json:"scanner"` // its folder's name: modelfile, fairness, ...
	Version      string        `json:"version"`
	Coverage     Coverage      `json:"coverage"`
	Findings     []Finding     `json:"findings"`
	Measurements []Measurement `json:"measurements"`
	Series       []Series      `json:"series,omitempty"`
}

// Coverage tells "looked and found nothing" from "did not look".
type Coverage struct {
	Read    []string `json:"read"`
	Skipped []Gap    `json:"skipped"`
}

// Gap is something that a scanner should have read and did not, or did not
// read to its end.
type Gap struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// The severities of a finding. They say how bad a thing is in itself; whether
// it stops a release is for a rule to say.
const (
	SeverityInfo  = "info"
	SeverityWarn  = "warn"
	SeverityBlock = "block"
)

// Finding is one thing seen at one place.
type Finding struct {
	ID       string   `json:"id"`   // "pickle/unsafe-call"
	Path     string   `json:"path"` // file, with "!member" for archives
	Offset   *int64   `json:"offset,omitempty"`
	Line     int      `json:"line,omitempty"`
	What     string   `json:"what"` // "posix.system"
	Severity string   `json:"severity"`
	CWE      []string `json:"cwe,omitempty"`
	CVE      []string `json:"cve,omitempty"`
}

// Measurement is one number that modelvet computed, with its uncertainty.
type Measurement struct {
	Metric string            `json:"metric"` // "fairness/selection_rate"
	Value  float64           `json:"value"`
	Low    *float64          `json:"low,omitempty"` // bounds of the 95 % interval
	High   *float64          `json:"high,omitempty"`
	P      *float64          `json:"p,omitempty"` // p value of the test that Method names
	N      int               `json:"n"`           // rows it rests on
	Slice  map[string]string `json:"slice,omitempty"`
	Method string            `json:"method,omitempty"` // "wilson", "newcombe", ...
}

// Series is a curve or histogram for a chart: not judged, only drawn.
type Series struct {
	Name   string    `json:"name"`
	X      []float64 `json:"x,omitempty"`
	Labels []string  `json:"labels,omitempty"`
	Y      []float64 `json:"y"`
}

// Lineage is a claim of what a model was made of. It is repeated, not measured.
type Lineage struct {
	Source string            `json:"source"` // the connector: git, files, mlflow, ...
	URI    string            `json:"uri,omitempty"`
	Inputs []LineageInput    `json:"inputs"`
	Facts  map[string]string `json:"facts,omitempty"` // commit, branch, dirty, run id, ...
}

// LineageInput is one thing that went into the model.
type LineageInput struct {
	Kind   string `json:"kind"` // dataset, code, base-model, document
	Name   string `json:"name"`
	URI    string `json:"uri,omitempty"`
	Digest string `json:"digest,omitempty"` // "sha256:..." or "gitCommit:..."; empty: the source does not pin it
}
