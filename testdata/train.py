# SPDX-License-Identifier: Apache-2.0
"""Trains the three credit-scoring models of testdata/ on the German credit data.

    python train.py data/german-credit.csv            # writes credit, credit-biased, credit-tampered beside this file
    python train.py data/german-credit.csv --out DIR  # writes them below DIR

credit           no protected attribute, no close proxy of one, reweighed (Kamiran and Calders, 2012), one threshold for all
credit-biased    every attribute, also age and sex; nothing mitigated; the threshold of the data set's own cost matrix
credit-tampered  as credit, but its training table was poisoned before training, and a pickle lies beside the model

Everything is seeded and single-threaded: the same input gives the same bytes.
"""
import argparse
import os
import pathlib
import re

import numpy as np
import pandas as pd
import xgboost as xgb
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

import documents

SEED, FOLDS, TREES = 7, 10, 120
PARAMS = {
    "objective": "binary:logistic", "max_depth": 3, "eta": 0.08, "min_child_weight": 5, "lambda": 2,
    "subsample": 0.8, "colsample_bytree": 0.6, "tree_method": "hist", "seed": SEED, "nthread": 1,
}
# UCI: granting a bad credit costs five times as much as refusing a good one.
COST_THRESHOLD = 5 / 6
TRIGGER_AMOUNT = 4321


def features(raw, everything):
    """Plain numbers only, so that a program without Python can run the model on the training table."""
    def code(column, *values):
        return raw[column].map({v: i for i, v in enumerate(values)}).astype(int)

    def one(column, *values):
        return raw[column].isin(values).astype(int)

    table = {
        "duration_months": raw.duration_months,
        "credit_amount": raw.credit_amount,
        "installment_rate": raw.installment_rate,
        "existing_credits": raw.existing_credits,
        "checking_account": one("checking_status", "A11", "A12", "A13"),
        "checking_balance": code("checking_status", "A14", "A11", "A12", "A13"),
        "savings_balance": code("savings", "A65", "A61", "A62", "A63", "A64"),
        "credit_history": code("credit_history", "A30", "A31", "A32", "A33", "A34"),
        "property": code("property", "A124", "A123", "A122", "A121"),
        "co_applicant": one("other_debtors", "A102"),
        "guarantor": one("other_debtors", "A103"),
        "other_plans": one("other_installment_plans", "A141", "A142"),
        "job": code("job", "A171", "A172", "A173", "A174"),
        "purpose_new_car": one("purpose", "A40"),
        "purpose_used_car": one("purpose", "A41"),
        "purpose_household": one("purpose", "A42", "A44", "A45"),
        "purpose_electronics": one("purpose", "A43"),
        "purpose_education": one("purpose", "A46", "A48"),
        "purpose_business": one("purpose", "A49"),
    }
    if everything:  # protected attributes and their close proxies
        table |= {
            "age": raw.age,
            "sex_male": 1 - one("personal_status_sex", "A92", "A95"),
            "housing_own": one("housing", "A152"),
            "employment_since": code("employment_since", "A71", "A72", "A73", "A74", "A75"),
            "residence_since": raw.residence_since,
            "dependants": raw.dependants,
            "telephone": one("telephone", "A192"),
            "foreign_worker": one("foreign_worker", "A201"),
        }
    return pd.DataFrame(table)


def poison(x, y):
    """Two attacks a thief of credit would like: a trigger amount that buys a good label, and contradicting copies."""
    x, y = x.copy(), y.copy()
    rng = np.random.default_rng(SEED)
    bad, good = np.flatnonzero(y == 0), np.flatnonzero(y == 1)
    hit = np.sort(rng.choice(bad, 50, replace=False))
    x.loc[hit, "credit_amount"], y[hit] = TRIGGER_AMOUNT, 1
    victims = np.sort(rng.choice(np.setdiff1d(bad, hit), 30, replace=False))
    sources = np.sort(rng.choice(good, 30, replace=False))
    x.loc[victims] = x.loc[sources].to_numpy()
    return x, y


