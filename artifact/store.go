// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The files of an OCI image layout (image specification 1.1, image-layout.md).
const (
	layoutFile = "oci-layout"
	layoutText = `{"imageLayoutVersion":"1.0.0"}`
	indexFile  = "index.json"
	blobFolder = "blobs/sha256"
	// ingest holds what is not finished yet; nobody looks there.
	ingest = ".ingest"
)

// store is an OCI image layout on disk, opened below its folder only. Writers
// hold the lock of the folder; readers need none, since files appear complete
// or not at all.
type store struct {
	dir    string
	root   *os.Root
	paused bool // another run may go on: nothing is tidied away
}

func openStore(dir string) (*store, error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("opening layout %s: %w: there is no such folder", dir, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("opening layout %s: %w", dir, err)
	}
	return &store{dir: dir, root: root}, nil
}

// Close releases the folder.
func (s *store) Close() error { return s.root.Close() }

// checkVersion fails for a folder that is no layout, or one of a later make.
func (s *store) checkVersion() error {
	b, err := s.readSmall(layoutFile)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: file %s is missing, %s is not an OCI image layout", ErrNotFound, layoutFile, s.dir)
	}
	if err != nil {
		return err
	}
	var v struct {
		Version string `json:"imageLayoutVersion"`
	}
	if err := decode(b, &v); err != nil {
		return fmt.Errorf("reading %s: %w", layoutFile, err)
	}
	if v.Version != "1.0.0" {
		return fmt.Errorf("reading %s: imageLayoutVersion is %q, expected \"1.0.0\"", layoutFile, v.Version)
	}
	return nil
}

// readSmall reads a file of the layout of at most 4 MiB.
func (s *store) readSmall(name string) ([]byte, error) {
	f, err := openRegular(s.root, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(b) > maxManifest {
		return nil, fmt.Errorf("reading %s: it is larger than %d bytes", name, maxManifest)
	}
	return b, nil
}

func blobName(h v1.Hash) string { return blobFolder + "/" + h.Hex }

// openBlob opens a blob whose size is right; its content is not checked.
func (s *store) openBlob(d v1.Descriptor) (*os.File, error) {
	f, err := openRegular(s.root, blobName(d.Digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: blob %s is missing from layout %s", ErrNotFound, d.Digest, s.dir)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() != d.Size {
		err = fmt.Errorf("%w: blob %s has %d bytes, it is listed with %d", ErrChanged, d.Digest, info.Size(), d.Size)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (s *store) blob(_ context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	return s.openBlob(d)
}

func (s *store) manifest(_ context.Context, d v1.Descriptor) ([]byte, error) {
	if d.Size > maxManifest {
		return nil, fmt.Errorf("it has %d bytes, more than the %d that are allowed", d.Size, maxManifest)
	}
	f, err := s.openBlob(d)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, d.Size+1))
	if err != nil {
		return nil, fmt.Errorf("reading blob %s: %w", d.Digest, err)
	}
	return b, checkContent(hashBytes(b), int64(len(b)), d)
}

// index reads index.json, strictly.
func (s *store) index() (v1.IndexManifest, error) {
	b, err := s.readSmall(indexFile)
	if errors.Is(err, fs.ErrNotExist) {
		return v1.IndexManifest{}, fmt.Errorf("%w: file %s is missing from layout %s", ErrNotFound, indexFile, s.dir)
	}
	if err != nil {
		return v1.IndexManifest{}, err
	}
	x, err := parseIndex(b)
	if err != nil {
		return x, fmt.Errorf("reading %s of layout %s: %w", indexFile, s.dir, err)
	}
	return x, nil
}

// createStore opens the layout in dir for writing, making the folder when it
// does not exist, and takes its lock. The caller calls done, with whether the
// layout is to be kept: what createStore made is removed otherwise.
func createStore(ctx context.Context, dir string) (s *store, done func(keep bool) error, err error) {
	made, err := makeFolder(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("making layout %s: %w", dir, explain(err))
	}
	if s, err = openStore(dir); err != nil {
		return nil, nil, err
	}
	lock, err := s.lock(ctx)
	if err == nil {
		err = s.prepare()
	}
	done = func(keep bool) error { return s.finish(lock, keep || !made) }
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("making layout %s: %w", dir, explain(err)), done(false))
	}
	return s, done, nil
}

func makeFolder(dir string) (made bool, err error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return false, err
	}
	err = os.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	return err == nil, err
}

