// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"

	"github.com/modelvet/modelvet"
)

// ours is how the predicate types of modelvet begin. Their predicates carry
// the time of signing in the key stated, because a key alone gives no trusted time.
const (
	ours   = "https://github.com/modelvet/modelvet/predicates/"
	stated = "statedAt"
)

// limits on what a statement may hold (sigstore-go has the same)
const (
	maxSubjects = 1024
	maxDigests  = 32
)

func isOurs(predicateType string) bool { return strings.HasPrefix(predicateType, ours) }

// statement is an in-toto Statement (in-toto attestation framework, v1).
type statement struct {
	Type          string          `json:"_type"`
	Subject       []resource      `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

// resource is the part of an in-toto ResourceDescriptor that names content.
type resource struct {
	Name   string            `json:"name,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest,omitempty"`
}

func newStatement(name, hexDigest, predicateType string, predicate json.RawMessage) statement {
	return statement{
		Type:          in_toto.StatementInTotoV1,
		Subject:       []resource{{Name: name, Digest: map[string]string{"sha256": hexDigest}}},
		PredicateType: predicateType,
		Predicate:     predicate,
	}
}

// parseStatement reads a payload whose signature may or may not hold.
func parseStatement(payload []byte) (statement, error) {
	var s statement
	members, err := object(payload, "_type", "subject", "predicateType", "predicate")
	if err != nil {
		return s, err
	}
	for key, to := range map[string]any{"_type": &s.Type, "predicateType": &s.PredicateType} {
		if err := json.Unmarshal(members[key], to); err != nil {
			return s, fmt.Errorf("%s: missing or no string", key)
		}
	}
	if s.Subject, err = parseSubjects(members["subject"]); err != nil {
		return s, fmt.Errorf("subject: %w", err)
	}
	s.Predicate = members["predicate"]
	return s, s.check()
}

func parseSubjects(data json.RawMessage) ([]resource, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil || len(raw) == 0 {
		return nil, errors.New("missing, empty or no array")
	}
	if len(raw) > maxSubjects {
		return nil, fmt.Errorf("%d subjects: at most %d are read", len(raw), maxSubjects)
	}
	out := make([]resource, len(raw))
	for i := range raw {
		if _, err := object(raw[i], "name", "uri", "digest"); err != nil {
			return nil, fmt.Errorf("%d: %w", i, err)
		}
		if err := json.Unmarshal(raw[i], &out[i]); err != nil {
			return nil, fmt.Errorf("%d: name, uri or digest has the wrong type", i)
		}
		if n := len(out[i].Digest); n == 0 || n > maxDigests {
			return nil, fmt.Errorf("%d: %d digests: expected 1 to %d", i, n, maxDigests)
		}
	}
	return out, nil
}

func (s statement) check() error {
	foreignOld := s.Type == in_toto.StatementInTotoV01 && !isOurs(s.PredicateType)
	switch {
	case s.Type != in_toto.StatementInTotoV1 && !foreignOld:
		return fmt.Errorf("_type: %.80q: expected %s", s.Type, in_toto.StatementInTotoV1)
	case s.PredicateType == "":
		return errors.New("predicateType: it is empty")
	case len(s.Predicate) == 0 || string(s.Predicate) == "null":
		return errors.New("predicate: it is missing")
	case isOurs(s.PredicateType) && len(s.Subject) != 1:
		return fmt.Errorf("subject: %d of them: a statement of modelvet is about exactly one artifact", len(s.Subject))
	}
	return nil
}

// about says whether the statement names the artifact with this hex digest.
func (s statement) about(hexDigest string) bool {
	for _, r := range s.Subject {
		if r.Digest["sha256"] == hexDigest {
			return true
		}
	}
	return false
}

// encodePredicate makes the predicate as it is signed: for our own types an
// object with the time of signing in it. Keys come out sorted.
func encodePredicate(predicateType string, predicate any, at time.Time) (json.RawMessage, error) {
	data, err := json.Marshal(predicate)
	if err != nil {
		return nil, fmt.Errorf("encoding the predicate: %w", err)
	}
	if err := checkJSON(data); err != nil {
		return nil, fmt.Errorf("encoding the predicate: %w", err)
	}
	if !isOurs(predicateType) {
		if _, err := object(data); err != nil {
			return nil, fmt.Errorf("encoding the predicate: %w", err)
		}
		return data, nil
	}
	members, err := object(data, stated)
	if err != nil {
		return nil, fmt.Errorf("encoding the predicate: %w", err)
	}
	if at.IsZero() {
		return nil, fmt.Errorf("signing a %s: no time given, and the statement has to carry one", predicateType)
	}
	if _, taken := members[stated]; taken {
		return nil, fmt.Errorf("the predicate has a key %s of its own: that name is kept for the time of signing", stated)
	}
	members[stated] = json.RawMessage(`"` + at.UTC().Format(time.RFC3339) + `"`)
	return json.Marshal(members)
}

// decodePredicate takes the time of signing out again. Foreign predicates
// have it where their specification puts it, or nowhere.
func decodePredicate(s statement) (json.RawMessage, time.Time, error) {
	if !isOurs(s.PredicateType) {
		members, err := object(s.Predicate)
		if err != nil {
			return nil, time.Time{}, fmt.Errorf("predicate: %w", err)
		}
		at, err := foreignTime(s.PredicateType, members)
		return s.Predicate, at, err
	}
	members, err := object(s.Predicate, stated)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("predicate: %w", err)
	}
	at, err := timeIn(members[stated])
	if err != nil || at.IsZero() {
		return nil, time.Time{}, fmt.Errorf("predicate: %s is no time as of RFC 3339", stated)
	}
	delete(members, stated)
	data, err := joined(members)
	return data, at, err
}

// joined makes an object of members that were checked: keys sorted, values as
// they are. json.Marshal would read all of them twice more.
func joined(members map[string]json.RawMessage) (json.RawMessage, error) {
	out := []byte{'{'}
	for i, key := range slices.Sorted(maps.Keys(members)) {
		if i > 0 {
			out = append(out, ',')
		}
		k, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, k...), ':'), members[key]...)
	}
	return append(out, '}'), nil
}

// foreignTime finds the time that a foreign predicate states of itself.
// SLSA VSA v1: timeVerified; SLSA provenance v1:
// runDetails.metadata.finishedOn; CycloneDX: metadata.timestamp.
func foreignTime(predicateType string, members map[string]json.RawMessage) (time.Time, error) {
	path := map[string][]string{
		modelvet.PredicateVSA:        {"timeVerified"},
		modelvet.PredicateProvenance: {"runDetails", "metadata", "finishedOn"},
		modelvet.PredicateMLBOM:      {"metadata", "timestamp"},
	}[predicateType]
	for i, key := range path {
		value, ok := members[key]
		if !ok {
			return time.Time{}, nil
		}
		if i == len(path)-1 {
			at, err := timeIn(value)
			if err != nil {
				err = fmt.Errorf("predicate: %s is no time as of RFC 3339", strings.Join(path, "."))
			}
			return at, err
		}
		var err error
		if members, err = object(value); err != nil {
			return time.Time{}, fmt.Errorf("predicate: %s: %w", strings.Join(path[:i+1], "."), err)
		}
	}
	return time.Time{}, nil
}

func timeIn(data json.RawMessage) (time.Time, error) {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, text)
	return at.UTC(), err
}

// hexDigest takes "sha256:<64 lower-case hex>" apart.
func hexDigest(digest string) (string, error) {
	h, ok := strings.CutPrefix(digest, "sha256:")
	if raw, err := hex.DecodeString(h); !ok || err != nil || len(raw) != 32 || h != strings.ToLower(h) {
		return "", fmt.Errorf("digest %.80q: expected sha256: and 64 lower-case hex digits", digest)
	}
	return h, nil
}
