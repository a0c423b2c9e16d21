// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"cmp"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"github.com/sigstore/sigstore-go/pkg/root"
	services "github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"
)

// Sigstore says which services take part in a signature. The zero value is
// the public good instance, whose addresses and keys are fetched over TUF.
type Sigstore struct {
	SigningConfig []byte // signing_config.v0.2.json of an instance
	TrustedRoot   []byte // trusted_root.json of the same: what is signed is verified with it before it is returned
	FulcioURL     string // these three take the place of what the signing config names
	RekorURL      string // a Rekor of version 1; version 2 needs a signing config, which says so
	TimestampURL  string // with the path, as /api/v1/timestamp
}

// instance is a Sigstore whose services have been chosen.
type instance struct {
	fulcio      string
	logs        []*services.Rekor
	authorities []*services.TimestampAuthority
	trust       Trust // roots only
}

// Fulcio and Rekor of the public good instance need some seconds on a bad day.
const (
	serviceTimeout = 30 * time.Second
	serviceRetries = 2
)

// choose reads the signing config as cosign does: the newest service of the
// highest version that is understood, and as many as the config asks for.
func (s Sigstore) choose(now time.Time) (*instance, error) {
	config, trusted, err := s.documents()
	if err != nil {
		return nil, err
	}
	in := &instance{fulcio: s.FulcioURL, trust: Trust{Roots: [][]byte{trusted}, Now: now}}
	if _, err := in.trust.material(); err != nil {
		return nil, fmt.Errorf("reading the trusted root: %w", err)
	}
	if in.fulcio == "" && config != nil && len(config.FulcioCertificateAuthorityURLs()) > 0 {
		f, err := root.SelectService(config.FulcioCertificateAuthorityURLs(), services.FulcioAPIVersions, now)
		if err != nil {
			return nil, fmt.Errorf("reading the signing config: caUrls: %w", err)
		}
		in.fulcio = f.URL
	}
	if err := in.chooseLogs(s.RekorURL, config, now); err != nil {
		return nil, fmt.Errorf("reading the signing config: rekorTlogUrls: %w", err)
	}
	if err := in.chooseAuthorities(s.TimestampURL, config, now); err != nil {
		return nil, fmt.Errorf("reading the signing config: tsaUrls: %w", err)
	}
	return in, nil
}

// documents are the signing config and the trusted root: both given, or both
// those of the public good instance.
func (s Sigstore) documents() (*root.SigningConfig, []byte, error) {
	switch {
	case s.SigningConfig == nil && s.TrustedRoot == nil && s.FulcioURL == "" && s.RekorURL == "" && s.TimestampURL == "":
		return publicGood()
	case s.TrustedRoot == nil:
		return nil, nil, errors.New("a Sigstore of your own needs its trusted_root.json too: what is signed is verified before it leaves (--trusted-root)")
	case s.SigningConfig == nil:
		return nil, s.TrustedRoot, nil
	}
	if err := checkJSON(s.SigningConfig); err != nil {
		return nil, nil, fmt.Errorf("reading the signing config: %w", err)
	}
	config, err := root.NewSigningConfigFromJSON(s.SigningConfig)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the signing config: %w", err)
	}
	return config, s.TrustedRoot, nil
}

func publicGood() (*root.SigningConfig, []byte, error) {
	const hint = "fetching %s of the public Sigstore: %w; without a network, name --signing-config and --trusted-root"
	config, err := root.FetchSigningConfig()
	if err != nil {
		return nil, nil, fmt.Errorf(hint, "the signing config", err)
	}
	trusted, err := PublicGoodRoot()
	return config, trusted, err
}

// PublicGoodRoot fetches the trusted_root.json of the public good Sigstore
// over TUF, whose first root of trust is built in.
func PublicGoodRoot() ([]byte, error) {
	r, err := root.FetchTrustedRoot()
	if err != nil {
		return nil, fmt.Errorf("fetching the trusted root of the public Sigstore: %w; without a network, name a trusted_root.json", err)
	}
	return r.MarshalJSON()
}

func (in *instance) chooseLogs(url string, config *root.SigningConfig, now time.Time) error {
	var chosen []root.Service
	switch {
	case url != "":
		chosen = []root.Service{{URL: url, MajorAPIVersion: 1}}
	case config == nil || len(config.RekorLogURLs()) == 0:
		return nil
	default:
		var err error
		if chosen, err = root.SelectServices(config.RekorLogURLs(), config.RekorLogURLsConfig(), services.RekorAPIVersions, now); err != nil {
			return err
		}
	}
	for _, c := range chosen {
		in.logs = append(in.logs, services.NewRekor(&services.RekorOptions{BaseURL: c.URL, Timeout: serviceTimeout, Retries: serviceRetries, Version: c.MajorAPIVersion}))
	}
	return nil
}

