// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"bufio"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/modelvet/modelvet/artifact"
)

// TestMain lets the tests run a pack in a process that they can kill.
func TestMain(m *testing.M) {
	if dir := os.Getenv("ARTIFACT_TEST_PACK"); dir != "" {
		_, err := artifact.Pack(context.Background(), dir, system0, os.Getenv("ARTIFACT_TEST_LAYOUT"), artifact.Options{Progress: func(int64, int64) {
			os.Stdout.WriteString("started\n")
			select {} // until killed
		}})
		if err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	if ref := os.Getenv("ARTIFACT_TEST_FULL"); ref != "" {
		os.Exit(fillDisk(ref, os.Getenv("ARTIFACT_TEST_LAYOUT")))
	}
	os.Exit(m.Run())
}

func TestKilledPackLeavesTheOldLayout(t *testing.T) {
	layout, old := packed(t, credit)
	dir := folder(t, map[string]string{"m.gguf": strings.Repeat("w", 3<<20)})
	before := tree(t, layout)
	kill(t, dir, layout)
	after := tree(t, layout)
	maps.DeleteFunc(after, func(name, _ string) bool { return strings.HasPrefix(name, ".ingest/") })
	if !maps.Equal(before, after) {
		t.Error("the layout was changed")
	}
	if a := open(t, "oci:"+layout); a.Subject().Digest != old.Digest || a.Verify(t.Context()) != nil {
		t.Error("the old artifact is not there any more")
	}
	packAgain(t, dir, layout)
	fresh := filepath.Join(t.TempDir(), "fresh")
	kill(t, dir, fresh)
	if _, err := artifact.Open(t.Context(), "oci:"+fresh, artifact.Options{}); err == nil {
		t.Error("half a layout can be opened")
	}
	packAgain(t, dir, fresh)
}

func kill(t *testing.T, dir, layout string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ARTIFACT_TEST_PACK="+dir, "ARTIFACT_TEST_LAYOUT="+layout)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "started\n" {
		t.Errorf("the process said %q", line)
	}
	cmd.Process.Kill()
	cmd.Wait()
}

func packAgain(t *testing.T, dir, layout string) {
	t.Helper()
	if _, err := artifact.Pack(t.Context(), dir, system0, layout, artifact.Options{Tag: "v2"}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(layout, ".ingest")); !os.IsNotExist(err) {
		t.Error("the killed process's files are still there")
	}
	if err := open(t, "oci:"+layout+":v2").Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// A file of any size takes a few megabytes of memory.
func TestMemoryIsBounded(t *testing.T) {
	dir := folder(t, map[string]string{"m.gguf": "GGUF"})
	if err := os.Truncate(filepath.Join(dir, "m.gguf"), 100<<20); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	layout := filepath.Join(t.TempDir(), "l")
	if _, err := artifact.Pack(t.Context(), dir, system0, layout, artifact.Options{}); err != nil {
		t.Fatal(err)
	}
	a := open(t, "oci:"+layout)
	if err := a.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
		t.Errorf("packing and verifying 100 MiB allocated %d MiB", n>>20)
	}
}
