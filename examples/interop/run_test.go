// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	argo "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	"sigs.k8s.io/yaml"
)

// workflow is a run of the template for Argo.
type workflow struct {
	*site
	argo       argo.WorkflowTemplate
	parameters map[string]string
	folders    map[string]string // where the containers see it: where it is
}

func (s *site) workflow(w argo.WorkflowTemplate, model, policy, reference string) *workflow {
	return &workflow{site: s, argo: w, parameters: map[string]string{
		"workflow.parameters.image": "x", "workflow.parameters.directory": filepath.Join(s.root, "testdata", model), "workflow.parameters.reference": reference, "workflow.parameters.stage": "production"},
		folders: map[string]string{"/policy/": s.path(policy) + "/", "/key/": s.path("key") + "/"}}
}

// play runs the steps of Argo's documentation ("Steps", "Conditionals"): groups
// in order, a group fails with one of its steps unless that one may. It returns
// whether the last step ran, and the exit code that ended the workflow.
func (w *workflow) play(t *testing.T, atSuspension func()) (deployed bool, ends int) {
	t.Helper()
	work := t.TempDir()
	w.folders["/work/"], w.folders["/tmp/"] = work+"/", work+"/tmp-"
	templates := map[string]argo.Template{}
	for _, template := range w.argo.Spec.Templates {
		templates[template.Name] = template
	}
	for _, group := range templates[w.argo.Spec.Entrypoint].Steps {
		for _, step := range group.Steps {
			if step.When != "" && !holds(t, w.fill(t, step.When)) {
				continue
			}
			template, known := templates[step.Template]
			if !known {
				t.Fatalf("there is no template %s", step.Template)
			}
			switch {
			case step.Name == "deploy":
				if d := w.fill(t, string(*step.Arguments.Parameters[0].Value)); !strings.HasPrefix(d, "sha256:") {
					t.Errorf("deployed without a digest: %q", d)
				}
				deployed = true
			case template.Suspend != nil:
				atSuspension()
			case template.Container != nil:
				if code := w.pod(t, step, template); code != 0 && !step.ContinuesOn(argo.NodeFailed) {
					return deployed, code
				}
			}
		}
	}
	return deployed, ends
}

// pod runs a container, and keeps its exit code and its output parameters.
func (w *workflow) pod(t *testing.T, step argo.WorkflowStep, template argo.Template) int {
	t.Helper()
	var args []string
	for _, a := range template.Container.Args {
		args = append(args, w.fill(t, w.host(a)))
	}
	code := w.container(t, template.Container.Command, args, map[string]string{"DOCKER_CONFIG": ""})
	w.parameters["steps."+step.Name+".exitCode"] = strconv.Itoa(code)
	for _, p := range template.Outputs.Parameters {
		if data, err := os.ReadFile(w.host(p.ValueFrom.Path)); err == nil {
			w.parameters["steps."+step.Name+".outputs.parameters."+p.Name] = string(data)
		}
	}
	return code
}

func (w *workflow) host(path string) string {
	for seen, is := range w.folders {
		if i := strings.Index(path, seen); i == 0 || i > 0 && path[i-1] == '=' {
			return path[:i] + is + path[i+len(seen):]
		}
	}
	return path
}

var placeholder = regexp.MustCompile(`\{\{([^}]+)\}\}`)

func (w *workflow) fill(t *testing.T, text string) string {
	t.Helper()
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		value, known := w.parameters[strings.Trim(p, "{}")]
		if !known {
			t.Errorf("Argo knows no %s here", p)
		}
		return value
	})
}

// holds reads conditions of the form "3 == 0 || 3 == 4", "3 != 0 && 3 != 4".
func holds(t *testing.T, when string) bool {
	t.Helper()
	any := false
	for _, or := range strings.Split(when, "||") {
		all := true
		for _, and := range strings.Split(or, "&&") {
			f := strings.Fields(and)
			if len(f) != 3 || f[1] != "==" && f[1] != "!=" {
				t.Fatalf("a condition that this test cannot read: %s", when)
			}
			all = all && (f[0] == f[2]) == (f[1] == "==")
		}
		any = any || all
	}
	return any
}

// TestKubeflow runs what kfp compiled gate.py to.
func TestKubeflow(t *testing.T) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	compiled := filepath.Join(t.TempDir(), "pipeline.yaml")
	if out, err := exec.Command(filepath.Join(cache, "modelvet", "kfp", "bin", "python"), "../kubeflow/gate.py", compiled).CombinedOutput(); err != nil {
		t.Fatalf("%v: scripts/interop-examples.sh installs kfp\n%s", err, out)
	}
	data, err := os.ReadFile(compiled)
	if err != nil {
		t.Fatal(err)
	}
	var pipeline struct {
		DeploymentSpec struct {
			Executors map[string]struct {
				Container struct{ Command, Args []string }
			}
		}
		Root struct {
			Dag struct {
				Tasks map[string]struct{ DependentTasks []string }
			}
		}
	}
	first, _, _ := strings.Cut(string(data), "\n---\n")
	if err := yaml.Unmarshal([]byte(first), &pipeline); err != nil {
		t.Fatal(err)
	}
	if after := strings.Join(pipeline.Root.Dag.Tasks["deploy"].DependentTasks, " "); !strings.Contains(after, "gate") {
		t.Errorf("the deployment waits for %q, not for the gate", after)
	}
	s := newSite(t)
	gate := pipeline.DeploymentSpec.Executors["exec-gate"].Container
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			run := t.TempDir()
			var args []string
			for _, a := range gate.Args {
				var joined struct{ Concat []string }
				if yaml.Unmarshal([]byte(a), &joined) == nil && len(joined.Concat) > 0 {
					a = strings.Join(joined.Concat, "")
				}
				a = strings.NewReplacer("{{$.inputs.artifacts['model'].path}}", filepath.Join(s.root, "testdata", c.model), "{{$.inputs.parameters['stage']}}", "production",
					"{{$.outputs.artifacts['result'].path}}", run+"/result", "{{$.outputs.parameters['outcome'].output_file}}", run+"/outcome", "{{$.outputs.parameters['digest'].output_file}}", run+"/digest").Replace(a)
				if strings.Contains(a, "{{") {
					t.Errorf("nothing stands for %s", a)
				}
				for seen, is := range map[string]string{"/policy/": s.path(c.policy) + "/", "/key/": s.path("key") + "/"} {
					a = strings.Replace(a, seen, is, 1)
				}
				args = append(args, a)
			}
			code := s.container(t, gate.Command, args, nil)
			outcome, _ := os.ReadFile(run + "/outcome")
			digest, _ := os.ReadFile(run + "/digest")
			if code != c.ends || string(outcome) != c.outcome || strings.HasPrefix(string(digest), "sha256:") != (c.outcome != "") {
				t.Errorf("it ends with %d, says %s of %s", code, outcome, digest)
			}
		})
	}
}
