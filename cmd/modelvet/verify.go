// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/attest"
	"github.com/modelvet/modelvet/gate"
)

func verifyVerb(t *terminal) *cobra.Command {
	var f judgeFlags
	var public, output string
	cmd := &cobra.Command{
		Use:   "verify REF",
		Short: "Check an artifact and say who signed what, and why something is not trusted",
		Long:  "Checks every byte of the artifact against its digest, and every attached statement against the keys\nand identities that the policy, or --public-key, trusts. It ends with 3 when a statement does not\nhold, or when none is attached. That evidence is genuine does not mean that the model may be\npromoted: `modelvet judge` decides that.",
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
			if public != "" {
				if err := trustOnly(g, public); err != nil {
					return err
				}
			}
			_, evidence, err := g.Evidence(cmd.Context(), reference(args[0]))
			if err != nil {
				return err
			}
			if js {
				err = t.json(verified(evidence))
			} else {
				err = t.evidence(evidence)
			}
			if err != nil {
				return err
			}
			return allHold(evidence)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&public, "public-key", "", "trust this public key alone, not the policy")
	cmd.Flags().StringVar(&output, "output", "table", "table or json")
	return cmd
}

// trustOnly replaces the policy's trust by one key.
func trustOnly(g *gate.Gate, path string) error {
	pem, _, err := attest.LoadPublicKey(path)
	if err != nil {
		return usage("--public-key: %w", err)
	}
	g.Local = nil
	g.Policy.Trust = []gate.TrustedSigner{{Name: path, PublicKey: string(pem), Roles: []string{gate.RoleProducer}}}
	return nil
}

func verified(evidence []modelvet.Evidence) []map[string]any {
	out := []map[string]any{}
	for _, e := range evidence {
		row := map[string]any{"predicateType": e.PredicateType, "digest": e.Digest, "status": e.Status, "signer": e.Signer, "reason": e.Reason}
		if !e.SignedAt.IsZero() {
			row["signedAt"] = e.SignedAt.UTC().Format(time.RFC3339)
		}
		out = append(out, row)
	}
	return out
}

func (t *terminal) evidence(evidence []modelvet.Evidence) error {
	rows := [][]string{{"STATUS", "SIGNED BY", "WHAT", "DIGEST", "WHY"}}
	for _, e := range evidence {
		rows = append(rows, []string{string(e.Status), signerName(e.Signer), kindOf(e.PredicateType), short(e.Digest), e.Reason})
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

// kindOf shortens the predicate types of modelvet itself.
func kindOf(predicateType string) string {
	return strings.TrimPrefix(predicateType, "https://github.com/modelvet/modelvet/predicates/")
}

func allHold(evidence []modelvet.Evidence) error {
	if len(evidence) == 0 {
		return errDenied
	}
	for _, e := range evidence {
		if e.Status != modelvet.Verified {
			return errDenied
		}
	}
	return nil
}
