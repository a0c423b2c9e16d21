// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// output is a result folder that changes all at once. What is written goes
// into a folder beside it; publish exchanges the two. Whoever reads it sees the
// old result or the new one, whenever the process dies.
type output struct {
	dir  string // what users see
	next string // what is being written
	lock *os.File
}

// marker is a file that every result folder has: nothing else is ever replaced.
const marker = "decision.json"

// newOutput prepares to write dir. A folder that holds something else than an
// earlier result is refused.
func newOutput(dir string) (*output, error) {
	if err := replaceable(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, fmt.Errorf("preparing %s: %w", dir, err)
	}
	lock, err := lockFile(dir + ".lock")
	if err != nil {
		return nil, fmt.Errorf("preparing %s: %w", dir, err)
	}
	o := &output{dir: dir, next: dir + ".next", lock: lock}
	if err := o.reset(); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

func (o *output) reset() error {
	if err := os.RemoveAll(o.next); err != nil {
		return fmt.Errorf("clearing what an interrupted run left: %w", err)
	}
	if err := os.Mkdir(o.next, 0o755); err != nil {
		return fmt.Errorf("preparing %s: %w", o.dir, err)
	}
	return nil
}

func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("preparing the output: %w", err)
	case len(entries) == 0:
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, marker)); err != nil {
		return fmt.Errorf("%s holds files that are no result of modelvet, and would be replaced; choose another folder with --out", dir)
	}
	return nil
}

// publish makes what was written the result.
func (o *output) publish() error {
	if err := syncTree(o.next); err != nil {
		return fmt.Errorf("writing %s: %w", o.dir, err)
	}
	if err := exchange(o.next, o.dir); err != nil {
		return fmt.Errorf("publishing %s: %w", o.dir, err)
	}
	return nil
}

// close removes what was not published, or what was replaced.
func (o *output) close() {
	os.RemoveAll(o.next)
	os.Remove(o.lock.Name())
	o.lock.Close()
}

// syncTree makes sure that the files are on the disk before they are published.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		defer f.Close()
		return f.Sync()
	})
}
