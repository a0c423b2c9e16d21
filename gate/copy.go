// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"fmt"

	"github.com/modelvet/modelvet/artifact"
)

// copyArtifact takes an artifact and everything attached to it into a layout.
func copyArtifact(ctx context.Context, ref, layout string) error {
	if err := artifact.Copy(ctx, ref, "oci:"+layout, artifact.Options{}); err != nil {
		return fmt.Errorf("copying %s: %w", ref, err)
	}
	return nil
}
