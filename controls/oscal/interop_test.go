// SPDX-License-Identifier: Apache-2.0

//go:build interop

package oscal

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelvet/modelvet/controls"
)

// trestle finds compliance-trestle: MODELVET_TRESTLE, or the cache that
// scripts/interop-controls.sh fills.
func trestle(t *testing.T) string {
	t.Helper()
	path := os.Getenv("MODELVET_TRESTLE")
	if path == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		path = filepath.Join(cache, "modelvet", "trestle", "bin", "trestle")
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("trestle is missing (%v): run scripts/interop-controls.sh, or set MODELVET_TRESTLE", err)
	}
	return path
}

func run(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// place writes a document where trestle keeps those of its kind.
func place(t *testing.T, dir, kind, name, file string, data []byte) {
	t.Helper()
	folder := filepath.Join(dir, kind, name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, file), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// workspace is a trestle workspace with the whole export and the documents of a decision.
func workspace(t *testing.T, bin string) (dir string, documents int) {
	dir = t.TempDir()
	run(t, dir, bin, "init", "--local")
	s, err := controls.Load()
	if err != nil {
		t.Fatal(err)
	}
	files, err := Export(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name, ".json")
		switch {
		case strings.HasSuffix(name, "-catalog"):
			place(t, dir, "catalogs", name, "catalog.json", f.Data)
		case strings.HasSuffix(name, "-profile"): // trestle wants to know its own folders
			place(t, dir, "profiles", name, "profile.json", []byte(rehref(string(f.Data))))
		default:
			place(t, dir, "mapping-collections", name, "mapping-collection.json", f.Data)
		}
	}
	for kind, write := range map[string]func() (Document, error){
		"assessment-results":            func() (Document, error) { return FromDecision(decision(t)) },
		"plan-of-action-and-milestones": func() (Document, error) { return PlanFromDecision(decision(t)) },
	} {
		doc, err := write()
		if err != nil {
			t.Fatal(err)
		}
		data, err := doc.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		place(t, dir, kind, "decision", kind+".json", data)
	}
	return dir, len(files) + 2
}

func rehref(profile string) string {
	var out []string
	for _, line := range strings.Split(profile, "\n") {
		if before, after, ok := strings.Cut(line, `"href": "`); ok {
			line = before + `"href": "trestle://catalogs/` + strings.Replace(after, ".json", "/catalog.json", 1)
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func TestInteropTrestleAcceptsEveryDocument(t *testing.T) {
	bin := trestle(t)
	dir, n := workspace(t, bin)
	out := run(t, dir, bin, "validate", "-a")
	if got := strings.Count(out, "VALID: Model"); got != n || strings.Contains(out, "INVALID") {
		t.Errorf("trestle finds %d of %d documents valid:\n%s", got, n, out)
	}
}

func TestInteropTrestleResolvesProfilesAlike(t *testing.T) {
	bin := trestle(t)
	dir, _ := workspace(t, bin)
	s, err := controls.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"supply-chain", "gdpr"} {
		run(t, dir, bin, "author", "profile-resolve", "-n", id+"-profile", "-o", id+"-resolved")
		data, err := os.ReadFile(filepath.Join(dir, "catalogs", id+"-resolved", "catalog.json"))
		if err != nil {
			t.Fatal(err)
		}
		var doc Document
		if err := json.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		got := ids(Group{Controls: doc.Catalog.Controls, Groups: doc.Catalog.Groups})
		p, err := s.Profile(id)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Sorted(slices.Values(p.Controls))
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: trestle resolves %d controls, modelvet %d:\n%v\n%v", id, len(got), len(want), got, want)
		}
	}
}

func ids(g Group) []string {
	var out []string
	for _, c := range g.Controls {
		out = append(append(out, c.ID), ids(Group{Controls: c.Controls})...)
	}
	for _, sub := range g.Groups {
		out = append(out, ids(sub)...)
	}
	return out
}
