// SPDX-License-Identifier: Apache-2.0

package lineage_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/lineage"
	"github.com/modelvet/modelvet/lineage/files"
	"github.com/modelvet/modelvet/lineage/git"
)

// A connector's folder that is not in All would never be asked.
func TestAll(t *testing.T) {
	dirs, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		name := filepath.Dir(d)
		if !slices.ContainsFunc(lineage.All, func(c lineage.Connector) bool { return c.Name() == name }) {
			t.Errorf("%s is not in lineage.All", name)
		}
	}
}

func TestFilesPinsByDigest(t *testing.T) {
	m := modelvet.Model{
		Files:  []modelvet.File{{Path: "data/train.csv", Digest: "sha256:1"}},
		System: modelvet.System{Lineage: []modelvet.Source{{Kind: "dataset", Path: "data/train.csv", URI: "https://doi.org/x"}, {Kind: "git"}, {Kind: "base-model", URI: "https://example.com/m"}}},
	}
	l, err := files.Connector{}.Trace(t.Context(), m)
	if err != nil || len(l.Inputs) != 2 || l.Inputs[0].Digest != "sha256:1" || l.Inputs[1].Digest != "" {
		t.Errorf("%+v, %v", l, err)
	}
	m.System.Lineage[0].Path = "data/other.csv"
	if _, err := (files.Connector{}).Trace(t.Context(), m); err == nil || !strings.Contains(err.Error(), "data/other.csv") {
		t.Errorf("a path without a file: %v", err)
	}
}

func repo(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "a.txt", "one")
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "."}, {"commit", "-qm", "first"}, {"remote", "add", "origin", "https://user:secret@example.com/r.git"}} {
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func trace(t *testing.T, dir string) modelvet.Lineage {
	t.Helper()
	l, err := git.Connector{}.Trace(context.Background(), modelvet.Model{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestGit(t *testing.T) {
	dir := repo(t)
	l := trace(t, dir)
	if l.Facts["dirty"] != "false" || l.Facts["branch"] != "main" || !strings.HasPrefix(l.Inputs[0].Digest, "gitCommit:") {
		t.Errorf("%+v", l)
	}
	if strings.Contains(l.URI, "secret") {
		t.Errorf("a password reaches the evidence: %s", l.URI)
	}
	write(t, dir, "new.txt", "two")
	if l := trace(t, dir); l.Facts["dirty"] != "true" {
		t.Errorf("a new file is not seen: %+v", l.Facts)
	}
}

func TestGitOutsideARepository(t *testing.T) {
	t.Setenv("GIT_CEILING_DIRECTORIES", "/")
	l := trace(t, t.TempDir())
	if len(l.Inputs) != 0 || l.Facts["absent"] == "" || l.Facts["dirty"] != "" {
		t.Errorf("%+v", l)
	}
}

// A repository may name programs in its configuration; none of them is run.
func TestGitRunsNothingOfTheRepository(t *testing.T) {
	dir := repo(t)
	mark := filepath.Join(t.TempDir(), "ran")
	config := "[core]\n\tfsmonitor = \"touch " + mark + "; false\"\n\thooksPath = hooks\n"
	f, err := os.OpenFile(filepath.Join(dir, ".git", "config"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(config); err != nil {
		t.Fatal(err)
	}
	f.Close()
	trace(t, dir)
	if _, err := os.Stat(mark); err == nil {
		t.Error("the repository's own program ran")
	}
}
