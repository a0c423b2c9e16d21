# SPDX-License-Identifier: Apache-2.0
"""Writes the benign fixtures of scanners/modelfile. See README.md for the pinned versions.

Usage: python generate.py OUT
Nothing here loads a file that somebody else made.
"""
import os
import pickle
import sys
import warnings

import joblib
import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
OUT = sys.argv[1] if len(sys.argv) > 1 else "benign"
os.makedirs(OUT, exist_ok=True)
rng = np.random.default_rng(7)
X = rng.normal(size=(60, 4))
y = (X[:, 0] + X[:, 1] > 0).astype(int)


def at(name):
    return os.path.join(OUT, name)


def dump(name, obj, protocol=None):
    with open(at(name), "wb") as f:
        pickle.dump(obj, f, protocol=protocol)


def sklearn_models():
    from sklearn.cluster import KMeans
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, IsolationForest, RandomForestClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.gaussian_process import GaussianProcessClassifier
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
    from sklearn.svm import SVC
    from sklearn.tree import DecisionTreeClassifier

    logistic = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    for p in range(6):
        dump(f"sklearn-logistic-p{p}.pkl", logistic, p)
    frame = pd.DataFrame({"age": [20, 30, 40, 50] * 5, "job": ["a", "b", "c", "a"] * 5})
    columns = ColumnTransformer([("n", StandardScaler(), ["age"]), ("c", OneHotEncoder(), ["job"])])
    models = {
        "forest": RandomForestClassifier(n_estimators=3, max_depth=3, random_state=np.random.RandomState(3)).fit(X, y),
        "gradient": GradientBoostingClassifier(n_estimators=3, max_depth=2).fit(X, y),
        "hist": HistGradientBoostingClassifier(max_iter=3).fit(X, y),
        "isolation": IsolationForest(n_estimators=2, max_samples=16).fit(X),
        "kmeans": KMeans(2, n_init=1).fit(X),
        "knn": KNeighborsClassifier(algorithm="kd_tree").fit(X, y),
        "sgd": SGDClassifier(loss="log_loss").fit(X, y),
        "nb": GaussianNB().fit(X, y),
        "mlp": MLPClassifier((4,), max_iter=3, random_state=1).fit(X, y),
        "svc": SVC(probability=False).fit(X, y),
        "tree": DecisionTreeClassifier(max_depth=3).fit(X, y),
        "gp": GaussianProcessClassifier().fit(X[:12], y[:12]),
        "tfidf": TfidfVectorizer().fit(["the cat sat", "the dog ran", "a credit model"]),
        "function": make_pipeline(FunctionTransformer(np.log1p), StandardScaler()).fit(np.abs(X)),
        "columns": columns.fit(frame),
    }
    for name, model in models.items():
        dump(f"sklearn-{name}.pkl", model)
    joblib.dump(models["forest"], at("forest.joblib"))
    joblib.dump({"a": X[:8], "o": np.array(["x", None, 3], dtype=object), "f": np.asfortranarray(X[:5]), "m": logistic}, at("arrays.joblib"))
    for compress in ("zlib", "gzip", "bz2", "xz", "lzma", "lz4"):
        joblib.dump(logistic, at(f"logistic.joblib.{compress}"), compress=(compress, 3))


def boosters():
    import lightgbm
    import xgboost

    xgb = xgboost.XGBClassifier(n_estimators=3, max_depth=2).fit(X, y)
    dump("xgboost.pkl", xgb)
    xgb.save_model(at("xgboost.json"))
    xgb.save_model(at("xgboost.ubj"))
    lgb = lightgbm.LGBMClassifier(n_estimators=3, num_leaves=4, verbose=-1).fit(X, y)
    dump("lightgbm.pkl", lgb)
    lgb.booster_.save_model(at("lightgbm.txt"))


def frames():
    import collections
    import datetime
    import decimal

    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None], "c": pd.Categorical(["u", "v", "u"]), "d": pd.date_range("2026-01-01", periods=3)})
    dump("pandas-frame.pkl", frame)
    dump("pandas-series.pkl", pd.Series([1.5, 2.5], index=["p", "q"], name="s"))
    dump("pandas-multi.pkl", frame.set_index(["a", "b"]))
    plain = {"o": collections.OrderedDict(a=1), "c": collections.Counter("abca"), "d": collections.defaultdict(list, a=[1]), "s": {1, 2},
             "f": frozenset([3]), "t": datetime.datetime(2026, 1, 2), "dec": decimal.Decimal("1.5"), "z": 1 + 2j, "b": bytearray(b"abc"),
             "n": np.float64(3), "r": np.random.default_rng(3), "e": np.dtype([("a", "f4"), ("b", "U3")]), "big": 1 << 70, "sl": slice(1, 2)}
    for p in range(6):
        dump(f"plain-p{p}.pkl", plain, p)
    from scipy import sparse, stats
    dump("scipy.pkl", {"csr": sparse.csr_matrix(X[:5]), "norm": stats.norm(0, 1)})


def arrays():
    np.save(at("float.npy"), X[:5])
    np.save(at("object.npy"), np.array([1, "a", None], dtype=object), allow_pickle=True)
    np.savez(at("plain.npz"), x=X[:5], y=y[:5])
    np.savez_compressed(at("deflated.npz"), x=X[:5], s=np.array(["a", "bc"]))


def tensors():
    from safetensors.numpy import save_file
    save_file({"w": X[:4].astype("f4"), "b": np.arange(3, dtype="i8")}, at("model.safetensors"), metadata={"format": "pt"})
    import onnx
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression
    with open(at("logistic.onnx"), "wb") as f:
        f.write(to_onnx(LogisticRegression().fit(X, y), X[:1].astype("f4")).SerializeToString())
    import h5py
    with h5py.File(at("weights.h5"), "w") as f:
        f.attrs["layer_names"] = ["dense"]
        f.create_dataset("dense/kernel", data=X[:4].astype("f4"))


sklearn_models()
boosters()
frames()
arrays()
tensors()
