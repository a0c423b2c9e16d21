// SPDX-License-Identifier: Apache-2.0

// Package scanners runs every scanner over a model. A scanner measures bytes,
// tables or predictions; it has no opinion, and it writes down what it did not
// look at. Nothing here may turn "did not look" into "found nothing".
package scanners

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/drift"
	"github.com/modelvet/modelvet/scanners/explainability"
	"github.com/modelvet/modelvet/scanners/fairness"
	"github.com/modelvet/modelvet/scanners/modelfile"
	"github.com/modelvet/modelvet/scanners/performance"
	"github.com/modelvet/modelvet/scanners/poisoning"
	"github.com/modelvet/modelvet/scanners/privacy"
	"github.com/modelvet/modelvet/scanners/quality"
)

// ErrBroken marks the error of a scanner that broke off: its own fault, and not that of its input.
var ErrBroken = errors.New("internal")

// Scanner measures one aspect of a model. It never decides. What it cannot
// look at goes into the coverage of its scan; an error means that the scan
// itself could not be done, and nothing of it counts.
type Scanner interface {
	Name() string
	Scan(ctx context.Context, m modelvet.Model) (modelvet.Scan, error)
}

// All is every scanner. To add one: a folder, and a line here.
var All = []Scanner{
	drift.Scanner{},
	explainability.Scanner{},
	fairness.Scanner{},
	modelfile.Scanner{},
	performance.Scanner{},
	poisoning.Scanner{},
	privacy.Scanner{},
	quality.Scanner{},
}

// Named returns the scanners of the given names; an unknown one is an error
// that lists the names. No names at all mean every scanner.
func Named(names []string) ([]Scanner, error) {
	if len(names) == 0 {
		return All, nil
	}
	var out []Scanner
	for _, n := range names {
		i := slices.IndexFunc(All, func(s Scanner) bool { return s.Name() == n })
		if i < 0 {
			return nil, fmt.Errorf("there is no scanner %q; there are: %s", n, strings.Join(Names(), ", "))
		}
		out = append(out, All[i])
	}
	return out, nil
}

// Names lists the scanners.
func Names() []string {
	var out []string
	for _, s := range All {
		out = append(out, s.Name())
	}
	return out
}

// Run asks the scanners side by side and returns their scans in the order
// given. The first error ends the run: half a set of scans is none.
func Run(ctx context.Context, m modelvet.Model, ss []Scanner) ([]modelvet.Scan, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := make([]modelvet.Scan, len(ss))
	var wg sync.WaitGroup
	for i, s := range ss {
		wg.Go(func() {
			scan, err := one(ctx, m, s)
			if err != nil {
				if at := "scanning " + s.Name() + ": "; !strings.HasPrefix(err.Error(), at) { // most say so themselves
					err = fmt.Errorf("%s%w", at, err)
				}
				cancel(err)
			}
			out[i] = scan
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return out, nil
}

// one runs a scanner and puts its answer into the one shape: no list is null,
// and the name is the scanner's own. A scanner that panics on a hostile file
// has broken; it has not found the file clean.
func one(ctx context.Context, m modelvet.Model, s Scanner) (scan modelvet.Scan, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: it broke off: %v; please report this file as a bug", ErrBroken, r)
		}
	}()
	if scan, err = s.Scan(ctx, m); err != nil {
		return scan, err
	}
	scan.Scanner = s.Name()
	scan.Coverage.Read = append([]string{}, scan.Coverage.Read...)
	scan.Coverage.Skipped = append([]modelvet.Gap{}, scan.Coverage.Skipped...)
	scan.Findings = append([]modelvet.Finding{}, scan.Findings...)
	scan.Measurements = append([]modelvet.Measurement{}, scan.Measurements...)
	if scan.Version == "" {
		scan.Version = "1"
	}
	return scan, nil
}
