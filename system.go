// SPDX-License-Identifier: Apache-2.0

package modelvet

import "io/fs"

// System says what the judged thing is: the content of modelvet.yaml. It is
// declared by the provider, never measured.
type System struct {
	Name        string             `json:"name"`
	Version     string             `json:"version"`
	Purpose     string             `json:"purpose"` // the intended purpose, EU AI Act Art. 3(12)
	Provider    Party              `json:"provider"`
	Role        string             `json:"role"`               // provider, deployer, importer, distributor
	RiskClass   string             `json:"riskClass"`          // prohibited, high, limited, minimal, gpai
	AnnexIII    string             `json:"annexIII,omitempty"` // an area code such as "annex-iii-5.b"
	Licence     string             `json:"licence,omitempty"`  // SPDX expression
	Model       ModelFiles         `json:"model"`
	Tables      []Table            `json:"tables,omitempty"`
	Documents   []Document         `json:"documents,omitempty"`
	Lineage     []Source           `json:"lineage,omitempty"`
	Oversight   *Oversight         `json:"oversight,omitempty"`
	Monitoring  *Monitoring        `json:"monitoring,omitempty"`
	Performance map[string]float64 `json:"performance,omitempty"` // declared figures, by metric name

	Limits        *Limits        `json:"limits,omitempty"`
	PersonalData  *PersonalData  `json:"personalData,omitempty"`
	Deployment    *Deployment    `json:"deployment,omitempty"`
	Transparency  *Transparency  `json:"transparency,omitempty"`
	RecordKeeping *RecordKeeping `json:"recordKeeping,omitempty"`
	Change        *Change        `json:"change,omitempty"`
}

// Limits are known limits and foreseeable misuse (EU AI Act Art. 13(3)(b)(iii)).
type Limits struct {
	Limitations []string `json:"limitations,omitempty"`
	Misuse      []string `json:"misuse,omitempty"`
}

// PersonalData says whether personal data are processed, and on which ground (GDPR Art. 6).
type PersonalData struct {
	Processed  bool   `json:"processed"`
	LegalBasis string `json:"legalBasis,omitempty"`
}

// Deployment says for which stages and countries the system is meant.
type Deployment struct {
	Stages    []string `json:"stages"`
	Countries []string `json:"countries,omitempty"`
}

// Transparency is what people are told (EU AI Act Art. 50).
type Transparency struct {
	Notice  string `json:"notice,omitempty"`
	Marking string `json:"marking,omitempty"`
}

// RecordKeeping says how long documentation is kept (EU AI Act Art. 18).
type RecordKeeping struct {
	DocumentationDays int `json:"documentationDays,omitempty"`
}

// Change is how this version came of the one in use (EU AI Act Art. 43(4)).
type Change struct {
	Item        string `json:"item,omitempty"`        // the planned change that it is, as the plan of changes calls it
	Substantial bool   `json:"substantial,omitempty"` // a substantial modification, EU AI Act Art. 3(23)
}

// Party is a legal or natural person.
type Party struct {
	Name    string `json:"name"`
	Contact string `json:"contact,omitempty"`
	Country string `json:"country,omitempty"` // ISO 3166-1 alpha-2
}

// ModelFiles names the model's own files and how they are to be read.
type ModelFiles struct {
	Files        []string `json:"files"`            // globs below the model's folder, for weights
	Format       string   `json:"format,omitempty"` // xgboost-json, safetensors, gguf, onnx, ...
	Architecture string   `json:"architecture,omitempty"`
	Parameters   int64    `json:"parameters,omitempty"` // numbers in all weights together (EU AI Act Annex XI(1)(1)(d))
	Precision    string   `json:"precision,omitempty"`  // of most of them: float32, bfloat16, q4_k, ...
	Task         string   `json:"task,omitempty"`       // binary-classification, multiclass, regression, generation
}

