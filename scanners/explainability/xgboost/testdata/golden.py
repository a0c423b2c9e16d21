# SPDX-License-Identifier: Apache-2.0
"""Writes small models into a folder, with what XGBoost itself says of them.

    python golden.py DIR [SEED [DEPTH]]      # needs ../../../../testdata/requirements.txt
"""
import json
import pathlib
import sys

import numpy as np
import xgboost as xgb

out = pathlib.Path(sys.argv[1])
seed = int(sys.argv[2]) if len(sys.argv) > 2 else 3
depth = int(sys.argv[3]) if len(sys.argv) > 3 else 3
out.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(seed)


def case(name, params, trees, y, x, categorical=()):
    kinds = ["c" if i in categorical else "q" for i in range(x.shape[1])]
    names = [f"f{i}" for i in range(x.shape[1])]

    def matrix(rows, **more):
        return xgb.DMatrix(rows, feature_names=names, feature_types=kinds, enable_categorical=bool(categorical), **more)
    base = {"nthread": 1, "seed": 1, "max_depth": depth, "eta": 0.4, "tree_method": "hist"}
    model = xgb.train(base | params, matrix(x, label=y), trees)
    model.save_model(out / f"{name}.json")
    rows = x[:12].copy()
    phi = model.predict(matrix(rows), pred_contribs=True).reshape(len(rows), -1, x.shape[1] + 1)
    margin = np.asarray(model.predict(matrix(rows), output_margin=True)).reshape(len(rows), -1)
    golden = {
        "rows": [[None if np.isnan(v) else float(v) for v in r] for r in rows],
        "margin": margin.astype(float).tolist(), "phi": phi.astype(float).tolist(),
    }
    (out / f"{name}.golden.json").write_text(json.dumps(golden))


x = rng.normal(size=(200, 5)).astype(np.float32)
x[rng.random(x.shape) < 0.1] = np.nan
h = np.nan_to_num(x)
binary = (h[:, 0] + h[:, 1] * h[:, 2] + rng.normal(size=200) * 0.3 > 0).astype(int)
case("logistic", {"objective": "binary:logistic"}, 6, binary, x)
case("logitraw", {"objective": "binary:logitraw"}, 4, binary, x)
case("hinge", {"objective": "binary:hinge"}, 4, binary, x)
case("regression", {"objective": "reg:squarederror", "max_depth": depth + 1}, 5, h[:, 0] * 2 + h[:, 3], x)
case("absolute", {"objective": "reg:absoluteerror"}, 4, h[:, 0] * 2 + h[:, 3], x)
case("poisson", {"objective": "count:poisson"}, 5, rng.poisson(np.exp(h[:, 0] * 0.5)), x)
case("gamma", {"objective": "reg:gamma"}, 5, np.exp(h[:, 0] * 0.5) + 0.1, x)
case("tweedie", {"objective": "reg:tweedie"}, 5, rng.poisson(np.exp(h[:, 0] * 0.5)), x)
case("multiclass", {"objective": "multi:softprob", "num_class": 3}, 4, np.digitize(h[:, 0] + h[:, 4], [-0.5, 0.5]), x)
case("dart", {"objective": "binary:logistic", "booster": "dart", "rate_drop": 0.4, "skip_drop": 0.1}, 10, binary, x)
case("forest", {"objective": "binary:logistic", "num_parallel_tree": 3, "subsample": 0.6, "eta": 1}, 2, binary, x)
codes = x.copy()
codes[:, 1], codes[:, 3] = rng.integers(0, 12, 200), rng.integers(0, 3, 200)
either = ((codes[:, 1] % 3 == 0) ^ (codes[:, 3] == 1)).astype(int)
case("categorical", {"objective": "binary:logistic", "max_cat_to_onehot": 4}, 5, either, codes, categorical=(1, 3))
