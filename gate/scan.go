// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
	"github.com/modelvet/modelvet/scanners"
)

// Scan runs scanners over a folder or a file, signs nothing and decides
// nothing. With a system of its own tables, whose paths are as a shell names
// them, these are scanned and no modelvet.yaml is read; without either, every
// file counts as a model file.
func Scan(ctx context.Context, target string, sys modelvet.System, only []string) ([]modelvet.Scan, error) {
	ss, err := scanners.Named(only)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInput, err)
	}
	m, choose, err := scanTarget(ctx, target, sys)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInput, err)
	}
	if len(only) == 0 {
		ss = choose(ss)
	}
	root, err := os.OpenRoot(m.Dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInput, err)
	}
	defer root.Close()
	m.FS = root.FS()
	return runScanners(ctx, m, ss)
}

// runScanners blames the input for what a scanner cannot read, unless the
// scanner itself broke or was interrupted.
func runScanners(ctx context.Context, m modelvet.Model, ss []scanners.Scanner) ([]modelvet.Scan, error) {
	scans, err := scanners.Run(ctx, m, ss)
	if err != nil && ctx.Err() == nil && !errors.Is(err, scanners.ErrBroken) {
		return nil, fmt.Errorf("%w: %w", ErrInput, err)
	}
	return scans, err
}

// scanTarget says what there is to scan, and which scanners make sense when
// none was named.
func scanTarget(ctx context.Context, target string, tables modelvet.System) (modelvet.Model, func([]scanners.Scanner) []scanners.Scanner, error) {
	if len(tables.Tables) > 0 {
		return tablesTarget(tables)
	}
	info, err := os.Stat(target)
	if err != nil {
		return modelvet.Model{}, nil, err
	}
	if !info.IsDir() {
		return fileTarget(target, info)
	}
	sys, err := LoadSystem(target)
	if err == nil {
		files, err := artifact.Inventory(ctx, target, sys, artifact.Options{Exclude: outputs([]string{filepath.Join(target, ".modelvet")})})
		return modelvet.Model{Dir: target, Files: files, System: sys}, every, err
	}
	if _, serr := os.Stat(filepath.Join(target, SystemFile)); !errors.Is(serr, fs.ErrNotExist) {
		return modelvet.Model{}, nil, err
	}
	return folderTarget(target)
}

func every(ss []scanners.Scanner) []scanners.Scanner { return ss }

// named keeps the scanners that can say something about the target.
func named(names ...string) func([]scanners.Scanner) []scanners.Scanner {
	return func(ss []scanners.Scanner) []scanners.Scanner {
		return slices.DeleteFunc(slices.Clone(ss), func(s scanners.Scanner) bool { return !slices.Contains(names, s.Name()) })
	}
}

// tablesTarget puts tables below the folder that holds them all, and picks the
// scanners for the first of them.
func tablesTarget(sys modelvet.System) (modelvet.Model, func([]scanners.Scanner) []scanners.Scanner, error) {
	first := sys.Tables[0]
	if first.Kind == "predictions" && first.Prediction == "" {
		return modelvet.Model{}, nil, errors.New("--table needs --prediction: the column with what was predicted; for a table of another kind, name it with --kind")
	}
	dir := ""
	for i, t := range sys.Tables {
		abs, err := filepath.Abs(t.Path)
		if err != nil {
			return modelvet.Model{}, nil, err
		}
		if sys.Tables[i].Path = abs; i == 0 {
			dir = filepath.Dir(abs)
		}
		for !below(dir, abs) {
			dir = filepath.Dir(dir)
		}
	}
	for i, t := range sys.Tables {
		rel, err := filepath.Rel(dir, t.Path)
		if err != nil {
			return modelvet.Model{}, nil, err
		}
		sys.Tables[i].Path = filepath.ToSlash(rel)
	}
	return modelvet.Model{Dir: dir, System: sys}, named(tableScanners(sys)...), nil
}

func below(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// tableScanners are those that can say something of a table of that kind.
func tableScanners(sys modelvet.System) []string {
	switch sys.Tables[0].Kind {
	case "predictions":
		return []string{"fairness", "performance"}
	case "members":
		return []string{"privacy"}
	case "attributions":
		return []string{"explainability"}
	case "production":
		return []string{"drift", "privacy", "quality"}
	}
	return []string{"privacy", "quality"}
}

func fileTarget(path string, info fs.FileInfo) (modelvet.Model, func([]scanners.Scanner) []scanners.Scanner, error) {
	f := modelvet.File{Path: filepath.Base(path), Size: info.Size(), Kind: "weight"}
	return modelvet.Model{Dir: filepath.Dir(path), Files: []modelvet.File{f}}, named("modelfile"), nil
}

// folderTarget takes every file below a folder. Symbolic links are listed too:
// the scanner writes down that it does not follow one out of the folder.
func folderTarget(dir string) (modelvet.Model, func([]scanners.Scanner) []scanners.Scanner, error) {
	m := modelvet.Model{Dir: dir}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		f := modelvet.File{Path: filepath.ToSlash(rel), Kind: "weight"}
		if info, err := d.Info(); err == nil {
			f.Size = info.Size()
		}
		m.Files = append(m.Files, f)
		return nil
	})
	if err == nil && len(m.Files) == 0 {
		err = fmt.Errorf("%s holds no file", dir)
	}
	return m, named("modelfile"), err
}
