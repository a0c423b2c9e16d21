// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
)

// The disk fills up while a model is pulled and packed: the error says so, and
// nothing of the model has appeared. The disk is a real one of 2 MiB, mounted
// for a process of its own.
func TestFullDiskThroughAPull(t *testing.T) {
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	ref := strings.TrimPrefix(s.URL, "http://") + "/m:v1"
	dir := folder(t, map[string]string{"m.gguf": strings.Repeat("weights ", 1<<19), "README.md": "small"})
	if _, err := artifact.PackTo(t.Context(), dir, modelvet.System{}, ref, artifact.Options{}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ARTIFACT_TEST_FULL="+ref, "ARTIFACT_TEST_LAYOUT="+t.TempDir(), "ARTIFACT_TEST_MODEL="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || strings.Contains(string(out), "mounting:") {
		t.Skipf("this machine lets nobody mount a small disk: %v %s", err, out)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// fillDisk runs in the process that has the small disk.
func fillDisk(ref, dir string) int {
	if err := errors.Join(syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""), syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m")); err != nil {
		fmt.Println("mounting:", err)
		return 1
	}
	ctx, layout, out := context.Background(), filepath.Join(dir, "layout"), filepath.Join(dir, "out")
	_, pull := artifact.Pull(ctx, ref, "oci:"+layout, artifact.Options{})
	_, pack := artifact.Pack(ctx, os.Getenv("ARTIFACT_TEST_MODEL"), modelvet.System{}, layout, artifact.Options{})
	var extract error
	if a, err := artifact.Open(ctx, ref, artifact.Options{}); err == nil {
		extract = a.Extract(ctx, out)
		a.Close()
	}
	bad, names := 0, regexp.MustCompile(`m\.gguf|README\.md|the configuration`)
	for name, err := range map[string]error{"pull": pull, "pack": pack, "extract": extract} {
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free some space") ||
			!names.MatchString(err.Error()) { // they are written at the same time
			fmt.Printf("%s: %v\n", name, err)
			bad = 1
		}
	}
	_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, _ error) error {
		if info, err := d.Info(); err == nil && !d.IsDir() && info.Size() > 100 {
			fmt.Println("left:", p, info.Size())
			bad = 1
		}
		return nil
	})
	return bad
}
