// SPDX-License-Identifier: Apache-2.0

// Package git says which commit a model's folder stands at, and whether the
// folder was changed since. It asks the git program and never runs anything
// that a repository's own configuration names.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"github.com/modelvet/modelvet"
)

// Connector asks the git program on the PATH.
type Connector struct{}

// Name is how the lineage calls this source.
func (Connector) Name() string { return "git" }

// Trace returns the commit as an input of kind code, and as facts: commit,
// branch, remote, dirty ("true" or "false": whether files below the folder
// differ from the commit). Outside a repository, or without git, the fact
// "absent" says why, and there is no input.
func (Connector) Trace(ctx context.Context, m modelvet.Model) (modelvet.Lineage, error) {
	l := modelvet.Lineage{Source: "git", Inputs: []modelvet.LineageInput{}, Facts: map[string]string{}}
	commit, err := run(ctx, m.Dir, "rev-parse", "--verify", "HEAD")
	if err != nil {
		l.Facts["absent"] = absent(err)
		return l, ctx.Err()
	}
	status, err := run(ctx, m.Dir, "status", "--porcelain=v1", "--untracked-files=all", "--", ".", ":(exclude).modelvet*")
	if err != nil {
		return l, fmt.Errorf("asking git for changes in %s: %w", m.Dir, err)
	}
	l.Facts["commit"] = commit
	l.Facts["dirty"] = fmt.Sprint(status != "")
	if branch, err := run(ctx, m.Dir, "symbolic-ref", "--short", "HEAD"); err == nil {
		l.Facts["branch"] = branch
	}
	remote, _ := run(ctx, m.Dir, "config", "--get", "remote.origin.url")
	l.URI = withoutSecrets(remote)
	l.Inputs = append(l.Inputs, modelvet.LineageInput{Kind: "code", Name: "repository", URI: l.URI, Digest: "gitCommit:" + commit})
	return l, nil
}

// run asks git with the switches that keep a hostile repository from running
// programs: no fsmonitor, no hooks, no pager, no prompt, no optional locks.
func run(ctx context.Context, dir string, args ...string) (string, error) {
	safe := []string{"-C", dir, "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.pager=cat", "--no-optional-locks"}
	cmd := exec.CommandContext(ctx, "git", append(safe, args...)...)
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if msg := firstLine(errs.String()); msg != "" {
			return "", errors.New(msg)
		}
		return "", err
	}
	return strings.TrimSpace(out.String()), nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimPrefix(line, "fatal: ")
}

// absent says in words why there is no commit; paths of the machine stay out of it.
func absent(err error) string {
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "no git program"
	case strings.Contains(err.Error(), "not a git repository"):
		return "not a git repository"
	case strings.Contains(err.Error(), "dubious ownership"):
		return "the repository belongs to another user: mark it as safe.directory"
	}
	return "no commit"
}

// withoutSecrets drops a user name and password from a remote's address.
func withoutSecrets(remote string) string {
	u, err := url.Parse(remote)
	if err != nil || u.User == nil {
		return remote
	}
	u.User = nil
	return u.String()
}
