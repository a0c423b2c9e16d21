// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

const (
	dotenvName      = "modelvet.env"
	annotationsName = "gl-annotations.json"
	dotenvBytes     = 5000 // GitLab refuses a dotenv report over 5 KB
)

// GitLab is a job of GitLab CI. Env holds its environment; see docs.gitlab.com,
// "Predefined CI/CD variables" and "Artifacts reports types".
type GitLab struct {
	Env map[string]string
}

// Publish writes modelvet.env (a dotenv report) and gl-annotations.json (links
// on the job's page) into dir.
func (g GitLab) Publish(r Result, dir string) error {
	env, err := dotenv(r)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, dotenvName), env, 0o644); err != nil {
		return err
	}
	links, err := g.links(r)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, annotationsName), links, 0o644)
}

// dotenv tells later jobs what was decided. A dotenv file has no escapes: a
// value of more than one line is refused.
func dotenv(r Result) ([]byte, error) {
	var b strings.Builder
	for _, kv := range [][2]string{
		{"MODELVET_OUTCOME", string(r.Decision.Outcome)}, {"MODELVET_EXIT_CODE", fmt.Sprint(r.ExitCode())},
		{"MODELVET_DIGEST", r.Decision.Subject.Digest}, {"MODELVET_STAGE", r.Decision.Stage},
		{"MODELVET_POLICY", r.Decision.Policy.Digest}, {"MODELVET_FAILED_RULES", short(r.failed())},
	} {
		if strings.ContainsFunc(kv[1], func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, fmt.Errorf("writing %s: %s is %q, which a dotenv file cannot hold", dotenvName, kv[0], kv[1])
		}
		fmt.Fprintf(&b, "%s=%s\n", kv[0], kv[1])
	}
	if b.Len() > dotenvBytes {
		return nil, fmt.Errorf("writing %s: %d bytes; GitLab accepts %d", dotenvName, b.Len(), dotenvBytes)
	}
	return []byte(b.String()), nil
}

// short joins ids as long as they fit.
func short(ids []string) string {
	s := strings.Join(ids, ",")
	if len(s) <= 3000 {
		return s
	}
	cut := strings.LastIndexByte(s[:3000], ',')
	return fmt.Sprintf("%s,... (%d in all)", s[:max(cut, 0)], len(ids))
}

// links point from the job's page at the reports among its artifacts.
func (g GitLab) links(r Result) ([]byte, error) {
	type link struct {
		Label string `json:"label"`
		URL   string `json:"url"`
	}
	entry := func(label, where string) map[string]link { return map[string]link{"external_link": {label, where}} }
	list := []map[string]link{}
	for _, f := range [][2]string{{"Report (PDF)", "report.pdf"}, {"Report (HTML)", "report.html"}, {"Decision (JSON)", "decision.json"}} {
		if where, ok := g.artifact(filepath.Join(r.Dir, f[1])); ok {
			list = append(list, entry(f[0]+": "+string(r.Decision.Outcome), where))
		}
	}
	return json.MarshalIndent(map[string]any{"modelvet": list}, "", "  ")
}

// artifact is the address at which GitLab shows a file of this job.
func (g GitLab) artifact(name string) (string, bool) {
	project, job, root := g.Env["CI_PROJECT_URL"], g.Env["CI_JOB_ID"], g.Env["CI_PROJECT_DIR"]
	abs, err := filepath.Abs(name)
	if err != nil || project == "" || job == "" || root == "" {
		return "", false
	}
	if root, err = filepath.Abs(root); err != nil {
		return "", false
	}
	rel, err := filepath.Rel(root, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	where, err := url.JoinPath(project, "-/jobs", url.PathEscape(job), "artifacts/file", filepath.ToSlash(rel))
	return where, err == nil
}

// decode reads JSON of the platform; unknown fields are its business.
func decode(b []byte, into any) error {
	if len(b) == 0 {
		return errors.New("the answer is empty")
	}
	return json.Unmarshal(b, into)
}
