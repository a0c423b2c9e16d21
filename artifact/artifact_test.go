// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
)

// credit is a small model: path to content.
var credit = map[string]string{
	"modelvet.yaml":        "name: credit\n",
	"model/model.json":     `{"learner":{}}`,
	"data/training.csv":    "age,label\n30,1\n",
	"docs/model-card.md":   "# Credit\n",
	"train.py":             "print('train')\n",
	"sub/dir/weights.onnx": strings.Repeat("w", 3000),
	"empty.txt":            "",
}

var system = modelvet.System{
	Name: "credit", Version: "1.0.0", Licence: "Apache-2.0",
	Provider:  modelvet.Party{Name: "Example Bank"},
	Model:     modelvet.ModelFiles{Files: []string{"model/*.json"}, Format: "xgboost-json", Architecture: "gbtree"},
	Tables:    []modelvet.Table{{Name: "training", Kind: "training", Path: "data/*.csv"}},
	Documents: []modelvet.Document{{Kind: "model-card", Path: "docs/model-card.md"}},
}

func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		write(t, filepath.Join(dir, name), content)
	}
	return dir
}

func write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func with(files map[string]string, more ...string) map[string]string {
	all := maps.Clone(files)
	for i := 0; i < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

func digest(content string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(content))) }

// packed packs files into a fresh layout and returns the layout's folder.
func packed(t testing.TB, files map[string]string) (string, modelvet.Subject) {
	t.Helper()
	layout := filepath.Join(t.TempDir(), "layout")
	s, err := artifact.Pack(t.Context(), folder(t, files), system, layout, artifact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return layout, s
}

func open(t testing.TB, ref string) *artifact.Artifact {
	t.Helper()
	a, err := artifact.Open(t.Context(), ref, artifact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// wantError fails unless err says all of the words.
func wantError(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		all[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestPackedModelComesBackByteForByte(t *testing.T) {
	layout, subject := packed(t, with(credit, "policy.yaml", "no", ".git/config", "no", ".modelvet/decision.json", "{}", ".modelvetignore", "*.tmp\n", "x.tmp", "no"))
	a := open(t, "oci:"+layout)
	if err := a.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := a.Subject(); !slices.Equal(got.Files, subject.Files) || got.Digest != subject.Digest || got.Name != "credit" {
		t.Errorf("opened as %+v, packed as %+v", got, subject)
	}
	out := filepath.Join(t.TempDir(), "out")
	if err := a.Extract(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, out); !maps.Equal(got, credit) {
		t.Errorf("extracted %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(credit)))
	}
	b, err := a.ReadFile(t.Context(), "docs/model-card.md", 100)
	if err != nil || string(b) != "# Credit\n" {
		t.Errorf("ReadFile gave %q, %v", b, err)
	}
	_, err = a.ReadFile(t.Context(), "sub/dir/weights.onnx", 100)
	wantError(t, err, "sub/dir/weights.onnx", "3000")
	_, err = a.ReadFile(t.Context(), "nope", 100)
	wantError(t, err, "nope", "not found")
}

func TestDigestOfALayerIsThatOfTheFile(t *testing.T) {
	_, subject := packed(t, credit)
	kinds := map[string]string{
		"modelvet.yaml": "config", "model/model.json": "weight", "data/training.csv": "dataset", "docs/model-card.md": "doc",
		"train.py": "code", "sub/dir/weights.onnx": "weight", "empty.txt": "doc",
	}
	for _, f := range subject.Files {
		if f.Digest != digest(credit[f.Path]) || f.Size != int64(len(credit[f.Path])) || f.Kind != kinds[f.Path] {
			t.Errorf("%+v", f)
		}
	}
	if !slices.IsSortedFunc(subject.Files, func(a, b modelvet.File) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("files are not sorted by path")
	}
}

func TestSameFolderSameDigestWhateverTheTimesAndOwners(t *testing.T) {
	first, one := packed(t, credit)
	dir := folder(t, credit)
	for name := range credit {
		old := time.Unix(1, 0)
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	second := filepath.Join(t.TempDir(), "new", "layout")
	two, err := artifact.Pack(t.Context(), dir, system, second, artifact.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if one.Digest != two.Digest {
		t.Errorf("%s and %s", one.Digest, two.Digest)
	}
	if a, b := tree(t, first), tree(t, second); !maps.Equal(a, b) {
		t.Error("the layouts differ")
	}
	changed, three := packed(t, with(credit, "train.py", "print('Train')\n"))
	if three.Digest == one.Digest {
		t.Errorf("other content has the same digest in %s", changed)
	}
}

func TestAttachedBundlesComeBack(t *testing.T) {
	layout, _ := packed(t, credit)
	a := open(t, "oci:"+layout)
	at := time.Unix(1700000000, 0)
	var want []artifact.Attachment
	for i := range 20 {
		want = append(want, artifact.Attachment{Bundle: fmt.Appendf(nil, `{"n":%d}`, i), PredicateType: fmt.Sprintf("https://example.com/p/%d", i%3)})
	}
	digests, err := a.AttachAll(t.Context(), want, at)
	if err != nil {
		t.Fatal(err)
	}
	before := tree(t, layout)
	if _, err := a.Attach(t.Context(), want[3].Bundle, want[3].PredicateType, at); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(before, tree(t, layout)) {
		t.Error("attaching the same bundle again changed the layout")
	}
	got := bundles(t, open(t, "oci:"+layout))
	for i, d := range digests {
		r := got[d]
		if r.Err != nil || !bytes.Equal(r.Bundle, want[i].Bundle) || r.PredicateType != want[i].PredicateType {
			t.Errorf("bundle %d came back as %+v", i, r)
		}
	}
	if len(got) != 20 {
		t.Errorf("%d referrers", len(got))
	}
}

func bundles(t testing.TB, a *artifact.Artifact) map[string]artifact.Referrer {
	t.Helper()
	all, err := a.Referrers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]artifact.Referrer{}
	for _, r := range all {
		got[r.Digest] = r
	}
	return got
}

func TestCancelledPackLeavesNoHalf(t *testing.T) {
	dir := folder(t, with(credit, "big.bin", strings.Repeat("x", 5<<20)))
	ctx, cancel := context.WithCancel(t.Context())
	opts := artifact.Options{Workers: 1, Progress: func(done, _ int64) {
		if done >= 2<<20 {
			cancel()
		}
	}}
	layout := filepath.Join(t.TempDir(), "layout")
	_, err := artifact.Pack(ctx, dir, system, layout, opts)
	wantError(t, err, "canceled")
	if _, err := os.Stat(layout); !os.IsNotExist(err) {
		t.Errorf("the new layout is still there: %v", err)
	}
	old, _ := packed(t, credit)
	before := tree(t, old)
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	_, err = artifact.Pack(ctx, dir, system, old, opts)
	wantError(t, err, "canceled")
	for name, content := range tree(t, old) {
		if hex, ok := strings.CutPrefix(name, "blobs/sha256/"); ok {
			if digest(content) != "sha256:"+hex {
				t.Errorf("%s is half a blob", name)
			}
			delete(before, name)
		} else if before[name] != content {
			t.Errorf("%s was changed", name)
		}
	}
	if err := open(t, "oci:"+old).Verify(t.Context()); err != nil {
		t.Error(err)
	}
}
