// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/modelvet/modelvet"
)

const hostile = "bad\n::set-output name=x::y\r%0A::error::\u202eforged\x1b[31m"

// denied is a decision with many rules that fail, and hostile words.
func denied(rules int) Result {
	d := modelvet.Decision{Outcome: modelvet.Denied, Stage: "production", Reasons: []string{"blocking rules are not met"},
		Subject: modelvet.Subject{Name: hostile, Digest: "sha256:" + strings.Repeat("a", 64)}}
	for i := range rules {
		d.Results = append(d.Results, modelvet.Result{Rule: modelvet.Rule{ID: fmt.Sprintf("area.rule_%d", i), Title: "Title, with: " + hostile, Level: modelvet.Block, Remediation: "Mend it"},
			Outcome: modelvet.Fail, Objections: []string{hostile}})
	}
	d.Results = append(d.Results, modelvet.Result{Rule: modelvet.Rule{ID: "area.soft", Level: modelvet.Warn}, Outcome: modelvet.Unknown, Reason: "no evidence"},
		modelvet.Result{Rule: modelvet.Rule{ID: "area.holds", Level: modelvet.Block}, Outcome: modelvet.Pass})
	d.Controls = []modelvet.ControlResult{{Control: modelvet.Control{ID: "c-1"}, State: modelvet.NotSupported}, {Control: modelvet.Control{ID: "c-2"}, State: modelvet.Supported}}
	d.Scans = []modelvet.Scan{{Scanner: "modelfile", Findings: []modelvet.Finding{
		{ID: "pickle/unsafe-call", Path: "model/a.pkl", Severity: modelvet.SeverityBlock, What: "posix.system"},
		{ID: "pickle/odd", Path: "../../etc/passwd", Severity: modelvet.SeverityWarn, What: "outside"}}}}
	return Result{Decision: d, Dir: "out", Model: "models/credit", Summary: []byte("## denied\n"), Statements: []string{"out/attestations/1.sigstore.json"}}
}

func job(t *testing.T) (GitHub, *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	var log bytes.Buffer
	return GitHub{Out: &log, Env: map[string]string{"GITHUB_OUTPUT": filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary"), "RUNNER_TEMP": dir}}, &log
}

// command is the runner's own grammar of a workflow command.
var command = regexp.MustCompile(`^::(error|warning|notice) ((?:[a-z]+=[^,:\r\n]*,?)+)::([^\r\n]*)$`)

func TestAnnotationsAreWithinTheLimitsAndHarmless(t *testing.T) {
	for _, mode := range []Mode{Enforce, Warn, Observe} {
		for _, n := range []int{0, 1, 8, 9, 50} {
			g, log := job(t)
			if err := g.Publish(denied(n), mode); err != nil {
				t.Fatal(err)
			}
			counts := map[string]int{}
			for line := range strings.Lines(log.String()) {
				m := command.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
				if m == nil {
					t.Fatalf("%s: no workflow command: %q", mode, line)
				}
				counts[m[1]]++
				if strings.ContainsAny(line, "\x1b\u202e") {
					t.Errorf("control characters reach the log: %q", line)
				}
				if strings.Contains(m[2], "etc/passwd") {
					t.Errorf("an annotation points outside of the model: %q", line)
				}
			}
			for level, count := range counts {
				if count > annotationsOfALevel {
					t.Errorf("%s with %d rules: %d of level %s; GitHub keeps %d", mode, n, count, level, annotationsOfALevel)
				}
			}
			if mode != Enforce && counts["error"] > 0 {
				t.Errorf("%s: errors in the log", mode)
			}
			if n == 50 && !strings.Contains(log.String(), "more in the job summary") {
				t.Error("what was left out is not told")
			}
		}
	}
}

func TestTheWorstIsToldFirst(t *testing.T) {
	g, log := job(t)
	if err := g.Publish(denied(3), Enforce); err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(log.String(), "\n")
	if !strings.HasPrefix(first, "::error title=modelvet%3A") || !strings.Contains(first, "denied for production") {
		t.Errorf("the first annotation is %q", first)
	}
	if strings.Contains(log.String(), "area.holds") {
		t.Error("a rule that holds is told as a problem")
	}
	if !strings.Contains(log.String(), "file=models/credit/model/a.pkl,line=1") {
		t.Error("the finding is not shown at its file")
	}
}

func TestAnAllowedModelRaisesNoErrors(t *testing.T) {
	g, log := job(t)
	r := Result{Decision: modelvet.Decision{Outcome: modelvet.Allowed, Stage: "production"}}
	if err := g.Publish(r, Enforce); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); strings.Contains(got, "::error") || !strings.Contains(got, "is allowed for production") {
		t.Errorf("the log is %q", got)
	}
}

// outputs reads the file as the runner does.
func outputs(t *testing.T, name string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	lines := strings.Split(string(b), "\n")
	for i := 0; i < len(lines)-1; i++ {
		key, delimiter, ok := strings.Cut(lines[i], "<<")
		if !ok {
			t.Fatalf("line %d is no output: %q", i+1, lines[i])
		}
		var value []string
		for i++; lines[i] != delimiter; i++ {
			value = append(value, lines[i])
		}
		out[key] = strings.Join(value, "\n")
	}
	return out
}

func TestOutputsCannotBeForged(t *testing.T) {
	g, _ := job(t)
	r := denied(2)
	r.Statements = append(r.Statements, "x\noutcome<<E\nallowed\nE")
	if err := g.Publish(r, Enforce); err != nil {
		t.Fatal(err)
	}
	got := outputs(t, g.Env["GITHUB_OUTPUT"])
	want := map[string]string{"outcome": "denied", "exit-code": "3", "digest": r.Decision.Subject.Digest, "failed-rules": "area.rule_0,area.rule_1", "unsupported-controls": "c-1", "report-pdf": "out/report.pdf"}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("output %s is %q, want %q", k, got[k], v)
		}
	}
	b, err := os.ReadFile(filepath.Join(g.Env["RUNNER_TEMP"], "created_attestation_paths.txt"))
	if err != nil || !strings.HasPrefix(string(b), "out/attestations/1.sigstore.json\n") {
		t.Errorf("the bundles are not told: %q, %v", b, err)
	}
}

