// SPDX-License-Identifier: Apache-2.0

// Package interop holds the examples against the types of those who read them,
// and runs what their steps say, on this host, with the built program: allowed,
// denied, pending, broken. It stands for no cluster: what starts containers
// there is played by run.go.
package interop

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	argo "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	"github.com/google/go-containerregistry/pkg/registry"
	tekton "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	"github.com/tektoncd/pipeline/pkg/substitution"
	"sigs.k8s.io/yaml"
)

// site is what a pipeline finds: a policy, keys, models, a registry.
type site struct {
	dir, root, program, registry string
}

func newSite(t *testing.T) *site {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{dir: t.TempDir(), root: root, program: filepath.Join(root, "bin", "modelvet")}
	if _, err := os.Stat(s.program); err != nil {
		t.Fatalf("%v: make build", err)
	}
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	s.registry = strings.TrimPrefix(server.URL, "http://")
	for _, name := range []string{"key", "officer"} {
		s.must(t, s.program, "keygen", "--out", filepath.Join(s.dir, name))
	}
	s.move(t, "key.key", "key/key")
	policy := s.must(t, filepath.Join(root, "scripts", "policy.sh"), filepath.Join(s.dir, "key.pub"), filepath.Join(s.dir, "officer.pub"))
	automatic := strings.Replace(policy, "    approvals:\n      - {role: model-risk-officer, count: 1}\n", "", 1)
	if automatic == policy {
		t.Fatal("the demo's policy asks for no approval any more")
	}
	s.write(t, "policy/policy.yaml", policy)
	s.write(t, "automatic/policy.yaml", automatic)
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *site) move(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(s.path(from))
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, to, string(data))
}

func (s *site) must(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+s.dir, "MODELVET_PASSWORD=")
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, log.String())
	}
	return out.String()
}

// container runs what a container would, in place of it, and returns its exit code.
func (s *site) container(t *testing.T, command, args []string, env map[string]string) int {
	t.Helper()
	if len(command) != 1 || command[0] != "/usr/local/bin/modelvet" {
		t.Fatalf("the image has nothing but /usr/local/bin/modelvet, and the step calls %v", command)
	}
	cmd := exec.Command(s.program, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "MODELVET_PASSWORD="}
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	t.Logf("modelvet %s\nends with %d%s", strings.Join(args, " "), cmd.ProcessState.ExitCode(), tail(out))
	return cmd.ProcessState.ExitCode()
}

func tail(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return "\n  " + strings.Join(lines[max(0, len(lines)-3):], "\n  ")
}

// approve is what the officer does, elsewhere.
func (s *site) approve(t *testing.T, reference string) {
	t.Helper()
	s.must(t, s.program, "approve", reference, "--role", "model-risk-officer", "--policy", s.path("policy/policy.yaml"), "--key", s.path("officer.key"))
}