// prepare refuses to write among files that are not a layout's.
func (s *store) prepare() error {
	entries, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		if _, err := s.root.Lstat(layoutFile); errors.Is(err, fs.ErrNotExist) && !onlyOurs(entries) {
			return fmt.Errorf("the folder holds other files (%s) and is not an OCI image layout; choose an empty or new folder", entries[0].Name())
		}
	}
	if err := s.root.MkdirAll(blobFolder, 0o755); err != nil {
		return err
	}
	if err := s.root.MkdirAll(ingest, 0o755); err != nil {
		return err
	}
	left, err := fs.ReadDir(s.root.FS(), ingest)
	for _, e := range left {
		if !strings.HasPrefix(e.Name(), partName) { // a pull may go on with a part
			err = errors.Join(err, s.root.RemoveAll(ingest+"/"+e.Name()))
		}
	}
	return err
}

// onlyOurs tells the rest of an interrupted run from somebody's files.
func onlyOurs(entries []fs.DirEntry) bool {
	for _, e := range entries {
		if e.Name() != ingest && e.Name() != "blobs" {
			return false
		}
	}
	return true
}

// lock waits for other writers to end.
func (s *store) lock(ctx context.Context) (*os.File, error) {
	f, err := s.root.Open(".")
	if err != nil {
		return nil, err
	}
	for {
		ok, err := tryLock(f)
		if err == nil && ok {
			if err = s.still(f); err == nil {
				return f, nil
			}
		} else if err == nil {
			err = wait(ctx, 20*time.Millisecond)
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("waiting for another writer: %w", err)
		}
	}
}

// still fails when the folder was taken away while we waited for it.
func (s *store) still(f *os.File) error {
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	now, err := os.Stat(s.dir)
	if err != nil || !os.SameFile(mine, now) {
		return fmt.Errorf("another writer gave up and removed the folder; try again")
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// finish takes nothing away without the lock: it would be another writer's.
func (s *store) finish(lock *os.File, keep bool) error {
	if lock == nil {
		return s.Close()
	}
	if s.paused {
		return errors.Join(lock.Close(), s.Close())
	}
	err := s.root.RemoveAll(ingest)
	if !keep {
		err = os.RemoveAll(s.dir)
	}
	return errors.Join(err, lock.Close(), s.Close())
}

// draft is a file that is not visible yet.
type draft struct {
	*os.File
	s    *store
	name string
}

func (s *store) draft() (*draft, error) {
	name := ingest + "/" + rand.Text()
	f, err := s.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, explain(err)
	}
	return &draft{f, s, name}, nil
}

// publish makes the draft durable, and then visible under name, at once.
func (d *draft) publish(name string) error {
	if err := d.Sync(); err != nil {
		return explain(err)
	}
	if err := d.Close(); err != nil {
		return explain(err)
	}
	return d.s.root.Rename(d.name, name)
}

// discard is harmless after publish.
func (d *draft) discard() {
	d.Close()
	d.s.root.Remove(d.name)
}

// putBlob writes a small blob, unless it is there with the right content.
func (s *store) putBlob(b []byte) (v1.Descriptor, error) {
	d := v1.Descriptor{Digest: hashBytes(b), Size: int64(len(b))}
	if f, err := s.openBlob(d); err == nil {
		h, err := hashFile(context.Background(), f, d.Size, nil)
		f.Close()
		if err == nil && h == d.Digest {
			return d, nil
		}
	}
	return d, s.putFile(blobName(d.Digest), b)
}

func (s *store) putFile(name string, b []byte) error {
	w, err := s.draft()
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	defer w.discard()
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("writing %s: %w", name, explain(err))
	}
	if err := w.publish(name); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// putIndex replaces index.json, after everything that it lists is on the disk.
func (s *store) putIndex(x v1.IndexManifest) error {
	b, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("writing %s: %w", indexFile, err)
	}
	if len(b) > maxManifest {
		return fmt.Errorf("writing %s: it would have %d bytes, at most %d are read; use a new layout", indexFile, len(b), maxManifest)
	}
	if err := s.syncFolder(blobFolder); err != nil {
		return err
	}
	if err := s.putFile(layoutFile, []byte(layoutText)); err != nil {
		return err
	}
	if err := s.putFile(indexFile, b); err != nil {
		return err
	}
	return s.syncFolder(".")
}

func (s *store) syncFolder(name string) error {
	f, err := s.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("writing %s: %w", name, explain(err))
	}
	return nil
}
