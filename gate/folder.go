// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/attest"
)

// VerifyFolder checks a model signature against a folder, under the stage of the policy.
func (g *Gate) VerifyFolder(ctx context.Context, bundle []byte, dir string, o attest.FolderOptions) (modelvet.Evidence, error) {
	t, err := g.trust()
	if err != nil {
		return modelvet.Evidence{}, err
	}
	return attest.VerifyFolder(ctx, bundle, t, dir, o), nil
}