func strict(t *testing.T, file string, into any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(data, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// cases are the ways in which a gate ends.
var cases = map[string]struct {
	model, policy string
	outcome       string // "" when nothing was decided
	ends          int    // exit code of the deciding step
}{
	"allowed": {"credit", "automatic", "allowed", 0},
	"denied":  {"credit-biased", "policy", "denied", 3},
	"pending": {"credit", "policy", "pending", 4},
	"broken":  {"nowhere", "policy", "", 2},
}

func TestTekton(t *testing.T) {
	var task tekton.Task
	var pipeline tekton.Pipeline
	strict(t, "../tekton/task.yaml", &task)
	strict(t, "../tekton/pipeline.yaml", &pipeline)
	ctx := t.Context()
	task.SetDefaults(ctx)
	if err := task.Validate(ctx); err != nil {
		t.Fatal(err)
	}
	pipeline.SetDefaults(ctx)
	if err := pipeline.Validate(ctx); err != nil {
		t.Fatal(err)
	}
	// Each parameter and workspace that the pipeline hands on is one of the task's.
	for _, p := range pipeline.Spec.Tasks[0].Params {
		if !strings.Contains(string(must(json.Marshal(task.Spec.Params))), `"name":"`+p.Name+`"`) {
			t.Errorf("the task has no parameter %s", p.Name)
		}
	}
	s := newSite(t)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			reference := s.registry + "/models/" + name + ":1"
			code, results := s.taskRun(t, task, map[string]string{
				"params.directory": c.model, "params.stage": "production", "params.reference": reference, "params.image": "x", "params.pipeline": "release", "params.pipelineRun": "release-1", "params.builder": "https://tekton.example",
				"workspaces.model.path": filepath.Join(s.root, "testdata"), "workspaces.policy.path": s.path(c.policy), "workspaces.key.path": s.path("key"), "workspaces.registry.path": "",
				"context.taskRun.namespace": "ml", "context.taskRun.name": "release-1-gate", "context.taskRun.uid": "5f0d",
			})
			if (code == 0) != (c.ends == 0) || c.outcome != "" && code != c.ends || results["outcome"] != c.outcome {
				t.Errorf("the task ends with %d and says %v", code, results)
			}
			if c.outcome != "" && !strings.HasPrefix(results["digest"], "sha256:") {
				t.Errorf("%v", results)
			}
			// The deployment runs for one outcome only.
			when := pipeline.Spec.Tasks[1].When[0]
			if deploys := code == 0 && len(when.Values) == 1 && results["outcome"] == when.Values[0]; deploys != (c.outcome == "allowed") {
				t.Errorf("deployed: %v", deploys)
			}
			if name == "pending" {
				s.approve(t, reference)
				if code := s.container(t, []string{"/usr/local/bin/modelvet"}, []string{"judge", reference, "--stage=production", "--policy", s.path("policy/policy.yaml")}, nil); code != 0 {
					t.Errorf("approved, it is judged again with %d", code)
				}
			}
		})
	}
}

// taskRun does what Tekton's entrypoint does: the steps in order, until one
// fails that must not.
func (s *site) taskRun(t *testing.T, task tekton.Task, context map[string]string) (int, map[string]string) {
	t.Helper()
	run := t.TempDir()
	results := map[string]string{}
	for _, r := range task.Spec.Results {
		context["results."+r.Name+".path"] = filepath.Join(run, r.Name)
	}
	fill := func(text string) string {
		text = strings.ReplaceAll(substitution.ApplyReplacements(text, context), "/result/out", filepath.Join(run, "out"))
		if strings.Contains(text, "$(") {
			t.Errorf("Tekton would leave %s as it is", text)
		}
		return text
	}
	env := map[string]string{}
	for _, e := range task.Spec.StepTemplate.Env {
		env[e.Name] = fill(e.Value)
	}
	code := 0
	for _, step := range task.Spec.Steps {
		var args []string
		for _, a := range step.Args {
			args = append(args, fill(a))
		}
		if code = s.container(t, step.Command, args, env); code != 0 && step.OnError != tekton.Continue {
			break
		}
		code = 0
	}
	for _, r := range task.Spec.Results {
		if data, err := os.ReadFile(filepath.Join(run, r.Name)); err == nil {
			results[r.Name] = string(data)
		}
	}
	return code, results
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}

func TestArgo(t *testing.T) {
	var w argo.WorkflowTemplate
	strict(t, "../argo/workflowtemplate.yaml", &w)
	s := newSite(t)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			run := s.workflow(w, c.model, c.policy, s.registry+"/argo/"+name+":1")
			deployed, code := run.play(t, func() {})
			if deployed != (c.outcome == "allowed") || (code == 0) != deployed || c.outcome != "" && code != c.ends {
				t.Errorf("deployed: %v; it ends with %d", deployed, code)
			}
		})
	}
	t.Run("pending, then approved", func(t *testing.T) {
		run := s.workflow(w, "credit", "policy", s.registry+"/argo/approved:1")
		if deployed, code := run.play(t, func() { s.approve(t, run.parameters["workflow.parameters.reference"]) }); !deployed || code != 0 {
			t.Errorf("deployed: %v; it ends with %d", deployed, code)
		}
	})
}
