// SPDX-License-Identifier: Apache-2.0

package modelvet

// Subject is the thing a decision is about: a model, named by its content.
type Subject struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // of the OCI manifest, "sha256:<64 hex>"
	Files  []File `json:"files,omitempty"`
}

// File is one file of a model. Its digest is at once the digest of its raw
// OCI layer, of its entry in the model signature and of the in-toto subject.
type File struct {
	Path   string `json:"path"`   // slash-separated, relative, no ".."
	Digest string `json:"digest"` // "sha256:<64 hex>"
	Size   int64  `json:"size"`   // bytes
	Kind   string `json:"kind"`   // weight, config, doc, code, dataset: the ModelPack layer kinds
}
