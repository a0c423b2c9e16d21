// SPDX-License-Identifier: Apache-2.0

package scanners_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners"
)

// A scanner's folder that is not in All would never be asked.
func TestAll(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && e.Name() != "testdata" && e.Name() != "internal" && !slices.Contains(scanners.Names(), e.Name()) {
			t.Errorf("%s is not in scanners.All", e.Name())
		}
	}
}

func TestNamedRefusesUnknown(t *testing.T) {
	if _, err := scanners.Named([]string{"fairnes"}); err == nil || !strings.Contains(err.Error(), "fairness") {
		t.Errorf("%v", err)
	}
}

type fake struct {
	scan func() (modelvet.Scan, error)
}

func (fake) Name() string                                                  { return "fake" }
func (f fake) Scan(context.Context, modelvet.Model) (modelvet.Scan, error) { return f.scan() }

func TestRunLosesNothing(t *testing.T) {
	clean := fake{func() (modelvet.Scan, error) { return modelvet.Scan{Scanner: "other"}, nil }}
	got, err := scanners.Run(t.Context(), modelvet.Model{}, []scanners.Scanner{clean})
	if err != nil || got[0].Scanner != "fake" || got[0].Findings == nil || got[0].Coverage.Skipped == nil {
		t.Errorf("%+v, %v", got, err)
	}
	for name, bad := range map[string]fake{
		"error": {func() (modelvet.Scan, error) { return modelvet.Scan{}, errors.New("no") }},
		"panic": {func() (modelvet.Scan, error) { panic("hostile file") }},
	} {
		if got, err := scanners.Run(t.Context(), modelvet.Model{}, []scanners.Scanner{clean, bad}); err == nil || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
