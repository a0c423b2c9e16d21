// SPDX-License-Identifier: Apache-2.0

package artifact

import "time"

func init() { firstPause = 5 * time.Millisecond }
