// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
)

// UnverifiedBuilder is the builder of a run that no build platform vouches
// for: somebody's shell. A rule can refuse it.
const UnverifiedBuilder = "https://github.com/modelvet/modelvet/builders/unverified"

// The build types, which say how the parameters are to be read.
const (
	buildGitHub  = "https://actions.github.io/buildtypes/workflow/v1"
	buildGitLab  = "https://docs.gitlab.com/ci/pipeline_security/slsa/provenance_v1"
	buildJenkins = "https://github.com/modelvet/modelvet/buildtypes/jenkins/v1"
	buildTekton  = "https://github.com/modelvet/modelvet/buildtypes/tekton/v1"
	buildShell   = "https://github.com/modelvet/modelvet/buildtypes/shell/v1"
)

// Build is what is known about how a model came to be, beside the environment.
type Build struct {
	Git        Git
	Entry      string            // what was run: a script, a notebook, "modelvet gate"
	Parameters map[string]string // what it was run with; no secrets
	Inputs     []modelvet.LineageInput
	Started    time.Time
	Finished   time.Time
	Modelvet   string   // version
	Vouched    *Vouched // what the run's identity token says; nil when it has none
}

// Git is the state of the working tree.
type Git struct {
	URI    string // of the remote; a password in it is left out
	Ref    string
	Commit string // 40 or 64 hex digits
	Dirty  bool
}

// ProvenancePredicate is the predicate of SLSA provenance v1.
type ProvenancePredicate struct {
	BuildDefinition BuildDefinition `json:"buildDefinition"`
	RunDetails      RunDetails      `json:"runDetails"`
}

// BuildDefinition says what was to be built.
type BuildDefinition struct {
	BuildType            string         `json:"buildType"`
	ExternalParameters   map[string]any `json:"externalParameters"`
	InternalParameters   map[string]any `json:"internalParameters,omitempty"`
	ResolvedDependencies []Descriptor   `json:"resolvedDependencies"`
}

// Descriptor is an in-toto ResourceDescriptor.
type Descriptor struct {
	Name        string            `json:"name,omitempty"`
	URI         string            `json:"uri,omitempty"`
	Digest      map[string]string `json:"digest,omitempty"`
	Annotations map[string]any    `json:"annotations,omitempty"`
}

// RunDetails says who built, and when.
type RunDetails struct {
	Builder  Builder       `json:"builder"`
	Metadata BuildMetadata `json:"metadata"`
}

// Builder is the platform that is answerable for the rest.
type Builder struct {
	ID      string            `json:"id"`
	Version map[string]string `json:"version,omitempty"`
}

// BuildMetadata dates the run.
type BuildMetadata struct {
	InvocationID string    `json:"invocationId,omitempty"`
	StartedOn    time.Time `json:"startedOn,omitzero"`
	FinishedOn   time.Time `json:"finishedOn,omitzero"`
}

// Provenance describes a build from the environment of GitHub Actions, GitLab
// CI, Jenkins or Tekton, and else as a shell that nobody vouches for. What the
// run's identity token says wins over the environment, and a contradiction
// between them is an error; internalParameters.identity says how far the token
// was checked, and which variables only the environment vouches for.
//
// It reads nothing but its arguments, and copies no variable that is not named
// here, so that no secret gets into a statement. An environment that says it is
// a platform and lacks what that platform always sets is an error. A GitHub
// event that the published build type does not allow (pull_request, schedule,
// ...) is described as an unverified shell.
func Provenance(env map[string]string, b Build) (ProvenancePredicate, error) {
	e, err := b.Vouched.settle(env)
	if err != nil {
		return ProvenancePredicate{}, fmt.Errorf("describing the build: %w", err)
	}
	p, err := platform(e, b)
	if err != nil {
		return p, fmt.Errorf("describing the build: %w", err)
	}
	b.identity(&p, e)
	if err := b.complete(&p); err != nil {
		return p, fmt.Errorf("describing the build: %w", err)
	}
	return p, nil
}

