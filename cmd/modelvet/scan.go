// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/gate"
)

func scanVerb(t *terminal) *cobra.Command {
	var tables tableFlags
	var only []string
	var output, failOn string
	cmd := &cobra.Command{
		Use:   "scan [DIR | FILE]",
		Short: "Run the scanners alone; measure, and decide nothing",
		Long: "Measures the model in DIR, as its modelvet.yaml describes it. Without a modelvet.yaml, every file is\nread as a model file, or --table names a table and --label, --prediction, ... the roles of its columns.\n\n" +
			"A table holds predictions unless --kind says otherwise. With --reference or --training, a second table\nis there to compare it with: drift, skew, leakage.\n\n" +
			"A scan has no verdict: it ends with 0 whatever it finds, unless --fail-on says otherwise (then 3).",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			js, err := asJSON(output)
			if err != nil {
				return err
			}
			if failOn != "" && failOn != modelvet.SeverityWarn && failOn != modelvet.SeverityBlock {
				return usage("--fail-on is %q; want warn or block", failOn)
			}
			sys, err := tables.system(cmd)
			if err != nil {
				return err
			}
			scans, err := gate.Scan(cmd.Context(), folder(args), sys, only)
			if err != nil {
				return err
			}
			if js {
				err = t.json(map[string]any{"scans": scans})
			} else {
				err = t.scans(scans)
			}
			if err == nil && exceeds(scans, failOn) {
				return errDenied
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&only, "only", nil, "names of scanners, separated by commas")
	f.StringVar(&output, "output", "table", "table or json")
	f.StringVar(&failOn, "fail-on", "", "end with 3 from this severity on: warn or block")
	tables.register(cmd)
	return cmd
}

// exceeds says whether a scan saw, or may have missed, something of a severity.
func exceeds(scans []modelvet.Scan, failOn string) bool {
	if failOn == "" {
		return false
	}
	for _, s := range scans {
		if len(s.Coverage.Skipped) > 0 {
			return true
		}
		for _, f := range s.Findings {
			if f.Severity == modelvet.SeverityBlock || f.Severity == failOn {
				return true
			}
		}
	}
	return false
}

func (t *terminal) scans(scans []modelvet.Scan) error {
	for _, s := range scans {
		fmt.Fprintf(t.out, "%s: %d read, %d not read, %d findings, %d measurements\n", s.Scanner, len(s.Coverage.Read), len(s.Coverage.Skipped), len(s.Findings), len(s.Measurements))
		var rows [][]string
		for _, f := range s.Findings {
			rows = append(rows, []string{"  " + f.Severity, f.ID, f.Path, f.What})
		}
		for _, g := range s.Coverage.Skipped {
			rows = append(rows, []string{"  not read", "", g.Path, g.Reason})
		}
		for _, m := range s.Measurements {
			rows = append(rows, []string{"  " + m.Metric, slice(m), value(m), fmt.Sprintf("n=%d", m.N)})
		}
		if err := t.table(rows); err != nil {
			return err
		}
	}
	return nil
}

// slice names the part of the data: the usual keys first, then the rest.
func slice(m modelvet.Measurement) string {
	keys := []string{"table", "column", "attribute", "group", "reference"}
	for _, k := range slices.Sorted(maps.Keys(m.Slice)) {
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	var out []string
	for _, k := range keys {
		if v, ok := m.Slice[k]; ok {
			out = append(out, v)
		}
	}
	return strings.Join(out, " / ")
}

func value(m modelvet.Measurement) string {
	if m.Low != nil && m.High != nil {
		return fmt.Sprintf("%.4f [%.4f, %.4f]", m.Value, *m.Low, *m.High)
	}
	return fmt.Sprintf("%.6g", m.Value)
}
