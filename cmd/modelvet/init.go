// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/spf13/cobra"
)

//go:embed init/modelvet.yaml.tmpl
var systemTemplate string

//go:embed init/policy.yaml
var policyTemplate string

//go:embed init/workflow.yaml
var workflowTemplate string

func initVerb(t *terminal) *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a modelvet.yaml, a policy.yaml and a CI workflow for what is in DIR",
		Long:  "Looks at the files in DIR and writes a commented modelvet.yaml, a policy.yaml for the governance team\nand .github/workflows/modelvet.yml. Files that exist are left as they are.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := folder(args)
			found, err := look(dir)
			if err != nil {
				return usage("%w", err)
			}
			var system bytes.Buffer
			if err := template.Must(template.New("").Parse(systemTemplate)).Execute(&system, found); err != nil {
				return err
			}
			for _, f := range [][2]string{
				{"modelvet.yaml", system.String()}, {"policy.yaml", policyTemplate}, {".github/workflows/modelvet.yml", workflowTemplate},
			} {
				if err := t.writeNew(filepath.Join(dir, f[0]), f[1]); err != nil {
					return err
				}
			}
			t.say("\nNext: answer what is marked CHANGE in modelvet.yaml, then run `modelvet gate %s`.", dir)
			return nil
		},
	}
}

// writeNew never touches a file that exists.
func (t *terminal) writeNew(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		t.say("left   %s (it exists)", path)
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	t.say("wrote  %s", path)
	return nil
}

// found is what a folder seems to hold.
type found struct {
	Name      string
	Weights   []string
	Tables    []string
	Documents []string
}

// weightEndings are those of the model formats that the scanner knows.
var weightEndings = []string{".safetensors", ".gguf", ".onnx", ".pt", ".pth", ".bin", ".ckpt", ".pkl", ".joblib", ".ubj", ".h5", ".keras", ".npz"}

func look(dir string) (found, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return found{}, err
	}
	out := found{Name: slug(filepath.Base(abs))}
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != dir && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(dir, p)
		if err == nil {
			out.sort(filepath.ToSlash(rel))
		}
		return err
	})
	if err == nil && len(out.Weights) == 0 {
		err = fmt.Errorf("no model file found in %s; run it in the folder that holds the model", dir)
	}
	return out, err
}

func (f *found) sort(path string) {
	ending := strings.ToLower(filepath.Ext(path))
	switch {
	case slices.Contains(weightEndings, ending), ending == ".json" && strings.Contains(path, "model"):
		f.Weights = append(f.Weights, path)
	case ending == ".csv" || ending == ".parquet":
		f.Tables = append(f.Tables, path)
	case ending == ".md":
		f.Documents = append(f.Documents, path)
	}
}

// slug makes a name that an OCI reference can hold.
func slug(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	if out := strings.Trim(b.String(), "-"); out != "" {
		return out
	}
	return "model"
}
