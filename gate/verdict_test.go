// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/attest"
)

func verdictOf(digest, kind, predicate string, at time.Time) modelvet.Evidence {
	return modelvet.Evidence{Digest: "sha256:" + digest, PredicateType: attest.TypeOf(kind), Predicate: json.RawMessage(predicate), Status: modelvet.Verified, SignedAt: at}
}

// A FAILED verdict signed by the right key is a genuine statement, and no permission.
func TestASignedVerdictIsNoPermissionUnlessItSaysYes(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	vsa := func(result string) string {
		return fmt.Sprintf(`{"verificationResult":%q,"https://github.com/modelvet/modelvet/vsa/stage":"production"}`, result)
	}
	decision := func(outcome string, restsOn ...string) string {
		list := []map[string]string{}
		for _, d := range restsOn {
			list = append(list, map[string]string{"digest": "sha256:" + d})
		}
		b, _ := json.Marshal(map[string]any{"stage": "production", "outcome": outcome, "evidence": list})
		return string(b)
	}
	yes, no := verdictOf("a", "decision", decision("allowed"), now), verdictOf("b", "decision", decision("denied"), now.Add(time.Hour))
	unsigned := no
	unsigned.Status = modelvet.Unverified
	for name, c := range map[string]struct {
		evidence []modelvet.Evidence
		want     modelvet.Verdict
		ok       bool
	}{
		"none":                          {nil, "", false},
		"FAILED, by the right key":      {[]modelvet.Evidence{verdictOf("a", "vsa", vsa("FAILED"), now)}, modelvet.Denied, true},
		"PASSED":                        {[]modelvet.Evidence{verdictOf("a", "vsa", vsa("PASSED"), now)}, modelvet.Allowed, true},
		"no result at all":              {[]modelvet.Evidence{verdictOf("a", "vsa", vsa("passed"), now)}, modelvet.Denied, true},
		"another stage":                 {[]modelvet.Evidence{verdictOf("a", "decision", `{"stage":"dev","outcome":"allowed"}`, now)}, "", false},
		"a later no":                    {[]modelvet.Evidence{no, yes}, modelvet.Denied, true},
		"a later no that nobody signed": {[]modelvet.Evidence{unsigned, yes}, modelvet.Allowed, true},
		"at once: no wins":              {[]modelvet.Evidence{yes, verdictOf("c", "vsa", vsa("FAILED"), now)}, modelvet.Denied, true},
		"at once, pending":              {[]modelvet.Evidence{verdictOf("c", "vsa", vsa("FAILED"), now), verdictOf("d", "decision", decision("pending"), now)}, modelvet.Pending, true},
		"one that rests on the other":   {[]modelvet.Evidence{no, verdictOf("c", "decision", decision("allowed", "b"), now)}, modelvet.Allowed, true},
		"a decision that is no object":  {[]modelvet.Evidence{verdictOf("a", "decision", `[]`, now)}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, of, ok := Verdict(c.evidence, "production")
			if got != c.want || ok != c.ok {
				t.Errorf("%q %v (%s)", got, ok, of.Digest)
			}
		})
	}
}

func TestThePolicySaysWhoMaySignWhat(t *testing.T) {
	head := "name: p\nstages: {production: {profiles: [supply-chain], maxEvidenceAge: 30d, validFor: 90d}}\ntrust:\n- {name: ci, roles: [producer], "
	for text, want := range map[string]string{
		`identityPattern: "https://github\\.com/acme/.*", issuer: "https://i"}`:    "",
		`identity: a, issuer: i, statements: [scan/fairness, bom], subjects: [a]}`: "",
		`identity: a, issuer: i, statements: [scans]}`:                             "scans",
		`identity: a, issuer: i, subjects: ["("]}`:                                 "subjects",
		`identity: a, identityPattern: b, issuer: i}`:                              "trust",
		`identity: a}`: "trust",
		`identity: a, issuer: i, require: [witness]}`:                                                                       "require",
		`identity: a, issuer: i, notBefore: "2026-01-02T00:00:00Z", notAfter: "2026-01-01T00:00:00Z"}`:                      "notBefore",
		"identity: a, issuer: i}\nrevoked: [{key: abc}]":                                                                    "key",
		"identity: a, issuer: i}\nrevoked: [{reason: none}]":                                                                "revoked",
		"identity: a, issuer: i}\ntrustedRoots: [{file: no-such-file, digest: \"sha256:" + strings.Repeat("0", 64) + "\"}]": "no-such-file",
		"identity: a, issuer: i}\ntrustedRoots: [{file: no-such-file}]":                                                     "digest",
		"identity: a, issuer: i}\nauthorities: [none]":                                                                      "authorities",
	} {
		_, err := parsePolicy("policy.yaml", []byte(head+text+"\n"))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, expected %q", text, err, want)
		}
	}
}