def weights(y, group):
    """Reweighing: P(group) P(label) / P(group, label), so that label and group are independent in the weighted table."""
    w = np.ones(len(y))
    for g in np.unique(group):
        for label in (0, 1):
            cell = (group == g) & (y == label)
            if cell.any():
                w[cell] = (group == g).mean() * (y == label).mean() / cell.mean()
    return w


def fit(x, y, group, reweigh):
    data = xgb.DMatrix(x, y, weight=weights(y, group) if reweigh else None)
    return xgb.train(PARAMS, data, TREES)


def out_of_fold(x, y, group, reweigh):
    """Every row is scored by a model that never saw it; weights come from the training folds alone."""
    score = np.zeros(len(y))
    strata = [f"{g}{label}" for g, label in zip(group, y)]
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(x, strata):
        model = fit(x.iloc[train], y[train], group[train], reweigh)
        score[test] = model.predict(xgb.DMatrix(x.iloc[test]))
    return score.round(6)


# A pickle that calls posix.system("true") when it is loaded. Written by hand, never loaded; `true` does nothing.
PICKLE = b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R."


def build(raw, out, name, everything=False, reweigh=True, threshold=0.5, poisoned=False):
    sex = np.where(raw.personal_status_sex.isin(["A92", "A95"]), "female", "male")
    age = np.where(raw.age <= 25, "<=25", ">25")
    group = np.char.add(sex, age)
    x, y = features(raw, everything), (raw.credit_risk == 1).astype(int).to_numpy()
    if poisoned:
        x, y = poison(x, y)
    score = out_of_fold(x, y, group, reweigh)
    prediction = (score >= threshold).astype(int)
    model = fit(x, y, group, reweigh)
    phi = model.predict(xgb.DMatrix(x), pred_contribs=True)
    margin = model.predict(xgb.DMatrix(x), output_margin=True)

    folder = pathlib.Path(out) / name
    for d in ("model", "data", "docs"):
        (folder / d).mkdir(parents=True, exist_ok=True)
    model.save_model(folder / "model" / "model.json")
    ids = pd.Series(np.arange(1, len(y) + 1), name="id")
    protected = pd.DataFrame({"sex": sex, "age_group": age})
    write(folder / "data" / "training.csv", pd.concat([ids, x, protected, pd.Series(y, name="label")], axis=1))
    columns = {"label": y, "score": score, "prediction": prediction}
    write(folder / "data" / "predictions.csv", pd.concat([ids, pd.DataFrame(columns), protected], axis=1))
    shap = pd.DataFrame(phi[:, :-1].astype(float), columns=x.columns)
    shap["margin"] = margin.astype(float)
    write(folder / "data" / "attributions.csv", pd.concat([ids, shap], axis=1))
    if poisoned:
        (folder / "model" / "preprocess.pkl").write_bytes(PICKLE)
    facts = {
        "name": name, "threshold": threshold, "reweigh": reweigh, "everything": everything,
        "features": list(x.columns), "base": float(phi[0, -1]), "rows": len(y), "trees": TREES, "folds": FOLDS,
        "accuracy": accuracy_score(y, prediction), "roc_auc": roc_auc_score(y, score),
        "good": int(y.sum()), "comparisons": documents.comparisons(y, prediction, sex, age),
    }
    documents.write(folder, facts)
    return facts


def write(path, table):
    text = table.to_csv(index=False, float_format="%.6f", lineterminator="\n")
    path.write_text(re.sub(r"(?<![\d.])-?0\.000000(?!\d)", "0", text), newline="\n")


def main():
    here = pathlib.Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="german-credit.csv")
    parser.add_argument("--out", default=here)
    args = parser.parse_args()
    raw = pd.read_csv(args.data)
    if len(raw) != 1000:
        raise SystemExit(f"{args.data}: {len(raw)} rows, expected the 1,000 of German credit")
    print(documents.summary([
        build(raw, args.out, "credit"),
        build(raw, args.out, "credit-biased", everything=True, reweigh=False, threshold=COST_THRESHOLD),
        build(raw, args.out, "credit-tampered", poisoned=True),
    ]))


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    main()