func platform(e environment, b Build) (ProvenancePredicate, error) {
	switch env := e.env; {
	case env["GITHUB_ACTIONS"] == "true" && githubAllows(env["GITHUB_EVENT_NAME"]):
		return github(e, b.Vouched)
	case env["GITLAB_CI"] == "true":
		return gitlab(e)
	case env["JENKINS_URL"] != "":
		return jenkins(e)
	case env["TEKTON_TASK_RUN"] != "":
		return tekton(e)
	}
	return shell(e, b), nil
}

// Identity says in a provenance who vouches for it, under
// internalParameters.identity.
type Identity struct {
	Verification string   `json:"verification"`       // verified | unchecked | environment
	Reason       string   `json:"reason,omitempty"`   // why it is not verified
	Issuer       string   `json:"issuer,omitempty"`   // of the token
	Subject      string   `json:"subject,omitempty"`  // of the token
	Workflow     string   `json:"workflow,omitempty"` // job_workflow_ref, ci_config_ref_uri: the file that defines the job
	WorkflowSHA  string   `json:"workflowSha,omitempty"`
	Unverified   []string `json:"unverified"` // variables of the environment that were read and that no token vouches for
}

// How far an identity was checked.
const (
	IdentityVerified    = "verified"    // by the keys of the token's issuer
	IdentityUnchecked   = "unchecked"   // by nothing: the keys could not be fetched
	IdentityEnvironment = "environment" // there is no token: any step of the job can have set the variables
)

func (b Build) identity(p *ProvenancePredicate, e environment) {
	if b.Vouched == nil && p.RunDetails.Builder.ID == UnverifiedBuilder {
		return // which says it already
	}
	id := Identity{Verification: IdentityEnvironment, Reason: "the run has no identity token", Unverified: e.unverified()}
	if v := b.Vouched; v != nil {
		id.Verification, id.Reason = IdentityVerified, ""
		if !v.Checked {
			id.Verification, id.Reason = IdentityUnchecked, v.Why
		}
		id.Issuer, id.Subject = v.Claims.Text("iss"), v.Claims.Text("sub")
		id.Workflow = cmp.Or(v.Claims.Text("job_workflow_ref"), v.Claims.Text("ci_config_ref_uri"))
		id.WorkflowSHA = cmp.Or(v.Claims.Text("job_workflow_sha"), v.Claims.Text("ci_config_sha"))
	}
	if p.BuildDefinition.InternalParameters == nil {
		p.BuildDefinition.InternalParameters = map[string]any{}
	}
	p.BuildDefinition.InternalParameters["identity"] = id
}

func githubAllows(event string) bool {
	return slices.Contains([]string{"create", "release", "push", "workflow_dispatch"}, event)
}

// github follows actions/buildtypes, workflow/v1. Without an identity token
// the workflow that was called is not known, so that the builder is the
// workflow that was started.
func github(env environment, v *Vouched) (p ProvenancePredicate, err error) {
	get := required(env, &err)
	server, repository := get("GITHUB_SERVER_URL"), get("GITHUB_REPOSITORY")
	workflow := get("GITHUB_WORKFLOW_REF")
	file, ref, _ := strings.Cut(strings.TrimPrefix(workflow, repository+"/"), "@")
	p.BuildDefinition = BuildDefinition{
		BuildType: buildGitHub,
		ExternalParameters: map[string]any{"workflow": map[string]any{
			"ref": ref, "repository": server + "/" + repository, "path": file}},
		InternalParameters: map[string]any{"github": map[string]any{
			"event_name": get("GITHUB_EVENT_NAME"), "repository_id": get("GITHUB_REPOSITORY_ID"),
			"repository_owner_id": get("GITHUB_REPOSITORY_OWNER_ID"), "runner_environment": get("RUNNER_ENVIRONMENT")}},
		ResolvedDependencies: []Descriptor{source(server+"/"+repository, get("GITHUB_REF"), get("GITHUB_SHA"))},
	}
	p.RunDetails.Builder.ID = server + "/" + workflow
	if v != nil && v.Claims.Text("job_workflow_ref") != "" {
		p.RunDetails.Builder.ID = server + "/" + v.Claims.Text("job_workflow_ref")
	}
	p.RunDetails.Metadata.InvocationID = fmt.Sprintf("%s/%s/actions/runs/%s/attempts/%s", server, repository, get("GITHUB_RUN_ID"), get("GITHUB_RUN_ATTEMPT"))
	return p, err
}

