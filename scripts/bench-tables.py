# SPDX-License-Identifier: Apache-2.0
"""The peers' side of scripts/bench-tables.sh.

make ROWS PREFIX: writes PREFIX.csv and PREFIX.parquet
fairlearn FILE BOOT: every metric of ours for each attribute and pair, by MetricFrame (one frame each, vectorised per group),
                     with BOOT bootstrap draws (0: no intervals)
drift-make ROWS COLUMNS DIR; evidently DIR; embedding-make ROWS DIMENSIONS DIR
"""
import sys
import time


def make(rows, prefix):
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as pc
    import pyarrow.parquet as pq
    r = np.random.default_rng(1)
    schema, csv, parquet = None, None, None
    for start in range(0, rows, 1_000_000):
        n = min(1_000_000, rows - start)
        y = (r.random(n) < .4).astype(np.int64)
        s = np.clip(r.normal(.35 + .25 * y, .15), 0, 1).round(4)
        t = pa.table(dict(y=y, p=(s > .5).astype(np.int64), s=s, sex=r.choice(["f", "m"], n, p=[.45, .55]),
                          age=r.choice(["18-25", "26-40", "41-60", "60+"], n, p=[.15, .35, .35, .15]),
                          race=r.choice(["a", "b", "c", "d", "e"], n, p=[.4, .25, .2, .1, .05])))
        if schema is None:
            schema = t.schema
            csv, parquet = pc.CSVWriter(prefix + ".csv", schema), pq.ParquetWriter(prefix + ".parquet", schema)
        csv.write_table(t)
        parquet.write_table(t)
    csv.close()
    parquet.close()


def fairlearn(path, boot):
    import pandas as pd
    from fairlearn.metrics import (MetricFrame, count, equalized_odds_difference, false_negative_rate, false_positive_rate, selection_rate, true_negative_rate,
                                   true_positive_rate)
    from sklearn.metrics import accuracy_score, precision_score
    d = pd.read_parquet(path) if path.endswith(".parquet") else pd.read_csv(path, dtype={"sex": "category", "age": "category", "race": "category"})
    for c in ("sex", "age", "race"):  # categories: what a careful user of pandas does
        d[c] = d[c].astype("category")
    print(f"  read {time.process_time():.1f} s of processor time", flush=True)
    metrics = dict(selection_rate=selection_rate, tpr=true_positive_rate, fpr=false_positive_rate, tnr=true_negative_rate, fnr=false_negative_rate,
                   accuracy=accuracy_score, ppv=precision_score, count=count)
    k = dict(n_boot=boot, ci_quantiles=[.025, .975], random_state=1) if boot else {}
    for at in (["sex"], ["age"], ["race"], ["sex", "age"], ["sex", "race"], ["age", "race"]):
        m = MetricFrame(metrics=metrics, y_true=d.y, y_pred=d.p, sensitive_features=d[at], **k)
        m.by_group, m.difference(), m.ratio()
        if boot:
            m.by_group_ci, m.difference_ci(), m.ratio_ci()
        print(f"  {'×'.join(at)}: {time.process_time():.1f} s", flush=True)


def drift_make(rows, columns, folder):
    """Numbers of full precision (no two alike), and one column in five of text."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq
    for k, name in enumerate(("reference", "production")):
        r, writer = np.random.default_rng(k), None
        for start in range(0, rows, 1_000_000):
            n = min(1_000_000, rows - start)
            t = pa.table({f"c{i:02d}": r.normal(.02 * k * (i % 5), 1, n) if i % 5 else r.choice(["a", "b", "c", "d"], n) for i in range(columns)})
            writer = writer or pq.ParquetWriter(f"{folder}/{name}.parquet", t.schema)
            writer.write_table(t)
        writer.close()


def embedding_make(rows, dimensions, folder):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq
    for k, name in enumerate(("reference", "production")):
        v = np.random.default_rng(k).normal(.02 * k, 1, (rows, dimensions)).astype(np.float32)
        pq.write_table(pa.table({"id": np.arange(rows), "v": pa.FixedSizeListArray.from_arrays(v.ravel(), dimensions).cast(pa.list_(pa.float32()))}), f"{folder}/{name}.parquet")


def evidently(folder):
    import pandas as pd
    from evidently import Report
    from evidently.presets import DataDriftPreset
    a, b = pd.read_parquet(folder + "/reference.parquet"), pd.read_parquet(folder + "/production.parquet")
    print(f"  read {time.process_time():.1f} s of processor time", flush=True)
    Report([DataDriftPreset()]).run(b, a).dict()
    print(f"  compared {time.process_time():.1f} s", flush=True)


what, args = sys.argv[1], sys.argv[2:]
if what == "make":
    make(int(args[0]), args[1])
elif what == "fairlearn":
    fairlearn(args[0], int(args[1]))
elif what == "drift-make":
    drift_make(int(args[0]), int(args[1]), args[2])
elif what == "embedding-make":
    embedding_make(int(args[0]), int(args[1]), args[2])
else:
    evidently(args[0])
