// SPDX-License-Identifier: Apache-2.0

//go:build interop

package dataset_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/modelvet/modelvet"
)

// pyarrow writes the Adult data in each form of Arrow IPC, with categories as
// dictionaries, gaps, dates and lists, and prints what pandas says of it.
const pyarrow = `
import sys, json
import pandas as pd, numpy as np, pyarrow as pa
import pyarrow.feather as feather
d = pd.read_csv(sys.argv[1])
d["race"] = d.race.astype("category")
d["gap"] = np.where(d.education_num > 12, np.nan, d.education_num / 3)
d["day"] = pd.Timestamp("2026-01-31") + pd.to_timedelta(d.education_num, "D")
t = pa.Table.from_pandas(d, preserve_index=False).append_column("v", pa.array([[float(x), 1.0] for x in d.hours_per_week], pa.list_(pa.float32())))
t = t.set_column(t.schema.get_field_index("gap"), "gap", pa.array(d.gap, from_pandas=True))
out = sys.argv[2]
feather.write_feather(t, out + "/lz4.feather", compression="lz4", chunksize=1000)
feather.write_feather(t, out + "/zstd.feather", compression="zstd")
for name, new in (("file.arrow", pa.ipc.new_file), ("stream.arrows", pa.ipc.new_stream)):
    with new(out + "/" + name, t.schema) as w:
        w.write_table(t, max_chunksize=700)
open(out + "/cut.arrows", "wb").write(open(out + "/stream.arrows", "rb").read()[:-8])
print(json.dumps([str(len(d)), str(int(d.fnlwgt.sum())), str(int((d.race == "White").sum())), str(int(d.gap.notna().sum())), f"{d.gap.sum():.6f}",
    str(d.day.max())[:10], str(int(d.hours_per_week.sum() + len(d)))]))
`

func TestInteropArrowOfPyarrow(t *testing.T) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(filepath.Join(cache, "modelvet", "tables-venv", "bin", "python"), "-W", "ignore", "-c", pyarrow, filepath.Join(os.Getenv("MODELVET_DATA"), "adult.csv"), dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("no peers: run scripts/interop-tables.sh (%v)", err)
	}
	var want []string
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lz4.feather", "zstd.feather", "file.arrow", "stream.arrows"} {
		d := open(t, dir, modelvet.Table{Path: name, Label: "income", Protected: []string{"race"}})
		for i, q := range []string{"count(*)", "sum(fnlwgt)", "count(*) FILTER (WHERE race = 'White')", "count(gap)", "printf('%.6f', sum(gap))", "max(day)::DATE", "sum(list_sum(v))::BIGINT"} {
			if got := one(t, d, "SELECT CAST("+q+" AS VARCHAR) FROM t"); got != want[i] {
				t.Errorf("%s: %s is %s, pandas says %s", name, q, got, want[i])
			}
		}
	}
	if d, err := openErr(t, dir, "cut.arrows"); err == nil {
		d.Close()
		t.Error("a stream that was cut short was taken")
	}
}