func TestTheSummaryStaysBelowItsLimit(t *testing.T) {
	g, _ := job(t)
	name := g.Env["GITHUB_STEP_SUMMARY"]
	r := denied(1)
	r.Summary = bytes.Repeat([]byte("日"), 300_000)
	for range 3 {
		if err := g.Publish(r, Enforce); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > summaryBytes || !utf8.Valid(b) || !strings.Contains(string(b), "Cut:") {
		t.Errorf("the summary has %d bytes, valid %v", len(b), utf8.Valid(b))
	}
}

func TestGitLabFiles(t *testing.T) {
	dir := t.TempDir()
	r := denied(2)
	r.Dir = filepath.Join(dir, ".modelvet")
	g := GitLab{Env: map[string]string{"CI_PROJECT_URL": "https://gitlab.example/acme/models", "CI_JOB_ID": "7", "CI_PROJECT_DIR": dir}}
	if err := g.Publish(r, dir); err != nil {
		t.Fatal(err)
	}
	env, _ := os.ReadFile(filepath.Join(dir, dotenvName))
	if !strings.Contains(string(env), "MODELVET_OUTCOME=denied\n") || len(env) > dotenvBytes {
		t.Errorf("dotenv is %q", env)
	}
	var links map[string][]map[string]map[string]string
	b, _ := os.ReadFile(filepath.Join(dir, annotationsName))
	if err := json.Unmarshal(b, &links); err != nil {
		t.Fatal(err)
	}
	if got := links["modelvet"][0]["external_link"]["url"]; got != "https://gitlab.example/acme/models/-/jobs/7/artifacts/file/.modelvet/report.pdf" {
		t.Errorf("the link is %q", got)
	}
}

func TestADotenvOfHostileWordsIsRefused(t *testing.T) {
	r := denied(1)
	r.Decision.Stage = "production\nMODELVET_OUTCOME=allowed"
	if err := (GitLab{}).Publish(r, t.TempDir()); err == nil {
		t.Error("a value of two lines was written")
	}
	big := denied(2000)
	dir := t.TempDir()
	if err := (GitLab{}).Publish(big, dir); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, dotenvName)); len(b) > dotenvBytes || !strings.Contains(string(b), "(2000 in all)") {
		t.Errorf("dotenv has %d bytes", len(b))
	}
}

// forge is a platform's comments.
type forge struct {
	comments []string
	fail     int
	calls    []string
}

func (f *forge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.calls = append(f.calls, r.Method)
	if f.fail != 0 {
		http.Error(w, "no\x1b[31m", f.fail)
		return
	}
	body, _ := io.ReadAll(r.Body)
	var c struct{ Body string }
	_ = json.Unmarshal(body, &c)
	switch r.Method {
	case http.MethodGet:
		type comment struct {
			ID   int    `json:"id"`
			Body string `json:"body"`
		}
		out := []comment{}
		if r.URL.Query().Get("page") == "1" {
			for range 100 {
				out = append(out, comment{1000, "something else"})
			}
		} else {
			for i, b := range f.comments {
				out = append(out, comment{i, b})
			}
		}
		_ = json.NewEncoder(w).Encode(out)
	case http.MethodPost:
		f.comments = append(f.comments, c.Body)
		w.WriteHeader(http.StatusCreated)
	default:
		var i int
		fmt.Sscan(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], &i)
		f.comments[i] = c.Body
	}
}

func TestOneCommentForAStage(t *testing.T) {
	f := &forge{comments: []string{"first"}}
	server := httptest.NewServer(f)
	defer server.Close()
	event := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(event, []byte(`{"pull_request":{"number":5}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	hub := GitHub{Env: map[string]string{"GITHUB_API_URL": server.URL, "GITHUB_REPOSITORY": "acme/models", "GITHUB_EVENT_PATH": event}}
	lab := GitLab{Env: map[string]string{"CI_API_V4_URL": server.URL, "CI_MERGE_REQUEST_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "5"}}
	for _, post := range []func(Result) error{
		func(r Result) error { return hub.Comment(context.Background(), r, "token") },
		func(r Result) error { return lab.Comment(context.Background(), r, "token") },
	} {
		f.comments = []string{"first"}
		for i, stage := range []string{"staging", "production", "staging"} {
			r := denied(1)
			r.Decision.Stage, r.Summary = stage, fmt.Appendf(nil, "run %d", i)
			if err := post(r); err != nil {
				t.Fatal(err)
			}
		}
		if len(f.comments) != 3 || !strings.HasSuffix(f.comments[1], "\nrun 2") || !strings.HasSuffix(f.comments[2], "\nrun 1") {
			t.Errorf("the comments are %q", f.comments)
		}
	}
	f.fail = http.StatusForbidden
	if err := hub.Comment(context.Background(), denied(1), "token"); err == nil || !strings.Contains(err.Error(), "403") || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("the error is %v", err)
	}
	if err := (GitLab{}).Comment(context.Background(), denied(1), "token"); err != ErrNoRequest {
		t.Errorf("the error is %v", err)
	}
}
