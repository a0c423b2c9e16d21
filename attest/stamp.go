// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"context"
	"errors"
	"fmt"

	authorities "github.com/sigstore/sigstore-go/pkg/sign"
)

// Stamp asks a time-stamp authority (RFC 3161, over HTTP) to date the
// signature in a bundle, and returns the bundle with the answer in it. It is
// the one function here that uses the network. Whether the answer is from an
// authority that anybody trusts shows when the bundle is verified.
func Stamp(ctx context.Context, bundle []byte, authority string) ([]byte, error) {
	o, err := openBundle(bundle)
	if err != nil {
		return nil, fmt.Errorf("time-stamping a bundle: %w", err)
	}
	key := o.entity.GetVerificationMaterial().GetPublicKey()
	stamps, err := o.entity.Timestamps()
	if err != nil || key == nil || len(stamps) > 0 {
		return nil, errors.Join(err, errors.New("time-stamping a bundle: expected one that is signed with a key and has no time stamp yet"))
	}
	answer, err := authorities.NewTimestampAuthority(&authorities.TimestampAuthorityOptions{URL: authority, Retries: 2}).GetTimestamp(ctx, o.signature)
	if err != nil {
		return nil, fmt.Errorf("time-stamping a bundle: asking %s: %w", withoutPassword(authority), err)
	}
	return encodeBundle(key.GetHint(), o.payload, o.signature, []timestamp{{Signed: answer}})
}
