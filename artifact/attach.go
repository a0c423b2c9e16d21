// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// What cosign v3 writes (measured on 3.1.3): specs/BUNDLE_SPEC.md.
const (
	typeBundlePrefix = "application/vnd.dev.sigstore.bundle"
	typeBundle       = typeBundlePrefix + ".v0.3+json"
	typeEmpty        = "application/vnd.oci.empty.v1+json"

	noteContent   = "dev.sigstore.bundle.content"
	notePredicate = "dev.sigstore.bundle.predicateType"
	contentDSSE   = "dsse-envelope"
)

// emptyConfig is the configuration of a manifest that has none (OCI image
// specification 1.1, "guidance for an empty descriptor").
var emptyConfig = []byte("{}")

// Attachment is a Sigstore bundle to attach, and the predicate type of the
// statement inside of it.
type Attachment struct {
	Bundle        []byte
	PredicateType string
}

// referrerBlobs is an attachment as it will be stored.
type referrerBlobs struct {
	bundle   []byte
	manifest []byte
	desc     v1.Descriptor // of the manifest, as an index lists it
}

// Attach attaches one Sigstore bundle (v0.3, a DSSE envelope) and returns the
// digest of the manifest that refers to the artifact. See [Artifact.AttachAll].
func (a *Artifact) Attach(ctx context.Context, bundle []byte, predicateType string, created time.Time) (string, error) {
	digests, err := a.AttachAll(ctx, []Attachment{{bundle, predicateType}}, created)
	if err != nil {
		return "", err
	}
	return digests[0], nil
}

// AttachAll attaches bundles as OCI 1.1 referrers, exactly as cosign v3 does,
// and returns the digests of their manifests in the same order. In a layout all
// of them become visible at once. The same bundles at the same time give the
// same digests, and are attached once; a zero time leaves the time stamp out.
func (a *Artifact) AttachAll(ctx context.Context, attachments []Attachment, created time.Time) ([]string, error) {
	var prepared []referrerBlobs
	digests := []string{}
	for i, t := range attachments {
		p, err := prepare(t, a.root, created)
		if err != nil {
			return nil, fmt.Errorf("attaching bundle %d of %d (%s): %w", i+1, len(attachments), t.PredicateType, err)
		}
		prepared = append(prepared, p)
		digests = append(digests, p.desc.Digest.String())
	}
	if len(prepared) == 0 {
		return digests, nil
	}
	if err := a.shelf.attach(ctx, prepared); err != nil {
		return nil, fmt.Errorf("attaching to %s: %w", a.root.Digest, err)
	}
	return digests, nil
}

func prepare(t Attachment, subject v1.Descriptor, created time.Time) (referrerBlobs, error) {
	switch {
	case len(t.Bundle) == 0:
		return referrerBlobs{}, fmt.Errorf("the bundle is empty")
	case len(t.Bundle) > maxBundle:
		return referrerBlobs{}, fmt.Errorf("the bundle has %d bytes, at most %d are read back", len(t.Bundle), maxBundle)
	case t.PredicateType == "":
		return referrerBlobs{}, fmt.Errorf("the predicate type is empty")
	}
	m := v1.Manifest{
		SchemaVersion: 2,
		MediaType:     types.OCIManifestSchema1,
		Config:        v1.Descriptor{MediaType: typeEmpty, Size: int64(len(emptyConfig)), Digest: hashBytes(emptyConfig), ArtifactType: typeBundle},
		Layers:        []v1.Descriptor{{MediaType: typeBundle, Size: int64(len(t.Bundle)), Digest: hashBytes(t.Bundle)}},
		Annotations:   map[string]string{noteContent: contentDSSE, notePredicate: t.PredicateType},
		Subject:       &v1.Descriptor{MediaType: subject.MediaType, Size: subject.Size, Digest: subject.Digest},
		ArtifactType:  typeBundle,
	}
	if !created.IsZero() {
		m.Annotations[noteCreated] = timeStamp(created)
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return referrerBlobs{}, err
	}
	return referrerBlobs{bundle: t.Bundle, manifest: raw, desc: v1.Descriptor{
		MediaType: m.MediaType, Size: int64(len(raw)), Digest: hashBytes(raw),
		Annotations: m.Annotations, ArtifactType: typeBundle,
	}}, nil
}
