// SPDX-License-Identifier: Apache-2.0

package attest

// The key services whose addresses work without a plug-in: each registers
// itself with sigstore's kms package, and speaks to nobody before a key of its
// scheme is asked for.
import (
	_ "github.com/sigstore/sigstore/pkg/signature/kms/aws"        // awskms://
	_ "github.com/sigstore/sigstore/pkg/signature/kms/azure"      // azurekms://
	_ "github.com/sigstore/sigstore/pkg/signature/kms/gcp"        // gcpkms://
	_ "github.com/sigstore/sigstore/pkg/signature/kms/hashivault" // hashivault://
)
