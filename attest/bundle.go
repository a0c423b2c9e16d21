// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/in-toto/in-toto-golang/in_toto"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	sigstore "github.com/sigstore/sigstore-go/pkg/bundle"
	"google.golang.org/protobuf/encoding/protojson"
)

// MaxBundle is the largest bundle that is read: 32 MiB. Ask for no more than
// one byte above it from a registry.
const MaxBundle = 32 << 20

// BundleMediaType is what Sign and SignModel return, and the artifactType of
// the referrer that carries it.
const BundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

const payloadType = in_toto.PayloadType

// The shape of a Sigstore bundle v0.3 (protobuf-specs
// sigstore_bundle.proto). It is written with encoding/json, because protojson
// puts random spaces into its output.
type keyBundle struct {
	MediaType string      `json:"mediaType"`
	Material  keyMaterial `json:"verificationMaterial"`
	Envelope  envelope    `json:"dsseEnvelope"`
}

type keyMaterial struct {
	PublicKey   *keyHint          `json:"publicKey,omitempty"`
	Chain       *certChain        `json:"x509CertificateChain,omitempty"` // as OpenSSF Model Signing has it
	Certificate *rawCert          `json:"certificate,omitempty"`          // of Fulcio
	Entries     []json.RawMessage `json:"tlogEntries,omitempty"`
	Timestamps  *timestamps       `json:"timestampVerificationData,omitempty"`
}

type certChain struct {
	Certificates []rawCert `json:"certificates"`
}

type rawCert struct {
	RawBytes []byte `json:"rawBytes"`
}

type keyHint struct {
	Hint string `json:"hint"`
}

type timestamps struct {
	RFC3161 []timestamp `json:"rfc3161Timestamps"`
}

type timestamp struct {
	Signed []byte `json:"signedTimestamp"`
}

type envelope struct {
	Payload     []byte      `json:"payload"`
	PayloadType string      `json:"payloadType"`
	Signatures  []signature `json:"signatures"`
}

type signature struct {
	Sig []byte `json:"sig"`
}

func encodeBundle(keyID string, payload, sig []byte, stamps []timestamp) ([]byte, error) {
	m := keyMaterial{PublicKey: &keyHint{Hint: keyID}}
	if len(stamps) > 0 {
		m.Timestamps = &timestamps{RFC3161: stamps}
	}
	return m.encode(payload, sig)
}

func (m keyMaterial) encode(payload, sig []byte) ([]byte, error) {
	return json.Marshal(keyBundle{
		MediaType: BundleMediaType,
		Material:  m,
		Envelope:  envelope{Payload: payload, PayloadType: in_toto.PayloadType, Signatures: []signature{{Sig: sig}}},
	})
}

// What is done for anybody, before it is known who signed: a bundle is taken
// apart, and a small statement is read to say what it claims to be.
const (
	maxBundleValues = 20_000 // 32 log entries with their proofs have fewer
	maxUnproved     = 1 << 20
)

// opened is a bundle taken apart; nothing in it is verified yet.
type opened struct {
	entity    *sigstore.Bundle
	payload   []byte
	signature []byte
	keyHint   string // of a bundle signed with a key
}

// openBundle reads a bundle strictly. Its errors name the part that is wrong.
func openBundle(data []byte) (*opened, error) {
	if len(data) > MaxBundle {
		return nil, fmt.Errorf("bundle: %d bytes: at most %d are read", len(data), MaxBundle)
	}
	top, err := walk(data, maxBundleValues)
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	entity, err := parseBundle(withoutRawKey(data, top))
	if err != nil {
		return nil, fmt.Errorf("bundle: not a Sigstore bundle of version 0.1 to 0.3: %w", err)
	}
	o := &opened{entity: entity}
	if err := o.openEnvelope(); err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	if key := entity.GetVerificationMaterial().GetPublicKey(); key != nil {
		o.keyHint = key.GetHint()
	}
	return o, nil
}

// parseBundle allows a certificate chain where OpenSSF Model Signing writes
// one: in bundles of version 0.3, which for Sigstore itself have none.
func parseBundle(data []byte) (*sigstore.Bundle, error) {
	proto := new(protobundle.Bundle)
	if err := protojson.Unmarshal(data, proto); err != nil {
		return nil, err
	}
	if proto.GetMediaType() == BundleMediaType && proto.GetVerificationMaterial().GetX509CertificateChain() != nil {
		return sigstore.NewBundle(proto, sigstore.AllowCertificateChain())
	}
	return sigstore.NewBundle(proto)
}

func (o *opened) openEnvelope() error {
	e := o.entity.GetDsseEnvelope()
	switch {
	case e == nil:
		return errors.New("the bundle signs a file, not a statement: expected a DSSE envelope")
	case e.GetPayloadType() != in_toto.PayloadType:
		return fmt.Errorf("payloadType %.80q: expected %s", e.GetPayloadType(), in_toto.PayloadType)
	case len(e.GetSignatures()) != 1:
		return fmt.Errorf("%d signatures: expected exactly one", len(e.GetSignatures()))
	case len(e.GetPayload()) == 0:
		return errors.New("the payload is empty")
	case len(e.GetSignatures()[0].GetSig()) == 0:
		return errors.New("the signature is empty")
	}
	o.payload, o.signature = e.GetPayload(), e.GetSignatures()[0].GetSig()
	return nil
}

// Digest names a bundle as it is stored: "sha256:<64 hex>".
func Digest(bundle []byte) string {
	sum := sha256.Sum256(bundle)
	return "sha256:" + hex.EncodeToString(sum[:])
}