func (in *instance) chooseAuthorities(url string, config *root.SigningConfig, now time.Time) error {
	var chosen []root.Service
	switch {
	case url != "":
		chosen = []root.Service{{URL: url}}
	case config == nil || len(config.TimestampAuthorityURLs()) == 0:
		return nil
	default:
		var err error
		if chosen, err = root.SelectServices(config.TimestampAuthorityURLs(), config.TimestampAuthorityURLsConfig(), services.TimestampAuthorityAPIVersions, now); err != nil {
			return err
		}
	}
	for _, c := range chosen {
		in.authorities = append(in.authorities, services.NewTimestampAuthority(&services.TimestampAuthorityOptions{URL: c.URL, Timeout: serviceTimeout, Retries: serviceRetries}))
	}
	return nil
}

// witness has a signature dated and logged, and puts the answers into the
// material of its bundle. verifier is the PEM of the certificate or key.
func (in *instance) witness(ctx context.Context, m *keyMaterial, verifier, payload, sig []byte) error {
	for _, a := range in.authorities {
		answer, err := a.GetTimestamp(ctx, sig)
		if err != nil {
			return fmt.Errorf("asking the time-stamp authority: %w", err)
		}
		if m.Timestamps == nil {
			m.Timestamps = &timestamps{}
		}
		m.Timestamps.RFC3161 = append(m.Timestamps.RFC3161, timestamp{answer})
	}
	for _, l := range in.logs {
		entry, err := logged(ctx, l, *m, verifier, payload, sig)
		if err != nil {
			return fmt.Errorf("asking the transparency log: %w", err)
		}
		m.Entries = append(m.Entries, entry)
	}
	return nil
}

// logged is the entry of a log as the bundle has it. The client wants a whole bundle.
func logged(ctx context.Context, l *services.Rekor, m keyMaterial, verifier, payload, sig []byte) (json.RawMessage, error) {
	b := &protobundle.Bundle{
		MediaType:            BundleMediaType,
		VerificationMaterial: m.proto(),
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			Payload: payload, PayloadType: payloadType, Signatures: []*protodsse.Signature{{Sig: sig}},
		}},
	}
	if err := l.GetTransparencyLogEntry(ctx, verifier, b); err != nil {
		return nil, err
	}
	entries := b.GetVerificationMaterial().GetTlogEntries()
	if len(entries) == 0 {
		return nil, errors.New("it gave no entry")
	}
	data, err := protojson.Marshal(entries[len(entries)-1])
	if err != nil {
		return nil, err
	}
	return json.RawMessage(data), nil
}

func (m keyMaterial) proto() *protobundle.VerificationMaterial {
	if m.Certificate != nil {
		return &protobundle.VerificationMaterial{Content: &protobundle.VerificationMaterial_Certificate{
			Certificate: &protocommon.X509Certificate{RawBytes: m.Certificate.RawBytes}}}
	}
	hint := ""
	if m.PublicKey != nil {
		hint = m.PublicKey.Hint
	}
	return &protobundle.VerificationMaterial{Content: &protobundle.VerificationMaterial_PublicKey{
		PublicKey: &protocommon.PublicKeyIdentifier{Hint: hint}}}
}

// WithServices makes a signer whose signatures are dated and logged by the
// services of a Sigstore. Its certificate authority plays no part: the key
// stays the signer.
func (s *Signer) WithServices(config Sigstore, now time.Time) (*Signer, error) {
	in, err := config.choose(now)
	if err != nil {
		return nil, fmt.Errorf("choosing the services to sign with: %w", err)
	}
	if len(in.logs)+len(in.authorities) == 0 {
		return nil, errors.New("choosing the services to sign with: the signing config names neither a log nor a time-stamp authority")
	}
	out := *s
	out.services = in
	return &out, nil
}

// checkWitnesses verifies what the services answered, so that no bundle
// leaves that its readers would refuse.
func (s *Signer) checkWitnesses(bundle []byte) error {
	if s.services == nil {
		return nil
	}
	o, err := openBundle(bundle)
	if err != nil {
		return err
	}
	material, err := s.services.trust.material()
	if err != nil {
		return err
	}
	if s.keyless != nil {
		_, err := verifyWith(o, material[0])
		return err
	}
	stamped, err := stampedAt(o, s.services.trust)
	if err == nil && len(s.services.authorities) > 0 && stamped.IsZero() {
		err = errors.New("the trusted root names no time-stamp authority")
	}
	if err != nil {
		return fmt.Errorf("time stamp: %w", err)
	}
	if len(s.services.logs) > 0 {
		return inLog(o, s.services.trust, s.public)
	}
	return nil
}

// pemOfDER is a certificate as PEM.
func pemOfDER(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// plain shortens what a service's client says.
func plain(err error) string {
	return printable(clip(cmp.Or(strings.TrimSpace(err.Error()), "no reason given")))
}
