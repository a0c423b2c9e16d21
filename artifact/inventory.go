// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/modelvet/modelvet"
)

// maxFiles bounds a model's folder: far beyond what one manifest can list.
const maxFiles = 100_000

// never lists what is not part of a model, at the top of its folder. The
// policy is not: the judged never carries its judge.
var never = map[string]bool{".modelvet": true, ignoreFile: true, "policy.yaml": true, "policy.yml": true}

// entry is one file of the folder, before it is hashed.
type entry struct {
	modelvet.File
	exec bool
}

// Inventory lists the files of the model in dir, sorted by path, with their
// sizes in bytes and kinds but without digests. It leaves out .git folders,
// .modelvet, policy.yaml and what .modelvetignore says.
//
// It fails, naming the file, for a symbolic link that leaves the folder, dangles
// or leads to a folder; for a device, socket or pipe; for what cannot be read;
// for a name that a manifest cannot carry; for declared weights that are
// missing; and for a model without any weight file.
func Inventory(ctx context.Context, dir string, sys modelvet.System, opts Options) ([]modelvet.File, error) {
	root, err := openModel(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	entries, err := inventory(ctx, root, dir, sys, opts)
	if err != nil {
		return nil, err
	}
	files := make([]modelvet.File, len(entries))
	for i, e := range entries {
		files[i] = e.File
	}
	return files, nil
}

func openModel(dir string) (*os.Root, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the model's folder: %w", err)
	}
	return root, nil
}

func inventory(ctx context.Context, root *os.Root, dir string, sys modelvet.System, opts Options) ([]entry, error) {
	w, err := newWalk(ctx, root, dir, sys, opts)
	if err != nil {
		return nil, err
	}
	if err := fs.WalkDir(root.FS(), ".", w.visit); err != nil {
		return nil, err
	}
	if err := w.kinds.check(); err != nil {
		return nil, err
	}
	sort.Slice(w.found, func(i, j int) bool { return w.found[i].Path < w.found[j].Path })
	for _, e := range w.found {
		if e.Kind == KindWeight {
			return w.found, nil
		}
	}
	return nil, fmt.Errorf("listing %s: there is no weight file in it; name the model's files in modelvet.yaml, field model.files", dir)
}

type walk struct {
	ctx     context.Context
	root    *os.Root
	kinds   *classifier
	ignored ignoreRules
	exclude map[string]bool
	found   []entry
}

func newWalk(ctx context.Context, root *os.Root, dir string, sys modelvet.System, opts Options) (*walk, error) {
	w := &walk{ctx: ctx, root: root, exclude: map[string]bool{}}
	var err error
	if w.kinds, err = newClassifier(sys); err != nil {
		return nil, err
	}
	if w.ignored, err = readIgnore(root); err != nil {
		return nil, err
	}
	for _, p := range opts.Exclude {
		rel, err := below(dir, p)
		if err != nil {
			return nil, err
		}
		w.exclude[rel] = true
	}
	return w, nil
}

// below returns p as a slash-separated path below dir; links on the way to
// either are followed, so that two spellings of one place are one.
func below(dir, p string) (string, error) {
	if !filepath.IsAbs(p) {
		return filepath.ToSlash(filepath.Clean(p)), nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("finding %s: %w", dir, err)
	}
	rel, err := filepath.Rel(resolve(abs), resolve(p))
	if err != nil {
		return "", fmt.Errorf("finding %s: %w", p, err)
	}
	return filepath.ToSlash(rel), nil
}

// resolve follows the links in the part of p that exists.
func resolve(p string) string {
	if real, err := filepath.EvalSymlinks(p); err == nil {
		return real
	}
	parent := filepath.Dir(p)
	if parent == p {
		return p
	}
	return filepath.Join(resolve(parent), filepath.Base(p))
}

