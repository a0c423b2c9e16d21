// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package gate

import (
	"fmt"
	"os"
)

func exchange(next, dir string) error { return replace(next, dir) }

// lockFile creates the lock; one that stands there already belongs to another run.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("another modelvet may be writing there; if none is, remove %s: %w", path, err)
	}
	return f, nil
}
