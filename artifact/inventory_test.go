// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
)

func paths(files []modelvet.File) []string {
	var all []string
	for _, f := range files {
		all = append(all, f.Path)
	}
	return all
}

func TestIgnoreFile(t *testing.T) {
	dir := folder(t, map[string]string{
		"m.onnx": "w", "a/cache/x.bin": "", "cache/y.bin": "", "log.tmp": "", "a/log.tmp": "", "a/keep.tmp": "",
		"top.txt": "", "a/top.txt": "", "deep/1/2/3.raw": "", "out/decision.json": "", "extra/p.json": "",
		".modelvetignore": "# comment\n\ncache/\n*.tmp\n!keep.tmp\n/top.txt\r\ndeep/**/*.raw\n",
	})
	files, err := artifact.Inventory(t.Context(), dir, modelvet.System{}, artifact.Options{Exclude: []string{filepath.Join(dir, "out"), "extra"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := paths(files), []string{"a/keep.tmp", "a/top.txt", "m.onnx"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestIgnoreFileWithABadPatternNamesTheLine(t *testing.T) {
	dir := folder(t, map[string]string{"m.onnx": "w", ".modelvetignore": "ok\n[\n"})
	_, err := artifact.Inventory(t.Context(), dir, modelvet.System{}, artifact.Options{})
	wantError(t, err, ".modelvetignore line 2")
}

func TestLinksThatStayInsideArePackedAsFiles(t *testing.T) {
	dir := folder(t, map[string]string{"blobs/w": "weights"})
	symlink(t, "blobs/w", filepath.Join(dir, "model.safetensors"))
	files, err := artifact.Inventory(t.Context(), dir, modelvet.System{}, artifact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 || files[1].Path != "model.safetensors" || files[1].Size != 7 || files[1].Kind != "weight" {
		t.Errorf("%+v", files)
	}
}

func symlink(t *testing.T, target, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func TestFoldersThatCannotBePacked(t *testing.T) {
	secret := filepath.Join(folder(t, map[string]string{"s.txt": "secret"}), "s.txt")
	for name, c := range map[string]struct {
		make func(t *testing.T, dir string)
		sys  modelvet.System
		want []string
	}{
		"a link out of the folder": {func(t *testing.T, dir string) { symlink(t, secret, filepath.Join(dir, "a/evil.txt")) }, system, []string{"a/evil.txt", secret}},
		"a relative link out":      {func(t *testing.T, dir string) { symlink(t, "../../../etc/hostname", filepath.Join(dir, "a/evil")) }, system, []string{"a/evil"}},
		"a link to nothing":        {func(t *testing.T, dir string) { symlink(t, "gone", filepath.Join(dir, "dangling")) }, system, []string{"dangling", "gone"}},
		"a link to a folder":       {func(t *testing.T, dir string) { symlink(t, "data", filepath.Join(dir, "again")) }, system, []string{"again", "folder"}},
		"a link to itself":         {func(t *testing.T, dir string) { symlink(t, "loop", filepath.Join(dir, "loop")) }, system, []string{"loop"}},
		"a pipe":                   {pipe, system, []string{"pipe", "regular"}},
		"a private key": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "keys/me.key"), "-----BEGIN ENCRYPTED SIGSTORE PRIVATE "+"KEY-----\nx\n")
		}, system, []string{"keys/me.key", "private key", ".modelvetignore"}},
		"a name with a line break":       {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "a\nb"), "") }, system, []string{`a\nb`, "rename"}},
		"a name with a backslash":        {func(t *testing.T, dir string) { write(t, filepath.Join(dir, `a\b`), "") }, system, []string{"backslash"}},
		"a name that is not UTF-8":       {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "a\xff"), "") }, system, []string{"UTF-8"}},
		"an ignore file that is a link":  {func(t *testing.T, dir string) { symlink(t, secret, filepath.Join(dir, ".modelvetignore")) }, system, []string{".modelvetignore"}},
		"declared weights that are gone": {func(*testing.T, string) {}, modelvet.System{Model: modelvet.ModelFiles{Files: []string{"model/*.json", "w/*.bin"}}}, []string{"model.files[1]", "w/*.bin"}},
		"a declared pattern that is bad": {func(*testing.T, string) {}, modelvet.System{Tables: []modelvet.Table{{Path: "[a"}}}, []string{"tables[0].path"}},
		"a declared path that is empty":  {func(*testing.T, string) {}, modelvet.System{Documents: []modelvet.Document{{}}}, []string{"documents[0].path"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := with(credit)
			delete(files, "sub/dir/weights.onnx")
			dir := folder(t, files)
			c.make(t, dir)
			layout := filepath.Join(t.TempDir(), "layout")
			_, err := artifact.Pack(t.Context(), dir, c.sys, layout, artifact.Options{})
			wantError(t, err, c.want...)
			if _, err := os.Stat(layout); !os.IsNotExist(err) {
				t.Error("a layout was made")
			}
		})
	}
}

func pipe(t *testing.T, dir string) {
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Skip(err)
	}
}

func TestModelWithoutWeights(t *testing.T) {
	_, err := artifact.Inventory(t.Context(), folder(t, map[string]string{"README.md": "#"}), modelvet.System{}, artifact.Options{})
	wantError(t, err, "no weight file", "model.files")
	_, err = artifact.Inventory(t.Context(), t.TempDir(), modelvet.System{}, artifact.Options{})
	wantError(t, err, "no weight file")
	_, err = artifact.Inventory(t.Context(), filepath.Join(t.TempDir(), "nope"), modelvet.System{}, artifact.Options{})
	wantError(t, err, "nope")
}

func TestUndeclaredWeightsAreStillWeights(t *testing.T) {
	files, err := artifact.Inventory(t.Context(), folder(t, with(credit, "hidden/x.pkl", "")), system, artifact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(files, func(f modelvet.File) bool { return f.Path == "hidden/x.pkl" })
	if i < 0 || files[i].Kind != "weight" {
		t.Errorf("%+v", files)
	}
}

// A file that its owner may not read is an error, not a smaller model. Root may
// read everything, so root looks with the eyes of somebody else.
func TestUnreadableFile(t *testing.T) {
	dir := folder(t, credit)
	if err := os.Chmod(filepath.Join(dir, "train.py"), 0); err != nil {
		t.Fatal(err)
	}
	asNobody(t, dir)
	_, err := artifact.Inventory(t.Context(), dir, system, artifact.Options{})
	wantError(t, err, "train.py", "permission denied")
}

func TestUnreadableFolder(t *testing.T) {
	dir := folder(t, credit)
	closed := filepath.Join(dir, "sub")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(closed, 0o755) })
	asNobody(t, dir)
	_, err := artifact.Inventory(t.Context(), dir, system, artifact.Options{})
	wantError(t, err, "sub", "permission denied")
}

func asNobody(t *testing.T, dir string) {
	if os.Geteuid() != 0 {
		return
	}
	for p := dir; strings.HasPrefix(p, os.TempDir()) && p != os.TempDir(); p = filepath.Dir(p) {
		if err := os.Chmod(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	if err := setFileUser(65534); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { setFileUser(0) })
}
