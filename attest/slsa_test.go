// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"context"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	provenance "github.com/in-toto/attestation/go/predicates/provenance/v1"
	vsa "github.com/in-toto/attestation/go/predicates/vsa/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/modelvet/modelvet"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file below testdata.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs; run the test with -update and look at the difference. Got:\n%s", file, got)
	}
}

func decision(outcome modelvet.Verdict) modelvet.Decision {
	return modelvet.Decision{
		Outcome: outcome, Stage: "production", At: noon, Expires: noon.AddDate(0, 1, 0), Subject: subject,
		Policy: modelvet.PolicyRef{Digest: sha("policy")}, EvidenceRoot: sha("root"), Engine: modelvet.Engine{Modelvet: "1.0.0"},
		Evidence: []modelvet.Evidence{
			{Digest: sha("2"), PredicateType: modelvet.PredicateSystem, Status: modelvet.Verified},
			{Digest: sha("1"), PredicateType: modelvet.PredicateScan, Status: modelvet.Verified},
			{Digest: sha("3"), PredicateType: modelvet.PredicateScan, Status: modelvet.Unverified},
		},
	}
}

const resourceURI = "oci://registry.example/credit"

func TestADecisionAsVerificationSummary(t *testing.T) {
	for outcome, file := range map[modelvet.Verdict]string{modelvet.Allowed: "vsa-allowed.json", modelvet.Denied: "vsa-denied.json"} {
		v, err := VSA(decision(outcome), resourceURI, "https://example.org/policy.yaml")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, file, v)
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, &vsa.VerificationSummary{}); err != nil {
			t.Errorf("in-toto does not read it: %v", err)
		}
	}
}

func TestOnlyAnAllowedDecisionHasPassed(t *testing.T) {
	s := fixed(t)
	at := noon.Add(time.Hour)
	read := func(change func(*modelvet.Decision)) (VerificationSummary, error) {
		d := decision(modelvet.Allowed)
		change(&d)
		v, err := VSA(d, resourceURI, "")
		if err != nil {
			return v, err
		}
		return ReadVSA(Verify(context.Background(), sign(t, s, modelvet.PredicateVSA, v), trusting(s), subject))
	}
	level := []string{"MODELVET_GATE_PRODUCTION"}
	for name, c := range map[string]struct {
		change             func(*modelvet.Decision)
		verifier, resource string
		levels             []string
		now                time.Time
		want               string
	}{
		"allowed":          {func(*modelvet.Decision) {}, VerifierID, resourceURI, level, at, ""},
		"denied":           {func(d *modelvet.Decision) { d.Outcome = modelvet.Denied }, VerifierID, resourceURI, nil, at, "not PASSED"},
		"pending":          {func(d *modelvet.Decision) { d.Outcome = modelvet.Pending }, VerifierID, resourceURI, nil, at, "not PASSED"},
		"no outcome":       {func(d *modelvet.Decision) { d.Outcome = "" }, VerifierID, resourceURI, nil, at, "not PASSED"},
		"other stage":      {func(d *modelvet.Decision) { d.Stage = "staging" }, VerifierID, resourceURI, level, at, "level MODELVET_GATE_PRODUCTION"},
		"other verifier":   {func(*modelvet.Decision) {}, "https://x.example", resourceURI, level, at, "verifier"},
		"no verifier":      {func(*modelvet.Decision) {}, "", resourceURI, level, at, "verifier"},
		"other resource":   {func(*modelvet.Decision) {}, VerifierID, "oci://x", level, at, "resource"},
		"no resource":      {func(*modelvet.Decision) {}, VerifierID, "", level, at, "resource"},
		"expired":          {func(*modelvet.Decision) {}, VerifierID, resourceURI, level, noon.AddDate(0, 1, 0), "expired"},
		"before its time":  {func(*modelvet.Decision) {}, VerifierID, resourceURI, level, noon.Add(-time.Hour), "future"},
		"no level":         {func(*modelvet.Decision) {}, VerifierID, resourceURI, nil, at, "no level was asked for"},
		"no policy":        {func(d *modelvet.Decision) { d.Policy.Digest = "" }, VerifierID, resourceURI, nil, at, "policy"},
		"no time":          {func(d *modelvet.Decision) { d.At = time.Time{} }, VerifierID, resourceURI, nil, at, "needs a time"},
		"a stage of words": {func(d *modelvet.Decision) { d.Stage = "pre-prod ü" }, VerifierID, resourceURI, []string{"MODELVET_GATE_PRE_PROD__"}, at, ""},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := read(c.change)
			if err == nil {
				err = v.Vouches(c.verifier, c.resource, c.levels, c.now)
			}
			if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v: expected %q", err, c.want)
			}
		})
	}
	if _, err := ReadVSA(modelvet.Evidence{Status: modelvet.Unverified, PredicateType: modelvet.PredicateVSA, Predicate: json.RawMessage(`{"verificationResult":"PASSED"}`)}); err == nil {
		t.Error("an unverified summary was read")
	}
	for _, predicate := range []string{`{}`, `{"verificationResult":"passed"}`, `{"verificationResult":7}`} {
		if _, err := ReadVSA(modelvet.Evidence{Status: modelvet.Verified, PredicateType: modelvet.PredicateVSA, Predicate: json.RawMessage(predicate)}); err == nil {
			t.Errorf("%s was read", predicate)
		}
	}
}

