// SPDX-License-Identifier: Apache-2.0

//go:build interop

package policies

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// peer is a program that scripts/interop-policies.sh installs; without it the
// test fails.
func peer(t *testing.T, name string) string {
	t.Helper()
	cache := os.Getenv("XDG_CACHE_HOME")
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(home, ".cache")
	}
	path := filepath.Join(cache, "modelvet", "bin", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v; run scripts/interop-policies.sh", err)
	}
	return path
}

// cases are good evidence, none, evidence that each rule objects to, and a
// policy without thresholds.
func cases(t *testing.T) map[string]Input {
	bare := caseOf(t, good())
	bare.Thresholds = nil
	out := map[string]Input{"good": caseOf(t, good()), "none": caseOf(t, nil), "bare": bare}
	for id, spoil := range failing {
		out[id] = spoil.input(t, good())
	}
	return out
}

func exported(t *testing.T, e *Engine) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pack")
	for name, text := range e.Export() {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Plain `opa eval` and `opa exec` give the engine's answer for every rule of every case.
func TestInteropOPA(t *testing.T) {
	e := engine(t)
	dir, pack, opa := t.TempDir(), exported(t, e), peer(t, "opa")
	var files []string
	for name, in := range cases(t) {
		input, data, err := e.Document(in)
		if err != nil {
			t.Fatal(name, err)
		}
		path := writeJSON(t, filepath.Join(dir, name+".json"), input)
		switch name {
		case "bare", "good", "none": // each a process of its own
			with := writeJSON(t, filepath.Join(dir, name+".data.json"), data)
			out := run(t, 0, opa, "eval", "--strict-builtin-errors", "--format", "raw", "--data", pack, "--data", with, "--input", path, "data.modelvet.outcomes")
			var got map[string]string
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatal(err)
			}
			same(t, e, "opa eval", name, got)
		default:
			files = append(files, path)
		}
	}
	writeJSON(t, filepath.Join(pack, "data.json"), map[string]any{"config": map[string]any{"thresholds": nested(t, e)}})
	var all struct {
		Result []struct {
			Path   string
			Result map[string]string
		}
	}
	if err := json.Unmarshal(run(t, 0, opa, append([]string{"exec", "--decision", "modelvet/outcomes", "--bundle", pack}, files...)...), &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Result) != len(e.rules) {
		t.Errorf("%d answers for %d rules' cases", len(all.Result), len(e.rules))
	}
	for _, r := range all.Result {
		same(t, e, "opa exec", strings.TrimSuffix(filepath.Base(r.Path), ".json"), r.Result)
	}
}

func nested(t *testing.T, e *Engine) map[string]any {
	out, err := e.checkThresholds(thresholds)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func same(t *testing.T, e *Engine, who, name string, got map[string]string) {
	t.Helper()
	for id, r := range outcomes(t, e, cases(t)[name]) {
		if got[id] != string(r.Outcome) {
			t.Errorf("%s: %s is %s, and %q for %s", name, id, r.Outcome, got[id], who)
		}
	}
}

func writeJSON(t *testing.T, path string, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = os.WriteFile(path, b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// conftest denies and warns where the engine closes the gate and where it tells.
func TestInteropConftest(t *testing.T) {
	e := engine(t)
	dir, pack := t.TempDir(), exported(t, e)
	for name, in := range cases(t) {
		input, data, err := e.Document(in)
		if err != nil {
			t.Fatal(name, err)
		}
		if name == "bare" { // conftest has one set of data for all inputs
			continue
		}
		writeJSON(t, filepath.Join(dir, "data.json"), data)
		writeJSON(t, filepath.Join(dir, name+".input.json"), input)
	}
	inputs, _ := filepath.Glob(filepath.Join(dir, "*.input.json"))
	out := run(t, 1, peer(t, "conftest"), append([]string{"test", "--no-color", "--output", "json", "--policy", pack, "--data", filepath.Join(dir, "data.json")}, inputs...)...)
	var files []struct {
		Filename           string
		Failures, Warnings []struct{ Msg string }
	}
	if err := json.Unmarshal(out, &files); err != nil {
		t.Fatal(err)
	}
	if len(files) != len(inputs) || len(inputs) < len(e.rules) {
		t.Fatalf("%d answers for %d inputs of %d rules", len(files), len(inputs), len(e.rules))
	}
	for _, f := range files {
		var got []string
		for level, list := range map[string][]struct{ Msg string }{"block": f.Failures, "warn": f.Warnings} {
			for _, m := range list {
				id, _, _ := strings.Cut(m.Msg, ":")
				got = append(got, fmt.Sprintf("%s %s", id, level))
			}
		}
		var want []string
		for id, r := range outcomes(t, e, cases(t)[strings.TrimSuffix(filepath.Base(f.Filename), ".input.json")]) {
			if r.Outcome == modelvet.Fail || r.Outcome == modelvet.Unknown {
				want = append(want, fmt.Sprintf("%s %s", id, r.Level))
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: conftest says %v, the engine %v", f.Filename, got, want)
		}
	}
}

func run(t *testing.T, code int, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
		t.Fatalf("%s ended otherwise than with %d (%v): %.2000s%.2000s", filepath.Base(name), code, err, out.String(), errs.String())
	}
	return out.Bytes()
}
