// SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// maxFiles bounds a glob: one table is not a million files by mistake.
const maxFiles = 100_000

// The formats of a table.
const (
	formatCSV     = "csv"
	formatParquet = "parquet"
	formatJSON    = "json"
	formatArrow   = "arrow"
)

// source is one file of a table.
type source struct {
	rel     string // below the folder, slash-separated
	abs     string // with every symbolic link resolved
	format  string
	digest  string // lower-case hex SHA-256
	size    int64
	changed time.Time
}

// find resolves a path or glob to digested files, sorted by name.
func find(dir, pattern string) ([]source, error) {
	if pattern == "" {
		return nil, errors.New("it has no path: set path to a file or a glob below the folder")
	}
	pattern = strings.TrimPrefix(pattern, "./")
	if !fs.ValidPath(pattern) {
		return nil, fmt.Errorf("path %q leaves the folder: it must be relative, slash-separated and without ..", pattern)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	found, err := match(root, pattern)
	if err != nil {
		return nil, err
	}
	var out []source
	for _, rel := range found {
		s, err := read(root, rel)
		if err != nil {
			return nil, err
		}
		if len(out) > 0 && s.format != out[0].format {
			return nil, fmt.Errorf("path %q matches files of two formats: %s and %s", pattern, out[0].rel, s.rel)
		}
		out = append(out, s)
	}
	return out, nil
}

// match takes the pattern for a file's name if there is such a file, and for a
// glob otherwise.
func match(root *os.Root, pattern string) ([]string, error) {
	_, err := root.Stat(pattern)
	if err == nil {
		return []string{pattern}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, inside(pattern, err)
	}
	found, gerr := fs.Glob(root.FS(), pattern)
	switch {
	case gerr != nil:
		return nil, fmt.Errorf("path %q is not a glob: %w", pattern, gerr)
	case len(found) == 0 && strings.ContainsAny(pattern, "*?["):
		return nil, fmt.Errorf("path %q matches no file", pattern)
	case len(found) == 0:
		return nil, fmt.Errorf("there is no file %s: correct the path of the table", pattern)
	case len(found) > maxFiles:
		return nil, fmt.Errorf("path %q matches %d files, more than %d", pattern, len(found), maxFiles)
	}
	slices.Sort(found)
	return found, nil
}

// inside makes the error of a link that leaves the folder say so.
func inside(rel string, err error) error {
	if strings.Contains(err.Error(), "escapes") {
		return fmt.Errorf("%s is a symbolic link that leaves the folder: put the file itself there", rel)
	}
	return fmt.Errorf("reading %s: %w", rel, err)
}

// read digests one file.
func read(root *os.Root, rel string) (source, error) {
	s := source{rel: rel}
	var err error
	if s.format, err = formatOf(rel); err != nil {
		return s, err
	}
	info, err := root.Stat(rel)
	if err != nil {
		return s, inside(rel, err)
	}
	if !info.Mode().IsRegular() { // before opening: a pipe would wait for ever
		return s, fmt.Errorf("%s is no regular file", rel)
	}
	s.size, s.changed = info.Size(), info.ModTime()
	if s.size == 0 {
		return s, fmt.Errorf("%s is empty", rel)
	}
	f, err := root.Open(rel)
	if err != nil {
		return s, inside(rel, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return s, fmt.Errorf("reading %s: %w", rel, err)
	}
	s.digest = hex.EncodeToString(h.Sum(nil))
	s.abs, err = resolve(root, rel)
	return s, err
}

// resolve gives the engine a path without links. The folder itself may be
// reached by one.
func resolve(root *os.Root, rel string) (string, error) {
	dir, err := filepath.Abs(root.Name())
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return "", fmt.Errorf("resolving the folder of the table: %w", err)
	}
	abs, err := filepath.EvalSymlinks(filepath.Join(dir, filepath.FromSlash(rel)))
	if err != nil {
		return "", fmt.Errorf("resolving %s: %w", rel, err)
	}
	if below, err := filepath.Rel(dir, abs); err != nil || !filepath.IsLocal(below) {
		return "", fmt.Errorf("%s is a symbolic link that leaves the folder: put the file itself there", rel)
	}
	if strings.ContainsRune(abs, 0) {
		return "", fmt.Errorf("the name of %q holds a NUL byte", rel)
	}
	return abs, nil
}

func formatOf(rel string) (string, error) {
	switch strings.ToLower(path.Ext(rel)) {
	case ".csv", ".tsv":
		return formatCSV, nil
	case ".parquet":
		return formatParquet, nil
	case ".jsonl", ".ndjson", ".json":
		return formatJSON, nil
	case ".arrow", ".arrows", ".feather", ".ipc":
		return formatArrow, nil
	}
	return "", fmt.Errorf("%s is of no known format: the name must end in .csv, .tsv, .parquet, .jsonl, .ndjson, .json, .arrow, .arrows, .feather or .ipc", rel)
}

// unchanged finds files that changed since they were digested, so that no
// number is told of another file than the one that is named.
func (t *Table) unchanged() error {
	for _, s := range t.sources {
		info, err := os.Stat(s.abs)
		if err != nil || info.Size() != s.size || !info.ModTime().Equal(s.changed) {
			return fmt.Errorf("%s changed while it was being read: run again", s.rel)
		}
	}
	return nil
}

func digestOf(sources []source) string {
	if len(sources) == 1 {
		return "sha256:" + sources[0].digest
	}
	h := sha256.New()
	for _, s := range sources {
		fmt.Fprintf(h, "%s  %s\n", s.digest, s.rel)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

func size(sources []source) (n int64) {
	for _, s := range sources {
		n += s.size
	}
	return n
}

func paths(sources []source) []string {
	var out []string
	for _, s := range sources {
		out = append(out, s.abs)
	}
	return out
}
