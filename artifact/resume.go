// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// opener opens a blob at one of its bytes.
type opener func(ctx context.Context, at int64) (io.ReadCloser, error)

// fill completes a file that holds the beginning of a blob, or nothing: an
// earlier run may have been killed. A beginning that was another's is thrown away.
func fill(ctx context.Context, f *os.File, d v1.Descriptor, tell func(int64), open opener) error {
	h, have, err := beginning(ctx, f, d.Size)
	if err != nil {
		return err
	}
	report(tell, have)
	err = fillOn(ctx, f, d, h, have, tell, open)
	if have == 0 || !errors.Is(err, ErrChanged) {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return explain(err)
	}
	return fill(ctx, f, d, nil, open)
}

func fillOn(ctx context.Context, f *os.File, d v1.Descriptor, h hash.Hash, have int64, tell func(int64), open opener) error {
	if have == d.Size && have > 0 {
		return checkContent(sum(h), have, d)
	}
	rc, err := open(ctx, have)
	if err != nil {
		return err
	}
	defer rc.Close()
	if src, ok := rc.(*os.File); ok && have == 0 {
		h, err := copyFile(ctx, f, src, d.Size, tell)
		if err != nil {
			return err
		}
		return checkContent(h, d.Size, d)
	}
	_, err = copyOn(ctx, f, rc, d, h, have, tell)
	return err
}

// beginning hashes what is there, and leaves the file at its end.
func beginning(ctx context.Context, f *os.File, most int64) (hash.Hash, int64, error) {
	h := sha256.New()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	have := info.Size()
	if have > most {
		have = 0
		if err := f.Truncate(0); err != nil {
			return nil, 0, explain(err)
		}
	}
	if err := readSegment(ctx, h, f, 0, have, nil, nil); err != nil {
		return nil, 0, err
	}
	_, err = f.Seek(have, io.SeekStart)
	return h, have, err
}

// resumable tells whether the same command may go on where this one ended.
func resumable(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || temporary(err)
}

// part opens what an earlier run has of a blob, or nothing yet. The caller
// holds the lock of the layout.
func (s *store) part(h v1.Hash) (*draft, error) {
	name := ingest + "/" + partName + h.Hex
	f, err := s.root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, explain(err)
	}
	return &draft{f, s, name}, nil
}

const partName = "part-"

// partial is a file of a folder that has not appeared yet. Only a large one is
// worth going on with: it has a name that the next run finds, and a lock, since
// two files may have one content.
func partial(root *os.Root, l layer, mode fs.FileMode) (f *os.File, name string, err error) {
	prefix := path.Join(path.Dir(l.Path), ".partial-")
	if l.Size > chunk {
		name = prefix + l.desc.Digest.Hex
		f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE, mode)
		if err == nil && mine(root, f, name) {
			return f, name, nil
		}
		if err == nil {
			f.Close()
		}
	}
	name = prefix + rand.Text()
	f, err = root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	return f, name, explain(err)
}

// mine takes the lock of a file that is still the one of that name, and no link.
func mine(root *os.Root, f *os.File, name string) bool {
	if ok, err := tryLock(f); !ok || err != nil {
		return false
	}
	is, err := f.Stat()
	if err != nil || !is.Mode().IsRegular() {
		return false
	}
	named, err := root.Lstat(name)
	return err == nil && os.SameFile(is, named)
}

// there tells whether a file has been extracted already; another one in its
// place is an error before anything is fetched.
func there(ctx context.Context, root *os.Root, l layer) (bool, error) {
	info, err := root.Lstat(l.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() || info.Size() != l.Size {
		return false, errOther
	}
	f, err := openRegular(root, l.Path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	if h, err := hashFile(ctx, f, l.Size, nil); err != nil || h != l.desc.Digest {
		return false, errors.Join(err, errOther)
	}
	if l.exec && info.Mode()&0o111 == 0 {
		return true, f.Chmod(0o755)
	}
	return true, nil
}

var errOther = fmt.Errorf("%w with another content; choose an empty folder", fs.ErrExist)