// gitlabVariables are not secret. Others may be, and a job cannot tell which
// of its variables are masked.
var gitlabVariables = []string{"CI_COMMIT_BRANCH", "CI_COMMIT_REF_NAME", "CI_COMMIT_REF_PROTECTED", "CI_COMMIT_SHA", "CI_COMMIT_TAG",
	"CI_JOB_IMAGE", "CI_JOB_STAGE", "CI_PIPELINE_SOURCE", "CI_PROJECT_ID", "CI_PROJECT_PATH"}

// gitlab follows the SLSA provenance specification of GitLab (experiment).
func gitlab(env environment) (p ProvenancePredicate, err error) {
	get := required(env, &err)
	project := get("CI_PROJECT_URL")
	variables := map[string]any{}
	for _, name := range gitlabVariables {
		if value := env.get(name); value != "" {
			variables[name] = value
		}
	}
	p.BuildDefinition = BuildDefinition{
		BuildType:            buildGitLab,
		ExternalParameters:   map[string]any{"source": project, "entryPoint": get("CI_JOB_NAME"), "variables": variables},
		InternalParameters:   map[string]any{"name": env.get("CI_RUNNER_DESCRIPTION"), "architecture": env.get("CI_RUNNER_EXECUTABLE_ARCH"), "job": get("CI_JOB_ID")},
		ResolvedDependencies: []Descriptor{source(project, cmp.Or(env.get("CI_COMMIT_TAG"), env.get("CI_COMMIT_BRANCH"), env.get("CI_COMMIT_REF_NAME")), get("CI_COMMIT_SHA"))},
	}
	p.RunDetails.Builder.ID = project + "/-/runners/" + get("CI_RUNNER_ID")
	p.RunDetails.Metadata.InvocationID = get("CI_JOB_URL")
	return p, err
}

// jenkins has no published build type; this one names the job and its run.
func jenkins(env environment) (p ProvenancePredicate, err error) {
	get := required(env, &err)
	p.BuildDefinition = BuildDefinition{
		BuildType:          buildJenkins,
		ExternalParameters: map[string]any{"job": get("JOB_NAME")},
		InternalParameters: map[string]any{"node": env.get("NODE_NAME"), "executor": env.get("EXECUTOR_NUMBER")},
	}
	if env.get("GIT_URL") != "" {
		p.BuildDefinition.ResolvedDependencies = []Descriptor{source(env.get("GIT_URL"), env.get("GIT_BRANCH"), get("GIT_COMMIT"))}
	}
	p.RunDetails.Builder.ID = get("JENKINS_URL")
	p.RunDetails.Metadata.InvocationID = get("BUILD_URL")
	return p, err
}

// tekton has no variables of its own: the task hands on the context that
// Tekton substitutes, and the operator names the cluster. Without that name
// nobody vouches.
func tekton(env environment) (p ProvenancePredicate, err error) {
	get := required(env, &err)
	p.BuildDefinition = BuildDefinition{
		BuildType:          buildTekton,
		ExternalParameters: map[string]any{"task": get("TEKTON_TASK"), "pipeline": env.get("TEKTON_PIPELINE")},
		InternalParameters: map[string]any{"namespace": get("TEKTON_NAMESPACE"), "taskRun": get("TEKTON_TASK_RUN"), "pipelineRun": env.get("TEKTON_PIPELINE_RUN")},
	}
	p.RunDetails.Builder.ID = cmp.Or(env.get("TEKTON_BUILDER_ID"), UnverifiedBuilder)
	p.RunDetails.Metadata.InvocationID = fmt.Sprintf("%s/%s/%s", get("TEKTON_NAMESPACE"), get("TEKTON_TASK_RUN"), get("TEKTON_TASK_RUN_UID"))
	return p, err
}

func shell(env environment, b Build) (p ProvenancePredicate) {
	p.BuildDefinition = BuildDefinition{
		BuildType:          buildShell,
		ExternalParameters: map[string]any{"entryPoint": cmp.Or(b.Entry, "unknown")},
	}
	if event := env.get("GITHUB_EVENT_NAME"); env.get("GITHUB_ACTIONS") == "true" {
		p.BuildDefinition.InternalParameters = map[string]any{"githubEvent": event}
	}
	p.RunDetails.Builder.ID = UnverifiedBuilder
	return p
}

