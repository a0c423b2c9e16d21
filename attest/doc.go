// SPDX-License-Identifier: Apache-2.0

// Package attest turns evidence into signed statements, and statements back
// into evidence: only what verifies comes out with a predicate.
//
//	Sign, SignModel      a predicate about a subject -> Sigstore bundle v0.3 (bytes)
//	Verify, VerifyModel  bundle + what the policy trusts -> modelvet.Evidence
//
// A bundle holds one in-toto Statement v1 in one DSSE envelope with one
// signature. With a key, signing and verifying need no network and no
// Sigstore service; cosign and model_signing read the same bytes.
//
// It must never take a valid signature alone for a reason to believe: the
// signer has to be trusted by the policy for what it says, the subject has to
// be the artifact at hand, the statement has to be whole. It decides nothing
// about the content of a predicate, stores nothing, and knows the time only
// when it is told.
package attest
