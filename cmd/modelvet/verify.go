// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/attest"
	"github.com/modelvet/modelvet/gate"
)

// trustFlags name somebody to trust in place of the policy, as cosign's do.
type trustFlags struct {
	public, identity, identityPattern, issuer, issuerPattern string
	roots                                                    []string
}

func (f *trustFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.public, "public-key", "", "trust this public key alone, not the policy")
	fs.StringVar(&f.identity, "certificate-identity", "", "trust this identity alone, not the policy; with --certificate-oidc-issuer")
	fs.StringVar(&f.identityPattern, "certificate-identity-regexp", "", "the same as a pattern, which has to match the whole identity")
	fs.StringVar(&f.issuer, "certificate-oidc-issuer", "", "who vouches for the identity")
	fs.StringVar(&f.issuerPattern, "certificate-oidc-issuer-regexp", "", "the same as a pattern, which has to match the whole issuer")
	fs.StringSliceVar(&f.roots, "trusted-root", nil, "trusted_root.json whose certificates, logs and time stamps count, beside the policy's; \"public\" fetches that of the public Sigstore")
}

func verifyVerb(t *terminal) *cobra.Command {
	var f judgeFlags
	var trust trustFlags
	var output string
	cmd := &cobra.Command{
		Use:   "verify REF",
		Short: "Check an artifact and say who signed what, what it says, and why something is not trusted",
		Long:  "Checks every byte of the artifact against its digest, and every attached statement against the keys\nand identities that the policy trusts: for what they sign, for this artifact, in time, not revoked,\nseen by the witnesses that the policy requires. Name a --public-key or a --certificate-identity to\ntrust that alone.\n\nIt ends with 3 when a statement does not hold, when none is attached, or when the newest decision\namong them for the stage is no: a signature under a denial is no permission. It ends with 4 when that\ndecision waits for a person. Only `modelvet judge` asks the rules again.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			js, err := asJSON(output)
			if err != nil {
				return err
			}
			g, err := f.open(cmd.Context(), t)
			if err != nil {
				return err
			}
			if err := trust.apply(g); err != nil {
				return err
			}
			_, evidence, err := g.Evidence(cmd.Context(), reference(args[0]))
			if err != nil {
				return err
			}
			slices.SortStableFunc(evidence, func(a, b modelvet.Evidence) int {
				return strings.Compare(attest.KindOf(a.PredicateType, a.Predicate), attest.KindOf(b.PredicateType, b.Predicate))
			})
			if js {
				err = t.json(verified(evidence))
			} else {
				err = t.evidence(evidence)
			}
			if err != nil {
				return err
			}
			return t.allHold(evidence, f.stage)
		},
	}
	f.addPolicy(cmd)
	trust.add(cmd)
	cmd.Flags().StringVar(&output, "output", "table", "table or json")
	return cmd
}

// apply puts the trust that the flags name into the gate.
func (f trustFlags) apply(g *gate.Gate) error {
	for _, name := range f.roots {
		data, err := readRoot(name)
		if err != nil {
			return err
		}
		g.Roots = append(g.Roots, data)
	}
	alone := gate.TrustedSigner{Name: f.public, Roles: []string{gate.RoleProducer}}
	switch {
	case f.public != "":
		pem, _, err := attest.LoadPublicKey(f.public)
		if err != nil {
			return usage("--public-key: %w", err)
		}
		alone.PublicKey = string(pem)
	case f.identity+f.identityPattern+f.issuer+f.issuerPattern != "":
		if (f.identity == "") == (f.identityPattern == "") || (f.issuer == "") == (f.issuerPattern == "") {
			return usage("name --certificate-identity and --certificate-oidc-issuer, each exactly or with -regexp: an identity means something with its issuer only")
		}
		alone.Identity, alone.IdentityPattern, alone.Issuer, alone.IssuerPattern = f.identity, f.identityPattern, f.issuer, f.issuerPattern
	default:
		return nil
	}
	if err := g.TrustOnly(alone); err != nil {
		return usage("%w", err)
	}
	return nil
}

func readRoot(name string) ([]byte, error) {
	if name == "public" {
		return attest.PublicGoodRoot()
	}
	return readOptional("--trusted-root", name)
}

func verified(evidence []modelvet.Evidence) []map[string]any {
	out := []map[string]any{}
	for _, e := range evidence {
		row := map[string]any{"predicateType": e.PredicateType, "digest": e.Digest, "status": e.Status, "signer": e.Signer, "reason": e.Reason,
			"statement": e.Statement, "kind": attest.KindOf(e.PredicateType, e.Predicate), "says": gate.Says(e)}
		if !e.SignedAt.IsZero() {
			row["signedAt"] = e.SignedAt.UTC().Format(time.RFC3339)
		}
		out = append(out, row)
	}
	return out
}

func (t *terminal) evidence(evidence []modelvet.Evidence) error {
	rows := [][]string{{"STATUS", "STATEMENT", "SAYS", "SIGNED BY", "TIME", "DIGEST", "WHY NOT"}}
	for _, e := range evidence {
		at := ""
		if !e.SignedAt.IsZero() {
			at = e.SignedAt.UTC().Format("2006-01-02 15:04")
		}
		rows = append(rows, []string{string(e.Status), attest.KindOf(e.PredicateType, e.Predicate), gate.Says(e), signerName(e.Signer), at, short(e.Digest), e.Reason})
	}
	return t.table(rows)
}

func signerName(s modelvet.Signer) string {
	switch {
	case s.Name != "":
		return s.Name
	case s.Identity != "":
		return s.Identity
	case s.KeyID != "":
		return "key " + s.KeyID[:min(12, len(s.KeyID))]
	}
	return "nobody"
}

// allHold is the exit code of a verification, as an error.
func (t *terminal) allHold(evidence []modelvet.Evidence, stage string) error {
	bad := 0
	for _, e := range evidence {
		if e.Status != modelvet.Verified {
			bad++
		}
	}
	switch {
	case len(evidence) == 0:
		t.say("No statement is attached.")
		return errDenied
	case bad > 0:
		t.say("%d of %d statements do not hold.", bad, len(evidence))
		return errDenied
	}
	verdict, of, ok := gate.Verdict(evidence, stage)
	switch {
	case !ok:
		t.say("Every statement holds. None of them is a decision for stage %s.", stage)
		return nil
	case verdict == modelvet.Allowed:
		t.say("Every statement holds. The newest decision for stage %s is: allowed (%s).", stage, short(of.Digest))
		return nil
	case verdict == modelvet.Pending:
		t.say("Every statement holds, and the newest decision for stage %s waits for a person (%s).", stage, short(of.Digest))
		return errPending
	}
	t.say("Every statement holds, and the newest decision for stage %s is no (%s).", stage, short(of.Digest))
	return errDenied
}