// required reads variables that have to be there.
func required(env environment, err *error) func(string) string {
	return func(name string) string {
		if env.get(name) == "" && *err == nil {
			*err = fmt.Errorf("the environment has no %s, which this build platform always sets", name)
		}
		return env.get(name)
	}
}

// complete adds what the environment does not know.
func (b Build) complete(p *ProvenancePredicate) error {
	d := &p.BuildDefinition
	if len(b.Parameters) > 0 {
		d.ExternalParameters["parameters"] = b.Parameters
	}
	if b.Git.Commit != "" {
		if !commit.MatchString(b.Git.Commit) {
			return fmt.Errorf("git commit %.80q: expected 40 or 64 lower-case hex digits", b.Git.Commit)
		}
		if d.InternalParameters == nil {
			d.InternalParameters = map[string]any{}
		}
		d.InternalParameters["workingTree"] = map[string]any{"commit": b.Git.Commit, "dirty": b.Git.Dirty}
		if !slices.ContainsFunc(d.ResolvedDependencies, func(r Descriptor) bool { return r.Digest["gitCommit"] == b.Git.Commit }) {
			d.ResolvedDependencies = append(d.ResolvedDependencies, source(b.Git.URI, b.Git.Ref, b.Git.Commit))
		}
	}
	inputs, err := describeInputs(b.Inputs)
	d.ResolvedDependencies = append(append([]Descriptor{}, d.ResolvedDependencies...), inputs...)
	p.RunDetails.Metadata.StartedOn = b.Started.UTC().Truncate(time.Second)
	p.RunDetails.Metadata.FinishedOn = b.Finished.UTC().Truncate(time.Second)
	if b.Modelvet != "" {
		p.RunDetails.Builder.Version = map[string]string{"modelvet": b.Modelvet}
	}
	return err
}

var commit = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

func describeInputs(inputs []modelvet.LineageInput) ([]Descriptor, error) {
	out := make([]Descriptor, 0, len(inputs))
	for _, in := range inputs {
		d := Descriptor{Name: in.Name, URI: withoutPassword(in.URI)}
		if in.Digest != "" {
			algorithm, value, ok := strings.Cut(in.Digest, ":")
			if !ok || algorithm == "" || value == "" {
				return nil, fmt.Errorf("input %q: digest %.80q: expected algorithm:value", in.Name, in.Digest)
			}
			d.Digest = map[string]string{algorithm: value}
		}
		if d.Name == "" && d.URI == "" && d.Digest == nil {
			return nil, errors.New("an input has neither name nor URI nor digest")
		}
		if in.Kind != "" {
			d.Annotations = map[string]any{"kind": in.Kind}
		}
		out = append(out, d)
	}
	slices.SortStableFunc(out, func(a, b Descriptor) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.URI, b.URI))
	})
	return out, nil
}

// source is a commit of a repository, in the form of SPDX download locations.
func source(uri, ref, sha string) Descriptor {
	d := Descriptor{URI: withoutPassword(uri), Digest: map[string]string{"gitCommit": sha}}
	if user, path, ok := strings.Cut(d.URI, ":"); ok && strings.Contains(user, "@") && !strings.Contains(d.URI, "://") {
		d.URI = "ssh://" + user + "/" + path // git@host:path, as git clones it
	}
	if d.URI != "" && !strings.HasPrefix(d.URI, "git+") {
		d.URI = "git+" + d.URI
	}
	if d.URI != "" && ref != "" {
		d.URI += "@" + ref
	}
	if d.URI == "" {
		d.Name = "git"
	}
	return d
}

// withoutPassword drops what stands before the @ of a URL: tokens live there.
// The user name of ssh is none.
func withoutPassword(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.User == nil {
		return uri
	}
	if strings.HasSuffix(u.Scheme, "ssh") {
		u.User = url.User(u.User.Username())
	} else {
		u.User = nil
	}
	return u.String()
}
