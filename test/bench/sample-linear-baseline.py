"""How far a linear model on band means gets on a BigEarthNet v1 folder (a simulated sample above all).

    python sample-linear-baseline.py FOLDER [--bands]

Needs numpy, rasterio and scikit-learn. Five folds of spatial blocks (15.6 km), standardised means of the study's ten bands, logistic
regression with balanced class weights. Prints, per label set: F1, AUC and AP at the natural share of positives, and F1 with the
negatives undersampled to the number of positives, as the study did. `--bands` adds band means and standard deviations in DN.
"""

import argparse
import json
import pathlib
import warnings

import numpy as np
import rasterio
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

STUDY_BANDS = ["B04", "B03", "B02", "B08", "B05", "B06", "B07", "B8A", "B11", "B12"]
REGULAR = {"Permanently irrigated land"}
EXTENDED = REGULAR | {"Rice fields", "Vineyards", "Fruit trees and berry plantations", "Olive groves"}
BLOCK_METRES = 13 * 1200


def read(folder: pathlib.Path):
    means, squares, labels, blocks = [], [], [], []
    warnings.filterwarnings("ignore", category=rasterio.errors.NotGeoreferencedWarning)
    for path in sorted(folder.glob("*/*_labels_metadata.json")):
        patch = path.parent.name
        meta = json.loads(path.read_text())
        first, second = [], []
        for band in STUDY_BANDS:
            with rasterio.open(path.parent / f"{patch}_{band}.tif") as source:
                pixels = source.read(1).astype(np.float64)
            first.append(pixels.mean())
            second.append((pixels**2).mean())
        means.append(first)
        squares.append(second)
        labels.append(set(meta["labels"]))
        corner = meta["coordinates"]
        blocks.append(f"{meta['projection'][:30]}/{corner['ulx'] // BLOCK_METRES}/{corner['uly'] // BLOCK_METRES}")
    return np.array(means), np.array(squares), labels, np.array(blocks)


def scores(x, y, groups):
    """Out-of-fold probabilities, so that every patch is judged by a model that never saw its block."""
    p = np.zeros(len(y))
    for train, test in GroupKFold(5).split(x, y, groups):
        model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=2000))
        p[test] = model.fit(x[train], y[train]).predict_proba(x[test])[:, 1]
    return p


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--bands", action="store_true", help="print band means and standard deviations, DN")
    arguments = parser.parse_args()
    x, squares, labels, blocks = read(arguments.folder)
    print(f"{len(x)} patches, {len(set(blocks))} blocks")
    if arguments.bands:
        for i, band in enumerate(STUDY_BANDS):
            mean = x[:, i].mean()
            print(f"{band}  mean {mean:7.1f}  std {np.sqrt(squares[:, i].mean() - mean**2):7.1f}")
    for name, classes in (("regular", REGULAR), ("extended", EXTENDED)):
        y = np.array([bool(own & classes) for own in labels])
        p = scores(x, y, blocks)
        rng = np.random.default_rng(0)
        kept = np.concatenate([np.flatnonzero(y), rng.permutation(np.flatnonzero(~y))[: y.sum()]])
        balanced = f1_score(y[kept], scores(x[kept], y[kept], blocks[kept]) > 0.5)
        print(
            f"{name:8}  positives {y.mean():.3f}  F1 {f1_score(y, p > 0.5):.3f}  AUC {roc_auc_score(y, p):.3f}  "
            f"AP {average_precision_score(y, p):.3f}  F1 balanced {balanced:.3f}"
        )


if __name__ == "__main__":
    main()
