// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

const (
	scannerName    = "modelfile"
	scannerVersion = "1"
)

// Budget bounds what one scan may cost. A zero field means the default; what
// lies beyond is written down as skipped.
type Budget struct {
	Inflate int64 // bytes that all compressed members together may grow to; default 4 GiB
	Members int   // members of all archives together; default 100,000
	Depth   int   // archives and wrappers inside one another; default 5
	Memory  int64 // bytes of one decompressed member kept in memory, the rest goes to a temporary file; default 32 MiB
	Search  int64 // bytes of one file searched for hidden pickles after an error; default 32 MiB
	Text    int64 // bytes of one text or JSON file; default 4 GiB
}

func (b Budget) defaults() Budget {
	set := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&b.Inflate, 4<<30)
	set(&b.Memory, 32<<20)
	set(&b.Search, 32<<20)
	set(&b.Text, 4<<30)
	if b.Members <= 0 {
		b.Members = 100_000
	}
	if b.Depth <= 0 {
		b.Depth = 5
	}
	return b
}

// Scanner looks at every file of a model. The zero value is ready.
type Scanner struct{ Budget Budget }

// Name is the name of this scanner in scans, metrics and flags.
func (Scanner) Name() string { return scannerName }

// Scan looks at every file of m, whatever its kind. It fails only when the
// context ends or the model has no files; a file that cannot be opened or
// understood is in the coverage as skipped, with the reason.
func (s Scanner) Scan(ctx context.Context, m modelvet.Model) (modelvet.Scan, error) {
	if len(m.Files) == 0 {
		return modelvet.Scan{}, fmt.Errorf("scanning the model's files: there are none: check model.files in modelvet.yaml")
	}
	if m.FS == nil {
		return modelvet.Scan{}, fmt.Errorf("scanning the model's files: no folder is open")
	}
	w := newWalk(ctx, s.Budget, m.FS)
	files := slices.Clone(m.Files)
	slices.SortFunc(files, func(a, b modelvet.File) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.Path, b.Path))
	})
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return modelvet.Scan{}, fmt.Errorf("scanning %s: %w", f.Path, err)
		}
		w.file(f)
	}
	if err := ctx.Err(); err != nil {
		return modelvet.Scan{}, fmt.Errorf("scanning the model's files: %w", err)
	}
	return w.scan(), nil
}

// rank puts ONNX models before the raw tensor files that they refer to.
func rank(f modelvet.File) int {
	if strings.HasSuffix(strings.ToLower(f.Path), ".onnx") {
		return 0
	}
	return 1
}

// ScanFile looks at one file that is no part of a model. The name decides
// only whether plain text is to be expected, and is the path of what is found.
func (s Scanner) ScanFile(ctx context.Context, name string, r io.ReaderAt, size int64) (modelvet.Scan, error) {
	w := newWalk(ctx, s.Budget, nil)
	w.top(item{path: name, r: r, size: size, weight: !textName(name)})
	if err := ctx.Err(); err != nil {
		return modelvet.Scan{}, fmt.Errorf("scanning %s: %w", name, err)
	}
	return w.scan(), nil
}

// file opens one file below the model's folder.
func (w *walk) file(f modelvet.File) {
	file, err := w.fs.Open(f.Path)
	if err != nil {
		w.missing(f.Path, fmt.Sprintf("cannot be opened: %v", err))
		return
	}
	defer file.Close()
	st, err := file.Stat()
	if err != nil || !st.Mode().IsRegular() {
		w.missing(f.Path, "is no regular file")
		return
	}
	r, size, done, err := w.readerAt(file, st)
	if err != nil {
		w.missing(f.Path, err.Error())
		return
	}
	defer done()
	w.top(item{path: f.Path, r: r, size: size, weight: f.Kind == "weight" || f.Kind == "" && !textName(f.Path)})
}

// readerAt returns the file itself where it can jump, else a bounded copy.
func (w *walk) readerAt(file fs.File, st fs.FileInfo) (io.ReaderAt, int64, func(), error) {
	if r, ok := file.(io.ReaderAt); ok {
		return r, st.Size(), func() {}, nil
	}
	sp, err := w.spool(file)
	if err != nil {
		sp.close()
		return nil, 0, nil, err
	}
	return sp.r, sp.size, sp.close, nil
}

func (w *walk) missing(path, reason string) {
	w.files++
	w.gap(path, reason)
	w.skipFile = path
}

var textExtensions = map[string]bool{
	".txt": true, ".md": true, ".csv": true, ".tsv": true, ".json": true, ".jsonl": true, ".yaml": true, ".yml": true, ".py": true, ".toml": true,
	".cfg": true, ".ini": true, ".html": true, ".xml": true, ".jinja": true, ".rst": true, ".log": true, ".sh": true, ".ipynb": true, ".sql": true,
	".gitattributes": true, ".gitignore": true, ".go": true, ".rego": true, ".pub": true, ".sig": true, ".lock": true, ".license": true, ".j2": true, ".css": true, ".js": true, ".svg": true,
}

// textName tells names under which plain text is nothing odd.
func textName(name string) bool {
	base := strings.ToLower(path.Base(name))
	ext := path.Ext(base)
	return ext == "" || textExtensions[ext]
}
