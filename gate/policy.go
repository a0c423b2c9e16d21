// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/schemas"
)

// The roles with a meaning of their own; every other role approves.
const (
	RoleProducer      = "producer"       // may sign evidence
	RoleWaiverGranter = "waiver-granter" // may grant waivers
)

// Policy is what the governance team demands: whom to believe, and what each
// stage asks for. It never comes from the folder that is judged.
type Policy struct {
	Name        string           `json:"name"`
	Trust       []TrustedSigner  `json:"trust"`
	Roots       []TrustedRoot    `json:"trustedRoots"`
	Authorities []string         `json:"authorities"` // PEM, of private certificate authorities
	Revoked     []Revocation     `json:"revoked"`
	Stages      map[string]Stage `json:"stages"`
	Bundles     []BundleRef      `json:"bundles"` // rules that are not in this program
	Digest      string           `json:"-"`       // SHA-256 of the file
	Origin      string           `json:"-"`       // the file's path, or what was built in
}

// TrustedSigner is a key or an identity, and what it may do.
type TrustedSigner struct {
	Name            string    `json:"name"`
	PublicKey       string    `json:"publicKey"` // PEM
	Identity        string    `json:"identity"`
	IdentityPattern string    `json:"identityPattern"` // has to match all of it
	Issuer          string    `json:"issuer"`
	IssuerPattern   string    `json:"issuerPattern"`
	Roles           []string  `json:"roles"`
	Statements      []string  `json:"statements"` // kinds or predicate types; empty: what the roles allow
	Subjects        []string  `json:"subjects"`   // patterns for the name of the artifact
	Require         []string  `json:"require"`    // timestamp, transparency-log
	NotBefore       time.Time `json:"notBefore"`
	NotAfter        time.Time `json:"notAfter"`
}

// TrustedRoot is the trusted_root.json of a Sigstore: a file beside the
// policy, pinned by its digest, so that the policy's digest covers it.
type TrustedRoot struct {
	File   string `json:"file"`
	Digest string `json:"digest"`
	data   []byte
}

// Revocation takes trust back, in one key, certificate or statement.
type Revocation struct {
	Key         string    `json:"key"`
	Certificate string    `json:"certificate"`
	Statement   string    `json:"statement"`
	Since       time.Time `json:"since"`
	Reason      string    `json:"reason"`
}

// Stage is what one environment demands of a model.
type Stage struct {
	Profiles       []string               `json:"profiles"`
	Thresholds     map[string]any         `json:"thresholds"`
	MaxEvidenceAge Age                    `json:"maxEvidenceAge"`
	ValidFor       Age                    `json:"validFor"`
	Approvals      []modelvet.Requirement `json:"approvals"`
	Waivable       []string               `json:"waivable"`
	Baseline       string                 `json:"baseline"` // where the model in use lies: oci:PATH or a registry reference

	ThresholdsSignature string `json:"thresholdsSignature"` // file beside the policy, by `modelvet policy sign`

	Levels          map[string]LevelChange `json:"levels"` // by rule id
	DevelopmentKeys bool                   `json:"developmentKeys"`
	Require         []string               `json:"require"`   // timestamp, transparency-log: of every signature
	Attesters       map[string][]string    `json:"attesters"` // kind of document to the roles that may attest it
}

// Age is a duration written as hours or days: "12h", "30d".
type Age time.Duration

// UnmarshalText reads "12h" or "30d".
func (a *Age) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(strings.TrimRight(string(text), "hd"))
	if err != nil || n <= 0 || n > 36500 {
		return fmt.Errorf("%q is no duration; write hours or days: 12h, 30d", text)
	}
	unit := time.Hour
	if strings.HasSuffix(string(text), "d") {
		unit = 24 * time.Hour
	}
	*a = Age(time.Duration(n) * unit)
	return nil
}

//go:embed default-policy.yaml
var defaultPolicy []byte

// DefaultPolicy is the one that is built in. It trusts no key but the local
// development key, and asks for an approval that nobody can give until a
// governance team writes a policy of its own.
func DefaultPolicy() (*Policy, error) {
	return parsePolicy("the built-in policy", defaultPolicy)
}

// LoadPolicy reads a policy file.
func LoadPolicy(path string) (*Policy, error) {
	b, err := readSmall(path)
	if err != nil {
		return nil, fmt.Errorf("reading the policy: %w", err)
	}
	return parsePolicy(path, b)
}

func parsePolicy(origin string, b []byte) (*Policy, error) {
	p := &Policy{Origin: origin}
	if err := schemas.DecodeYAML("policy", origin, b, p); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	p.Digest = "sha256:" + hex.EncodeToString(sum[:])
	if err := p.readRoots(); err != nil {
		return nil, fmt.Errorf("%s: %w", origin, err)
	}
	if err := p.trust(time.Now()).Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", origin, err)
	}
	return p, nil
}

// Stage returns what a stage demands; an unknown name is an error that lists the names.
func (p *Policy) Stage(name string) (Stage, error) {
	s, ok := p.Stages[name]
	if !ok {
		var names []string
		for n := range p.Stages {
			names = append(names, n)
		}
		slices.Sort(names)
		return s, fmt.Errorf("%s has no stage %q; it has: %s", p.Origin, name, strings.Join(names, ", "))
	}
	return s, nil
}

// readSmall reads a regular file that a person wrote.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	const most = 4 << 20
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	if len(b) > most {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, most)
	}
	return b, nil
}
