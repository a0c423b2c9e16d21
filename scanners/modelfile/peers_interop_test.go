// SPDX-License-Identifier: Apache-2.0

//go:build interop

package modelfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

// peer is a scanner: what it says about each file, and the seconds it takes.
type peer struct {
	name string
	scan func(t *testing.T, files []string) (map[string]verdict, float64)
}

// verdict is flagged (it would stop the file), loud (it says that it could not
// read it) or neither.
type verdict struct{ flagged, loud bool }

func peerBin(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("MODELVET_MODELFILE_PEERS")
	if dir == "" {
		cache := os.Getenv("XDG_CACHE_HOME")
		if cache == "" {
			cache = filepath.Join(must(os.UserHomeDir()), ".cache")
		}
		dir = filepath.Join(cache, "modelvet", "modelfile-venv")
	}
	bin := filepath.Join(dir, "bin", name)
	if _, err := os.Stat(bin); err != nil {
		t.Fatalf("the peer %s is missing: run scripts/interop-modelfile.sh: %v", name, err)
	}
	return bin
}

// exits runs the command line of a peer over all files; exit code 1 stops a
// file, any other but 0 says that it could not be read.
func exits(tool string) func(*testing.T, []string) (map[string]verdict, float64) {
	return func(t *testing.T, files []string) (map[string]verdict, float64) {
		cmd := exec.Command(peerBin(t, "python"), append([]string{must(filepath.Abs("testdata/peers.py")), tool}, files...)...)
		cmd.Dir = t.TempDir()
		var out, problems bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &problems
		if err := cmd.Run(); err != nil {
			t.Fatalf("running %s: %v: %s", tool, err, problems.String())
		}
		all, total := map[string]verdict{}, 0.0
		for line := range strings.Lines(out.String()) {
			var code int
			var seconds float64
			var file string
			if _, err := fmt.Sscanf(line, "%d %f %s", &code, &seconds, &file); err != nil {
				t.Fatalf("%s prints %q", tool, line)
			}
			all[file] = verdict{code == 1, code > 1}
			total += seconds
		}
		return all, total
	}
}

func ourselves(t *testing.T, files []string) (map[string]verdict, float64) {
	all, start := map[string]verdict{}, time.Now()
	for _, file := range files {
		s := scanFiles(t, map[string]string{filepath.Base(file): string(must(os.ReadFile(file)))}, "weight")
		v := verdict{loud: len(s.Coverage.Skipped) > 0}
		for _, f := range s.Findings {
			v.flagged = v.flagged || f.Severity == modelvet.SeverityBlock
		}
		all[file] = v
	}
	return all, time.Since(start).Seconds()
}

// tally is one row of the table.
type tally struct {
	caught, missedLoud, missed, benign, benignLoud int
	missedNames                                    []string
	seconds                                        float64
}

// TestPeers scans the same files with every tool and prints the table. Ours
// must catch everything and flag nothing that is benign.
func TestPeers(t *testing.T) {
	bad := t.TempDir()
	writeCorpus(bad)
	attacks := must(filepath.Glob(filepath.Join(bad, "*")))
	benign := must(filepath.Glob(filepath.Join("testdata", "benign", "*")))
	peers := []peer{
		{"modelvet", ourselves},
		{"picklescan 1.0.5", exits("picklescan,--path")},
		{"picklescan 1.0.5 --strict", exits("picklescan,--strict,--path")},
		{"modelscan 0.8.8", exits("modelscan,-p")},
		{"fickling 0.1.12", exits("fickling,--check-safety")},
	}
	var table strings.Builder
	fmt.Fprintf(&table, "| tool | attacks stopped (of %d) | not stopped, but an error is shown | silently passed | benign files stopped (of %d) | benign files with an error or gap | seconds |\n|---|---|---|---|---|---|---|\n", len(attacks), len(benign))
	for _, p := range peers {
		r := run(t, p, attacks, benign)
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %d | %d | %.1f |\n", p.name, r.caught, r.missedLoud, r.missed, r.benign, r.benignLoud, r.seconds)
		t.Logf("%s silently passes %v", p.name, r.missedNames)
		if p.name == "modelvet" && (r.caught != len(attacks) || r.benign != 0) {
			t.Errorf("modelvet stops %d of %d attacks and %d benign files", r.caught, len(attacks), r.benign)
		}
	}
	t.Log("\n" + table.String())
	if out := os.Getenv("MODELVET_PEERS_TABLE"); out != "" {
		if err := os.WriteFile(out, []byte(table.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func run(t *testing.T, p peer, attacks, benign []string) (r tally) {
	for i, f := range benign {
		benign[i] = must(filepath.Abs(f))
	}
	said, seconds := p.scan(t, append(append([]string{}, attacks...), benign...))
	r.seconds = seconds
	if len(said) != len(attacks)+len(benign) {
		t.Fatalf("%s says something about %d files of %d", p.name, len(said), len(attacks)+len(benign))
	}
	for _, f := range attacks {
		switch v := said[f]; {
		case v.flagged:
			r.caught++
		case v.loud:
			r.missedLoud++
		default:
			r.missed++
			r.missedNames = append(r.missedNames, filepath.Base(f))
		}
	}
	for _, f := range benign {
		if v := said[f]; v.flagged {
			r.benign++
		} else if v.loud {
			r.benignLoud++
		}
	}
	return r
}

// TestSweep scans some hundred benign pickles that sweep.py has just written:
// none may block, none may be skipped.
func TestSweep(t *testing.T) {
	dir := os.Getenv("MODELVET_MODELFILE_SWEEP")
	if dir == "" {
		t.Fatal("no benign sweep: run scripts/interop-modelfile.sh, which writes it")
	}
	s := scanDir(t, dir)
	for _, f := range s.Findings {
		if f.Severity == modelvet.SeverityBlock {
			t.Errorf("%s: %s %s", f.Path, f.ID, f.What)
		}
	}
	for _, g := range s.Coverage.Skipped {
		t.Errorf("%s is skipped: %s", g.Path, g.Reason)
	}
	t.Logf("%d benign files read", len(s.Coverage.Read))
	if len(s.Coverage.Read) < 500 {
		t.Error("the sweep is too small to say anything")
	}
}

// TestParametersAreThoseOfTheLibraries compares the numbers counted in headers
// with what safetensors, onnx and gguf have just written.
func TestParametersAreThoseOfTheLibraries(t *testing.T) {
	dir := os.Getenv("MODELVET_MODELFILE_WEIGHTS")
	data, err := os.ReadFile(filepath.Join(dir, "expected.txt"))
	if err != nil {
		t.Fatalf("no weights: run scripts/interop-modelfile.sh, which writes them: %v", err)
	}
	var want map[string]map[string]float64
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	got := map[string]map[string]float64{}
	for _, m := range scanDir(t, dir).Measurements {
		if m.Metric != "modelfile/parameters" {
			continue
		}
		name := filepath.Base(m.Slice["path"])
		if got[name] == nil {
			got[name] = map[string]float64{}
		}
		got[name][m.Slice["precision"]] = m.Value
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("counted %v,\nwritten %v", got, want)
	}
	if len(want) != 3 {
		t.Errorf("%d files, expected three formats", len(want))
	}
}