func readIgnore(root *os.Root) (ignoreRules, error) {
	f, err := openRegular(root, ignoreFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const limit = 1 << 20
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", ignoreFile, err)
	}
	if len(b) > limit {
		return nil, fmt.Errorf("reading %s: it is larger than 1 MiB", ignoreFile)
	}
	return parseIgnore(string(b))
}

func (w *walk) visit(p string, d fs.DirEntry, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("listing the model's folder: %w", err)
	case w.ctx.Err() != nil:
		return w.ctx.Err()
	case p == ".":
		return nil
	case w.skips(p, d):
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	case d.IsDir():
		return checkName(p)
	}
	return w.add(p, d)
}

func (w *walk) skips(p string, d fs.DirEntry) bool {
	return never[p] || d.Name() == ".git" || w.exclude[p] || w.ignored.ignores(p, d.IsDir())
}

func (w *walk) add(p string, d fs.DirEntry) error {
	if err := checkName(p); err != nil {
		return err
	}
	if d.Type()&fs.ModeSymlink != 0 {
		if err := w.checkLink(p); err != nil {
			return err
		}
	}
	f, err := openRegular(w.root, p)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("reading %s: %w", p, err)
	}
	if err := checkSecret(f, p); err != nil {
		return err
	}
	if len(w.found) == maxFiles {
		return fmt.Errorf("listing the model's folder: more than %d files; leave out what is not the model in %s", maxFiles, ignoreFile)
	}
	w.found = append(w.found, entry{modelvet.File{Path: p, Size: info.Size(), Kind: w.kinds.kind(p)}, info.Mode()&0o111 != 0})
	return nil
}

// checkSecret refuses private keys in PEM: what is packed is meant to be pushed.
func checkSecret(f *os.File, p string) error {
	b := make([]byte, 64)
	n, err := f.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return fmt.Errorf("reading %s: %w", p, err)
	}
	line, _, _ := bytes.Cut(b[:n], []byte("\n"))
	if bytes.HasPrefix(line, []byte("-----BEGIN ")) && bytes.Contains(line, []byte("PRIVATE KEY-----")) {
		return fmt.Errorf("reading %s: it is a private key, which must not be published with the model; move it away or list it in %s", p, ignoreFile)
	}
	return nil
}

func (w *walk) checkLink(p string) error {
	target, _ := w.root.Readlink(p)
	info, err := w.root.Stat(p)
	if err != nil {
		return fmt.Errorf("reading symbolic link %s -> %s: it must lead to a file inside the model's folder: %w", p, target, err)
	}
	if info.IsDir() {
		return fmt.Errorf("reading symbolic link %s -> %s: links to folders are not packed; copy the folder or list the link in %s", p, target, ignoreFile)
	}
	return nil
}

// openRegular opens a file for reading, and nothing that is not one: a pipe
// would block for ever.
func openRegular(root *os.Root, p string) (*os.File, error) {
	info, err := root.Stat(p)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", p, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("reading %s: it is not a regular file (%s); remove it or list it in %s", p, info.Mode().Type(), ignoreFile)
	}
	f, err := root.OpenFile(p, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", p, err)
	}
	return f, checkRegular(f, p)
}

func checkRegular(f *os.File, p string) error {
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("it is not a regular file (%s)", info.Mode().Type())
	}
	if err != nil {
		f.Close()
		return fmt.Errorf("reading %s: %w", p, err)
	}
	return nil
}

// checkName refuses what a manifest cannot carry to every system unchanged.
func checkName(p string) error {
	bad := func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }
	switch {
	case !utf8.ValidString(p):
		return fmt.Errorf("reading %q: the name is not valid UTF-8; rename it", p)
	case !fs.ValidPath(p) || p == ".":
		return fmt.Errorf("reading %q: the path must be relative, slash-separated and without . or .. elements", p)
	case strings.ContainsFunc(p, bad):
		return fmt.Errorf("reading %q: the name holds a backslash or a control character; rename it", p)
	case len(p) > 4096:
		return fmt.Errorf("reading %q...: the path is longer than 4096 bytes", p[:64])
	}
	return nil
}
