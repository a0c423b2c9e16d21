// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected outputs")

func TestMain(m *testing.M) {
	if os.Getenv("MODELVET_TEST_MAIN") != "" { // a test runs this binary as modelvet, to be able to kill it
		main()
	}
	testscript.Main(m, map[string]func(){"modelvet": main})
}

func TestScripts(t *testing.T) {
	repo, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("REPO", repo)
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
			env.Setenv("SOURCE_DATE_EPOCH", "1795521600") // 2026-11-24
			env.Setenv("NO_COLOR", "1")
			env.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(env.WorkDir))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "flip": flip, "policy": policy, "edit": edit, "model": model, "pin": pin, "flipblob": flipBlob, "certificate": certificate, "tamper": tamper,
		},
	})
}

// code N COMMAND...: runs a command and insists on its exit code.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		got = -1
		var exit *exec.ExitError
		if e, ok := err.(*exec.ExitError); ok {
			exit = e
			got = exit.ExitCode()
		}
	}
	if got != want {
		ts.Fatalf("%v ended with %d, want %d", args[1:], got, want)
	}
}

// flip FILE [OFFSET]: changes one bit of a file; a negative offset counts from its end.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	at := len(b) / 2
	if len(args) > 1 {
		at, err = strconv.Atoi(args[1])
		ts.Check(err)
	}
	b[at] ^= 1
	ts.Check(os.Chmod(ts.MkAbs(args[0]), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o644))
}

// policy FILE: makes the demo's two keys and writes its policy with them.
func policy(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range []string{"pipeline", "officer", "stranger"} {
		ts.Check(ts.Exec("modelvet", "keygen", "--out", name))
	}
	out, err := exec.Command(filepath.Join(ts.Getenv("REPO"), "scripts", "policy.sh"), ts.MkAbs("pipeline.pub"), ts.MkAbs("officer.pub")).Output()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out, 0o644))
}

// pin POLICY DIGEST: pins oci:bundle:v1 in a policy, or puts another digest in its place.
func pin(ts *testscript.TestScript, _ bool, args []string) {
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	digest := strings.TrimSpace(ts.ReadFile(args[1]))
	after := regexp.MustCompile(`digest: sha256:[0-9a-f]{64}`).ReplaceAllString(string(b), "digest: "+digest)
	if !strings.Contains(after, "bundles:") {
		after += "\nbundles:\n- {ref: 'oci:bundle:v1', digest: " + digest + ", keys: [model risk officer]}\n"
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(after), 0o644))
}

// flipBlob LAYOUT TEXT: changes one bit of every blob that holds rules.
func flipBlob(ts *testscript.TestScript, _ bool, args []string) {
	blobs, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "blobs", "sha256", "*"))
	ts.Check(err)
	flipped := 0
	for _, p := range blobs {
		if b, err := os.ReadFile(p); err == nil && strings.HasPrefix(string(b), "# METADATA") {
			flip(ts, false, []string{p})
			flipped++
		}
	}
	if flipped == 0 {
		ts.Fatalf("no blob of %s holds rules", args[0])
	}
}

// edit FILE REGEXP REPLACEMENT: edits a file in place, and insists that something changed.
func edit(ts *testscript.TestScript, _ bool, args []string) {
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	after := regexp.MustCompile("(?m)"+args[1]).ReplaceAllString(string(b), strings.ReplaceAll(args[2], `\n`, "\n"))
	if after == string(b) {
		ts.Fatalf("nothing in %s matches %s", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(after), 0o644))
}

// model NAME DIR: copies a model of the repository.
func model(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(copyModel(filepath.Join(ts.Getenv("REPO"), "testdata", args[0]), ts.MkAbs(args[1])))
}

func copyModel(from, to string) error {
	for _, sub := range []string{"modelvet.yaml", "model", "data", "docs"} {
		src := filepath.Join(from, sub)
		info, err := os.Stat(src)
		if err != nil {
			return err
		}
		if info.IsDir() {
			err = os.CopyFS(filepath.Join(to, sub), os.DirFS(src))
		} else {
			err = copyFile(src, filepath.Join(to, sub))
		}
		if err != nil {
			return fmt.Errorf("copying %s: %w", src, err)
		}
	}
	return nil
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o644)
}
