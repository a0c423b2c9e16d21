// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestAge(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		at   time.Time
		want modelvet.Status
	}{
		"fresh":               {now.Add(-29 * day), modelvet.Verified},
		"too old":             {now.Add(-31 * day), modelvet.Stale},
		"a clock that is off": {now.Add(4 * time.Minute), modelvet.Verified},
		"from the future":     {now.Add(6 * time.Minute), modelvet.Invalid},
		"undated":             {time.Time{}, modelvet.Stale},
	} {
		e := modelvet.Evidence{Status: modelvet.Verified, SignedAt: c.at}
		if age(&e, now, 30*day); e.Status != c.want {
			t.Errorf("%s: %s (%s)", name, e.Status, e.Reason)
		}
	}
	e := modelvet.Evidence{Status: modelvet.Invalid, SignedAt: now}
	if age(&e, now, day); e.Status != modelvet.Invalid {
		t.Error("age makes invalid evidence better")
	}
}

// Evidence that does not keep its contract is no evidence.
func TestCheckSchema(t *testing.T) {
	good := `{"scanner":"fairness","version":"1","coverage":{"read":[],"skipped":[]},"findings":[],"measurements":[]}`
	for predicate, want := range map[string]modelvet.Status{
		good:                                     modelvet.Verified,
		strings.Replace(good, `"1"`, `1`, 1):     modelvet.Invalid,
		strings.Replace(good, `[]}`, `null}`, 1): modelvet.Invalid,
		`{}`:                                     modelvet.Invalid,
		``:                                       modelvet.Invalid,
		`null`:                                   modelvet.Invalid,
		good + good:                              modelvet.Invalid,
		strings.Replace(good, `{"scanner"`, `{"passed":true,"scanner"`, 1): modelvet.Invalid,
	} {
		e := modelvet.Evidence{Status: modelvet.Verified, PredicateType: modelvet.PredicateScan, Predicate: []byte(predicate)}
		if checkSchema(&e); e.Status != want {
			t.Errorf("%.40s: %s", predicate, e.Status)
		}
	}
}

func TestUnverifiedActsDoNotCount(t *testing.T) {
	for _, status := range []modelvet.Status{modelvet.Invalid, modelvet.Unverified, modelvet.Stale, modelvet.Missing} {
		approvals, waivers := acts([]modelvet.Evidence{
			{PredicateType: modelvet.PredicateApproval, Status: status, Predicate: []byte(`{"role":"officer"}`), Signer: modelvet.Signer{KeyID: "k", Roles: []string{"officer"}}},
			{PredicateType: modelvet.PredicateWaiver, Status: status, Predicate: []byte(`{"id":"w"}`), Signer: modelvet.Signer{KeyID: "k", Roles: []string{RoleWaiverGranter}}},
		})
		if approvals[0].Reason == "" || waivers[0].Reject == "" {
			t.Errorf("%s acts carry no reason against them", status)
		}
	}
	_, waivers := acts([]modelvet.Evidence{{PredicateType: modelvet.PredicateWaiver, Status: modelvet.Verified, Predicate: []byte(`{"id":"w"}`), Signer: modelvet.Signer{KeyID: "k", Roles: []string{"officer"}}}})
	if waivers[0].Reject == "" {
		t.Error("a waiver by somebody who may not grant one")
	}
}

func TestOutput(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	publish(t, dir, "one")
	publish(t, dir, "two")
	if got := read1(t, dir); got != "two" {
		t.Errorf("published %q", got)
	}
	o, err := newOutput(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newOutput(dir); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("two runs write one folder: %v", err)
	}
	o.close() // interrupted: nothing was published
	if got := read1(t, dir); got != "two" {
		t.Errorf("an interrupted run leaves %q", got)
	}
	if left, _ := filepath.Glob(dir + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func publish(t *testing.T, dir, text string) {
	t.Helper()
	o, err := newOutput(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer o.close()
	if err := os.WriteFile(filepath.Join(o.next, marker), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := o.publish(); err != nil {
		t.Fatal(err)
	}
}

func read1(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, marker))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Where a file system cannot exchange folders, two steps do.
func TestReplace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	for _, text := range []string{"one", "two"} {
		next := dir + ".next"
		if err := os.Mkdir(next, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(next, marker), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := replace(next, dir); err != nil || read1(t, dir) != text {
			t.Errorf("%v, %q", err, read1(t, dir))
		}
	}
}

func TestForeignFoldersStay(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newOutput(dir); err == nil {
		t.Error("a folder with foreign files would be replaced")
	}
}

func TestDefaultPolicyAllowsNobody(t *testing.T) {
	p, err := DefaultPolicy()
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Trust) > 0 {
		t.Error("the built-in policy trusts somebody")
	}
	for name, s := range p.Stages {
		if len(s.Approvals) == 0 {
			t.Errorf("stage %s of the built-in policy asks for nobody's approval", name)
		}
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add(defaultPolicy)
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := parsePolicy("policy.yaml", b); err == nil && (len(p.Stages) == 0 || p.Digest == "") {
			t.Errorf("accepted a policy without stages: %q", b)
		}
	})
}
