// SPDX-License-Identifier: Apache-2.0

package quality

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// expectations is a validation result of Great Expectations, of its versions
// 0.13 to 1.x: nothing here was measured by us.
type expectations struct {
	version, suite string
	results        []expectation
	told           int // how many the statistics say there are; -1: they do not say
}

type expectation struct {
	kind, column  string
	success       bool
	broken        bool     // it raised an exception and says nothing
	rows, missing *float64 // as counted there
	unexpected    *float64
	observed      *float64
	observedText  string
	columns       []string
}

type rawResult struct {
	Success *bool `json:"success"`
	Results []struct {
		Success bool `json:"success"`
		Config  struct {
			Type   string         `json:"type"`
			Older  string         `json:"expectation_type"` // before 1.0
			Kwargs map[string]any `json:"kwargs"`
		} `json:"expectation_config"`
		Result struct {
			Observed   any      `json:"observed_value"`
			Elements   *float64 `json:"element_count"`
			Missing    *float64 `json:"missing_count"`
			Unexpected *float64 `json:"unexpected_count"`
		} `json:"result"`
		Exception struct {
			Raised bool `json:"raised_exception"`
		} `json:"exception_info"`
	} `json:"results"`
	Statistics *struct {
		Evaluated int `json:"evaluated_expectations"`
	} `json:"statistics"`
	Suite string         `json:"suite_name"`
	Meta  map[string]any `json:"meta"`
}

// readExpectations reads a validation result, or the result of a checkpoint that
// holds several.
func readExpectations(data []byte) (expectations, error) {
	var checkpoint struct {
		Runs map[string]json.RawMessage `json:"run_results"`
	}
	if err := json.Unmarshal(data, &checkpoint); err != nil {
		return expectations{}, fmt.Errorf("it is no JSON (NaN and Infinity are not): %w", err)
	}
	if len(checkpoint.Runs) == 0 {
		return readResult(data)
	}
	var all expectations
	for _, key := range slices.Sorted(maps.Keys(checkpoint.Runs)) {
		run := checkpoint.Runs[key]
		var older struct {
			Result json.RawMessage `json:"validation_result"` // before 1.0
		}
		if json.Unmarshal(run, &older) == nil && older.Result != nil {
			run = older.Result
		}
		one, err := readResult(run)
		if err != nil {
			return expectations{}, fmt.Errorf("run_results %q: %w", key, err)
		}
		if all.version == "" {
			all.version, all.suite = one.version, one.suite
		}
		all.results, all.told = append(all.results, one.results...), all.told+one.told
	}
	return all, nil
}

func readResult(data []byte) (expectations, error) {
	var raw rawResult
	if err := json.Unmarshal(data, &raw); err != nil {
		return expectations{}, fmt.Errorf("it is no validation result: %w", err)
	}
	if raw.Success == nil || raw.Results == nil {
		return expectations{}, errors.New("it is no validation result of Great Expectations: expected success and results; was it made with a result format that keeps them?")
	}
	out := expectations{suite: raw.Suite, told: -1}
	out.version, _ = raw.Meta["great_expectations_version"].(string)
	if raw.Statistics != nil {
		out.told = raw.Statistics.Evaluated
	}
	for i, r := range raw.Results {
		e := expectation{kind: r.Config.Type, success: r.Success, broken: r.Exception.Raised, rows: r.Result.Elements, missing: r.Result.Missing, unexpected: r.Result.Unexpected}
		if e.kind == "" {
			e.kind = r.Config.Older
		}
		if e.kind == "" {
			return expectations{}, fmt.Errorf("results[%d] does not say which expectation it is of", i)
		}
		e.column, _ = r.Config.Kwargs["column"].(string)
		switch v := r.Result.Observed.(type) {
		case float64:
			e.observed = &v
		case string:
			e.observedText = v
		case []any:
			for _, c := range v {
				if s, ok := c.(string); ok {
					e.columns = append(e.columns, s)
				}
			}
		}
		out.results = append(out.results, e)
	}
	return out, nil
}