// Table is a data set and the roles of its columns.
type Table struct {
	Name       string   `json:"name"`              // unique in a system: training, predictions, attributions
	Kind       string   `json:"kind"`              // training, validation, test, predictions, attributions, reference, production
	Path       string   `json:"path,omitempty"`    // file or glob, relative to the folder of modelvet.yaml
	Licence    string   `json:"licence,omitempty"` // SPDX expression
	SQL        *SQL     `json:"sql,omitempty"`     // instead of a path: a relation of an SQL engine
	ID         string   `json:"id,omitempty"`
	Label      string   `json:"label,omitempty"`
	Prediction string   `json:"prediction,omitempty"`
	Score      string   `json:"score,omitempty"`
	Weight     string   `json:"weight,omitempty"`
	Protected  []string `json:"protected,omitempty"`
	Features   []string `json:"features,omitempty"`   // empty: every column without another role
	Positive   string   `json:"positive,omitempty"`   // the value of label and prediction that counts as positive; default "1"
	Favourable string   `json:"favourable,omitempty"` // the value that is good for the person; default: Positive
	BaseValue  *float64 `json:"baseValue,omitempty"`  // attributions: the expected value to which they add
	Time       string   `json:"time,omitempty"`       // when the row's event happened
	Split      string   `json:"split,omitempty"`      // training, validation or test
	Text       []string `json:"text,omitempty"`       // columns of free text
	Embedding  []string `json:"embedding,omitempty"`  // columns that together are an embedding
	Quasi      []string `json:"quasi,omitempty"`      // quasi-identifiers; empty: Protected
	Loss       string   `json:"loss,omitempty"`       // members: the model's loss on the row
	Member     string   `json:"member,omitempty"`     // members: 1 where the row was in the training data
	BiasAudit  *Audit   `json:"biasAudit,omitempty"`  // predictions: the columns of a bias audit by New York City Local Law 144
	Previous   string   `json:"previous,omitempty"`   // predictions: the score that the version in use now gives
	Perturbed  []string `json:"perturbed,omitempty"`  // predictions on the same row after a change that should not matter
	Output     string   `json:"output,omitempty"`     // attributions: the column with the model output they explain (margin)
}

// SQL names a relation of an SQL engine. Where the engine is, the environment
// says: a model does not choose the servers that its judge talks to.
type SQL struct {
	Engine   string `json:"engine"`   // trino
	Relation string `json:"relation"` // catalog.schema.table
}

// Audit names the columns that the rules of New York City Local Law 144 of 2021
// ask about (6 RCNY 5-301).
type Audit struct {
	Sex  string `json:"sex"`
	Race string `json:"race"` // race or ethnicity
}

// Document is a file written by people, or by a tool that is not ours: declared evidence.
type Document struct {
	Kind  string `json:"kind"` // model-card, data-card, risk-register, oversight-plan, monitoring-plan, instructions-for-use, croissant, great-expectations, ...
	Path  string `json:"path"`
	Table string `json:"table,omitempty"` // great-expectations: the table that it is about; default: the training table
}

// Source is something the model was made of, as the provider declares it.
type Source struct {
	Kind    string `json:"kind"` // git, dataset, base-model, mlflow, dvc, ...
	URI     string `json:"uri,omitempty"`
	Path    string `json:"path,omitempty"`
	Licence string `json:"licence,omitempty"` // SPDX expression
}

// Oversight names who can stop the system and how (EU AI Act Art. 14).
type Oversight struct {
	Owner    string   `json:"owner"`
	Measures []string `json:"measures"`
	Stop     string   `json:"stop,omitempty"` // how a person stops it, Art. 14(4)(e)
}

// Monitoring says what is watched after release (EU AI Act Art. 12 and 72).
type Monitoring struct {
	Owner            string   `json:"owner"`
	Metrics          []string `json:"metrics"`
	LogRetentionDays int      `json:"logRetentionDays"`
	Events           []string `json:"events,omitempty"`    // what is logged, Art. 12(2)
	Incidents        string   `json:"incidents,omitempty"` // whom to tell of one, Art. 73
}

// Model is what a scanner is given: the files, and what they are said to be.
type Model struct {
	Dir    string // the folder on disk; files are opened below it only
	FS     fs.FS  // the same folder; it refuses to leave it
	Files  []File
	System System
}

// Table returns the first table of the given kind.
func (s System) Table(kind string) (Table, bool) {
	for _, t := range s.Tables {
		if t.Kind == kind {
			return t, true
		}
	}
	return Table{}, false
}
