// SPDX-License-Identifier: Apache-2.0

//go:build interop

package quality

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/internal/peers"
)

// describe writes, with the real libraries, what they say of the German credit
// data: Croissant of both formats, a validation result and a checkpoint's.
const describe = `
import sys, json, hashlib, datetime, logging
logging.disable(logging.CRITICAL)
import pandas as pd, mlcroissant as mlc, great_expectations as gx
path, out = sys.argv[1:3]
d = pd.read_csv(path)
kind = lambda c: mlc.DataType.INTEGER if d[c].dtype.kind == "i" else mlc.DataType.TEXT
for version in ("1.0", "1.1"):
    m = mlc.Metadata(ctx=mlc.Context(conforms_to="http://mlcommons.org/croissant/" + version), name="credit", description="d", url="https://example.org", license=["CC-BY-4.0"],
        date_published=datetime.datetime(2026, 1, 1), version="1.0.0", cite_as="x",
        distribution=[mlc.FileObject(id="f", name="f", content_url="german-credit.csv", encoding_formats=["text/csv"], sha256=hashlib.sha256(open(path, "rb").read()).hexdigest())],
        record_sets=[mlc.RecordSet(id="r", name="r", fields=[mlc.Field(id="r/" + c, name=c, data_types=[kind(c)],
            source=mlc.Source(file_object="f", extract=mlc.Extract(column=c))) for c in d.columns])])
    json.dump(m.to_json(), open(f"{out}/croissant-{version}.json", "w"), default=str)
c = gx.get_context(mode="ephemeral")
b = c.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
s, e = c.suites.add(gx.ExpectationSuite(name="s")), gx.expectations
s.add_expectation(e.ExpectTableRowCountToEqual(value=1000))
s.add_expectation(e.ExpectTableColumnCountToEqual(value=len(d.columns)))
s.add_expectation(e.ExpectTableColumnsToMatchOrderedList(column_list=list(d.columns)))
for col in d.columns:
    s.add_expectation(e.ExpectColumnValuesToNotBeNull(column=col))
    s.add_expectation(e.ExpectColumnUniqueValueCountToBeBetween(column=col, min_value=1))
    s.add_expectation(e.ExpectColumnValuesToBeOfType(column=col, type_=str(d[col].dtype)))
    if d[col].dtype.kind == "i":
        for x in (e.ExpectColumnMeanToBeBetween, e.ExpectColumnMinToBeBetween, e.ExpectColumnMaxToBeBetween, e.ExpectColumnSumToBeBetween):
            s.add_expectation(x(column=col, min_value=0))
s.add_expectation(e.ExpectColumnValuesToBeBetween(column="age", min_value=20, max_value=60))
v = c.validation_definitions.add(gx.ValidationDefinition(name="v", data=b, suite=s))
json.dump(v.run(batch_parameters={"dataframe": d}).to_json_dict(), open(out + "/result.json", "w"))
r = c.checkpoints.add(gx.Checkpoint(name="c", validation_definitions=[v])).run(batch_parameters={"dataframe": d})
json.dump(json.loads(json.dumps({"run_results": {str(k): x.to_json_dict() for k, x in r.run_results.items()}})), open(out + "/checkpoint.json", "w"))
print(len(s.expectations))
`

func TestInteropCroissantAndGreatExpectations(t *testing.T) {
	dir := t.TempDir()
	data, err := os.ReadFile(peers.Data(t, "german-credit.csv"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "german-credit.csv")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	peers.Run(t, "tables-venv", describe, path, dir)
	run := func() modelvet.Scan {
		s, err := Scanner{}.Scan(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{
			Tables: []modelvet.Table{{Name: "credit", Kind: "training", Path: "german-credit.csv", Label: "credit_risk"}},
			Documents: []modelvet.Document{{Kind: kindCroissant, Path: "croissant-1.0.json"}, {Kind: kindCroissant, Path: "croissant-1.1.json"},
				{Kind: kindExpectations, Path: "result.json"}, {Kind: kindExpectations, Path: "checkpoint.json"}}}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := run()
	for _, d := range told(s, "declared") {
		t.Log(d)
		if !strings.Contains(d, " 0 differ") {
			t.Errorf("%s", d)
		}
	}
	if n := len(told(s, "declared")); n != 4 {
		t.Errorf("%d documents were compared, want 4", n)
	}
	for _, d := range told(s, "declared-disagrees") {
		t.Errorf("disagrees: %s", d)
	}
	if n := len(told(s, "declared-failed")); n != 2 { // age, in the result and in the checkpoint
		t.Errorf("%d expectations did not hold, want 2", n)
	}
	// One row less, and all four disagree.
	if err := os.WriteFile(path, data[:len(data)-1-len(lastLine(data))], 0o600); err != nil {
		t.Fatal(err)
	}
	differing := strings.Join(told(run(), "declared-disagrees"), "\n")
	for _, want := range []string{"croissant-1.0.json: sha256", "croissant-1.1.json: sha256", "result.json: the number of rows is declared as 1000; measured are 999", "checkpoint.json: the number of rows"} {
		if !strings.Contains(differing, want) {
			t.Errorf("%q is not in\n%s", want, differing)
		}
	}
}

func lastLine(data []byte) string {
	text := strings.TrimSuffix(string(data), "\n")
	return text[strings.LastIndex(text, "\n")+1:]
}
