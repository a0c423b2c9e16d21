// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
)

// Limits narrow down what a trusted signer is believed. The zero value narrows nothing.
type Limits struct {
	Statements []string  // kinds or predicate types that they may sign; empty: all that their roles allow
	Subjects   []string  // patterns for the name of the artifact; each has to match all of it; empty: any
	NotBefore  time.Time // zero: no bound
	NotAfter   time.Time // zero: no bound
	Timestamp  bool      // a trusted authority has to have dated the signature
	Log        bool      // a trusted transparency log has to hold it
}

func (l Limits) check() error {
	for _, s := range l.Statements {
		if !knownKind(s) {
			return fmt.Errorf("statements: %.80q is none of %s, and no predicate type", s, strings.Join(Kinds(), ", "))
		}
	}
	for _, p := range l.Subjects {
		if _, err := anchored(p); err != nil {
			return fmt.Errorf("subjects: %w", err)
		}
	}
	if !l.NotBefore.IsZero() && !l.NotAfter.IsZero() && !l.NotBefore.Before(l.NotAfter) {
		return errors.New("notBefore is not before notAfter")
	}
	return nil
}

// allows says why a statement that is genuine goes beyond the limits.
func (l Limits) allows(p proof, s statement, predicate json.RawMessage, name string) error {
	switch {
	case l.check() != nil:
		return l.check()
	case len(l.Statements) > 0 && !slices.ContainsFunc(l.Statements, func(e string) bool { return covers(e, s.PredicateType, predicate) }):
		return fmt.Errorf("they may not sign %s, only %s (trust, statements)", printable(clip(KindOf(s.PredicateType, predicate))), strings.Join(l.Statements, ", "))
	case len(l.Subjects) > 0 && !slices.ContainsFunc(l.Subjects, func(p string) bool { return matchText("", p, name) }):
		return fmt.Errorf("they may not sign for %s (trust, subjects)", printable(clip(name)))
	case l.Timestamp && !p.dated:
		return errors.New("no trusted time-stamp authority dated it, and the policy requires that (require, timestamp)")
	case l.Log && !p.logged:
		return errors.New("it is in no trusted transparency log, and the policy requires that (require, transparency-log)")
	}
	return nil
}

// Revocation takes back the trust in one thing.
type Revocation struct {
	Key         string    // id of a public key
	Certificate string    // "sha256:" and the hex SHA-256 of its DER
	Statement   string    // "sha256:" and the hex SHA-256 of the statement, as `verify --output json` names it
	Since       time.Time // signatures that a trusted authority dated before count still; zero: none does
	Reason      string
}

func (r Revocation) check() error {
	named := 0
	for _, d := range []string{r.Key, r.Certificate, r.Statement} {
		if d == "" {
			continue
		}
		named++
		if raw, err := hex.DecodeString(strings.TrimPrefix(d, "sha256:")); err != nil || len(raw) != 32 {
			return fmt.Errorf("%.80q: expected 64 hex digits of a SHA-256", d)
		}
	}
	if named != 1 {
		return errors.New("give key, certificate or statement, one of them")
	}
	return nil
}

// revoked looks for what a policy takes back. A statement is named by what was
// signed: the bundle around it can be written in many ways.
func (t Trust) revoked(o *opened, p proof, digest string) error {
	same := func(want, got string) bool {
		return want != "" && strings.EqualFold(strings.TrimPrefix(want, "sha256:"), strings.TrimPrefix(got, "sha256:"))
	}
	for _, r := range t.Revoked {
		what := ""
		switch {
		case same(r.Statement, o.statementDigest()) || same(r.Statement, digest):
			what = "this statement"
		case same(r.Key, p.key):
			what = "the key " + p.key
		case same(r.Certificate, p.certificate):
			what = "the certificate " + p.certificate
		default:
			continue
		}
		if !r.Since.IsZero() && !p.stamped.IsZero() && p.stamped.Before(r.Since) {
			continue
		}
		why := ""
		if r.Reason != "" {
			why = ": " + printable(clip(r.Reason))
		}
		return doubt{modelvet.Invalid, fmt.Errorf("the policy revokes %s%s", what, why)}
	}
	return nil
}

// statementDigest names what was signed.
func (o *opened) statementDigest() string { return Digest(o.payload) }

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return "sha256:" + hex.EncodeToString(sum[:])
}
