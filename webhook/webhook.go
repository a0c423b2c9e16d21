// SPDX-License-Identifier: Apache-2.0

// Package webhook answers a Kubernetes API server's AdmissionReviews: may this
// object run, given what the signed decisions say of the models it names?
//
// It must fail closed: whatever cannot be read, found, verified or finished in
// time is denied under enforce, and says why. It decides nothing about a model
// itself: a [Judge] tells it which signed decisions verify, and it compares
// their outcome, stage, time and policy with what the namespace demands. It
// believes nothing that an object says of itself.
package webhook

import (
	"context"
	"time"

	"github.com/modelvet/modelvet"
)

// Judge finds what signed decisions say about the artifact that a reference
// leads to. An error that wraps ErrDefinitive will be the same tomorrow (there
// is no such artifact, its content is damaged); every other error may pass.
type Judge interface {
	Facts(ctx context.Context, ref string) (Facts, error)
	// Trust is a digest of whom the judge believes: facts found under another
	// one are worth nothing.
	Trust() string
}

// Facts are what was verified about one artifact. They do not change with
// time; what follows from them does, and is worked out for every review.
type Facts struct {
	Digest    string     // of the manifest the reference leads to
	MediaType string     // of that manifest
	Decisions []Decision // whose signatures hold, newest first
	Rejected  []string   // statements that were there and are not believed, and why
	Typed     bool       // its layers are no image layers: containerd mounts it as an empty folder
	Until     time.Time  // when a key that was relied on ends; zero: none does
}

// Decision is the part of a verified modelvet decision that admission needs.
type Decision struct {
	Digest  string // of the signed bundle
	Signer  string
	Outcome modelvet.Verdict
	Stage   string
	At      time.Time
	Expires time.Time
	Subject string   // digest of the model that was judged
	Policy  string   // digest of the policy by which
	Reasons []string // why not, worst first, at most a few
	Failed  []Failed
}

// Failed is one rule that a decision holds against a model.
type Failed struct {
	Rule     string
	Controls []string
}

// definitive marks an error that will not go away by waiting.
type definitive struct{ error }

func (d definitive) Unwrap() error { return d.error }

// Definitive marks err as one that asking again does not cure.
func Definitive(err error) error { return definitive{err} }