const head = "0123456789abcdef0123456789abcdef01234567"

var (
	githubEnv = map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/credit", "GITHUB_EVENT_NAME": "push",
		"GITHUB_WORKFLOW_REF": "acme/credit/.github/workflows/gate.yml@refs/heads/main", "GITHUB_REPOSITORY_ID": "1", "GITHUB_REPOSITORY_OWNER_ID": "2",
		"RUNNER_ENVIRONMENT": "github-hosted", "GITHUB_REF": "refs/heads/main", "GITHUB_SHA": head, "GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_TOKEN": "s3cret"}
	gitlabEnv = map[string]string{"GITLAB_CI": "true", "CI_PROJECT_URL": "https://gitlab.com/acme/credit", "CI_JOB_NAME": "gate", "CI_JOB_ID": "9", "CI_COMMIT_SHA": head, "CI_COMMIT_BRANCH": "main",
		"CI_RUNNER_ID": "3", "CI_RUNNER_DESCRIPTION": "blue", "CI_RUNNER_EXECUTABLE_ARCH": "linux/amd64", "CI_JOB_URL": "https://gitlab.com/acme/credit/-/jobs/9", "CI_PIPELINE_SOURCE": "push", "CI_JOB_TOKEN": "s3cret", "MY_PASSWORD": "s3cret"}
	jenkinsEnv = map[string]string{"JENKINS_URL": "https://jenkins.example/", "JOB_NAME": "credit", "BUILD_URL": "https://jenkins.example/job/credit/5/", "GIT_URL": "https://bot:s3cret@git.example/credit.git", "GIT_BRANCH": "origin/main", "GIT_COMMIT": head}
	tektonEnv  = map[string]string{"TEKTON_TASK": "modelvet-gate", "TEKTON_PIPELINE": "release", "TEKTON_NAMESPACE": "ml", "TEKTON_TASK_RUN": "release-1-gate", "TEKTON_TASK_RUN_UID": "5f0d", "TEKTON_BUILDER_ID": "https://tekton.acme.example/prod", "TOKEN": "s3cret"}
	aBuild     = Build{Git: Git{URI: "https://bot:s3cret@git.example/acme/credit.git", Ref: "refs/heads/main", Commit: head, Dirty: true}, Entry: "train.py", Parameters: map[string]string{"seed": "7"},
		Inputs:  []modelvet.LineageInput{{Kind: "dataset", Name: "train.csv", Digest: sha("train")}, {Kind: "base-model", Name: "base", URI: "oci://u:s3cret@registry.example/base"}},
		Started: noon.Add(-time.Hour), Finished: noon, Modelvet: "1.0.0"}
)

func TestProvenanceOfEachPlatform(t *testing.T) {
	pull := maps.Clone(githubEnv)
	pull["GITHUB_EVENT_NAME"] = "pull_request"
	for name, env := range map[string]map[string]string{"github": githubEnv, "github-pull-request": pull, "gitlab": gitlabEnv, "jenkins": jenkinsEnv, "tekton": tektonEnv, "shell": {"HOME": "s3cret"}} {
		t.Run(name, func(t *testing.T) {
			p, err := Provenance(env, aBuild)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "provenance-"+name+".json", p)
			data, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			var peer provenance.Provenance
			if err := protojson.Unmarshal(data, &peer); err != nil {
				t.Fatal(err)
			}
			if err := peer.Validate(); err != nil {
				t.Errorf("in-toto: %v", err)
			}
			if strings.Contains(string(data), "s3cret") {
				t.Errorf("a secret is in it: %s", data)
			}
			unverified := p.RunDetails.Builder.ID == UnverifiedBuilder
			if want := name == "shell" || name == "github-pull-request"; unverified != want {
				t.Errorf("builder %s", p.RunDetails.Builder.ID)
			}
		})
	}
}

func TestProvenanceDoesNotGuess(t *testing.T) {
	for _, env := range []map[string]string{githubEnv, gitlabEnv, jenkinsEnv} {
		for name := range env {
			cut := maps.Clone(env)
			delete(cut, name)
			p, err := Provenance(cut, Build{})
			if err != nil && !strings.Contains(err.Error(), name) {
				t.Errorf("without %s: %v", name, err)
			}
			if err == nil && p.RunDetails.Builder.ID != UnverifiedBuilder && (strings.HasSuffix(name, "SHA") || strings.HasSuffix(name, "_URL") && name != "GIT_URL") {
				t.Errorf("without %s: %s", name, p.RunDetails.Builder.ID)
			}
		}
	}
	for want, b := range map[string]Build{
		"git commit": {Git: Git{Commit: "main"}},
		"digest":     {Inputs: []modelvet.LineageInput{{Name: "x", Digest: "abc"}}},
		"neither":    {Inputs: []modelvet.LineageInput{{Kind: "dataset"}}},
	} {
		if _, err := Provenance(nil, b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: expected %q", err, want)
		}
	}
	for in, want := range map[string]string{"git@host:a/b.git": "git+ssh://git@host/a/b.git", "ssh://git:pw@host/a": "git+ssh://git@host/a", "": "", "/srv/repo": "git+/srv/repo"} {
		if got := source(in, "", head).URI; got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}
