// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Killed at any moment, gate leaves the old result or the new one, whole.
func TestKilledGateLeavesOneResult(t *testing.T) {
	dir, config := t.TempDir(), t.TempDir()
	if err := copyModel("../../testdata/credit", dir); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "result")
	start := time.Now()
	gateAt(t, config, dir, out, "1795521600").Wait()
	whole := time.Since(start)
	first := result(t, out)
	for i := range 8 {
		cmd := gateAt(t, config, dir, out, "1795608000")
		time.Sleep(whole * time.Duration(i+1) / 9)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if got := result(t, out); got != first && got != "2026-11-25T12:00:00Z" {
			t.Fatalf("killed after %d/9: decision of %q", i+1, got)
		}
	}
	gateAt(t, config, dir, out, "1795694400").Wait()
	if got := result(t, out); got != "2026-11-26T12:00:00Z" {
		t.Errorf("after the kills, a whole run leaves %q", got)
	}
	if left, _ := filepath.Glob(out + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func gateAt(t *testing.T, config, dir, out, epoch string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "gate", dir, "--out", out)
	cmd.Env = append(os.Environ(), "MODELVET_TEST_MAIN=1", "SOURCE_DATE_EPOCH="+epoch, "XDG_CONFIG_HOME="+config)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// result reads a result as a user would: every file must be there and whole.
func result(t *testing.T, out string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(out, "decision.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d struct{ At, Outcome string }
	if err := json.Unmarshal(b, &d); err != nil || d.Outcome == "" {
		t.Fatalf("half a decision: %v", err)
	}
	for _, f := range files {
		if info, err := os.Stat(filepath.Join(out, f[0])); err != nil || info.Size() == 0 {
			t.Fatalf("%s: %v", f[0], err)
		}
	}
	if _, err := os.Stat(filepath.Join(out, "layout", "index.json")); err != nil {
		t.Fatal(err)
	}
	return d.At
}
