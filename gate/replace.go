// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"errors"
	"io/fs"
	"os"
)

// replace puts next in the place of dir in two steps, where one is not to be
// had. Between them the old result stands at dir.old, complete.
func replace(next, dir string) error {
	old := dir + ".old"
	if err := os.RemoveAll(old); err != nil {
		return err
	}
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(next, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return os.RemoveAll(old)
}
