// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package artifact

import "os"

func tryLock(dir *os.File) (bool, error) { return true, nil }
