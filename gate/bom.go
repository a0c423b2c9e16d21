// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"fmt"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/bom"
)

// BOM writes the bill of materials of an artifact from the evidence about it
// that the policy believes, and says how many statements it left out.
func (g *Gate) BOM(ctx context.Context, ref, format string) (bill []byte, left int, err error) {
	subject, evidence, err := g.Evidence(ctx, ref)
	if err != nil {
		return nil, 0, err
	}
	f := gather(evidence)
	if f.system == nil {
		return nil, 0, fmt.Errorf("%w: no statement that the policy believes says what %s is; `modelvet verify` says why", ErrInput, ref)
	}
	for _, e := range evidence {
		if e.Status != modelvet.Verified {
			left++
		}
	}
	at := g.Now
	for _, e := range evidence { // the same evidence, the same bill
		if e.PredicateType == modelvet.PredicateSystem && e.Status == modelvet.Verified {
			at = e.SignedAt
		}
	}
	bill, err = bom.Write(format, bom.Source{Subject: subject, System: *f.system, Scans: f.scans, Lineage: f.lineage, At: at, Version: g.Version})
	return bill, left, err
}
