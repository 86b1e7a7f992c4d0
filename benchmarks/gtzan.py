"""How well the families do on GTZAN's descriptors, no artist on both sides: prints one JSON object.

    python benchmarks/gtzan.py FILE [--models a,b] [--seeds 3]

FILE is a table of librosa descriptors with the columns filename, label and artist. Ten genres; a clip whose artist is
not known is a group of its own. Each family is measured by `models.evaluation` on five artist-grouped folds of each
seed; `random_split` beside it is what is usually published, and flatters. The literature on the fault-filtered lists
(Kereliuk, Sturm & Larsen 2015; Pons & Serra 2019) has .53 for MFCC and a support vector machine.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.common import emit
from models import comparison, evaluation, registry
from models.evaluation import Measured

NO_FEATURES = ("filename", "length", "label", "split", "artist")
LITERATURE = {"accuracy": 0.53, "what": "MFCC and a support vector machine, fault-filtered lists"}
MODELS = "knn,logistic,svm,ensemble"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--models", default=MODELS, help="families, separated by commas")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    if not options.file.is_file():
        emit({"skipped": f"{options.file} is not there."})
        return
    X, y, groups = read(options.file)
    with threadpool_limits(1):
        emit(measure(X, y, groups, options.models.split(","), options.seeds))


def read(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return descriptors (n, d), genres and artists (n,) of a table."""
    table = pd.read_csv(path)
    artists = table.artist.fillna("").astype(str).str.strip()
    groups = artists.where(artists != "", "track:" + table.filename.astype(str))
    X = table.drop(columns=[name for name in NO_FEATURES if name in table]).to_numpy(float)
    return X, table.label.to_numpy(str), groups.to_numpy(str)


def measure(X: np.ndarray, y: np.ndarray, groups: np.ndarray, models: list[str], seeds: int) -> dict[str, Any]:
    """Measure every family on the folds of every seed."""
    classes = sorted(set(y.tolist()))
    rows, of_first = [], {}
    for name in models:
        began = time.perf_counter()
        measured = [_measure(name, X, y, groups, classes, seed) for seed in range(seeds)]
        of_first[name] = measured[0]
        split = evaluation.random_split(_builder(name, X), X, y, groups, classes=classes)
        rows.append({**_mean(measured), "random_split": split, "seconds": round(time.perf_counter() - began, 2)})
    simplicity = {name: registry.get(name).simplicity for name in of_first}
    usual = pd.Series(y).value_counts(normalize=True).iloc[0]
    return {
        "tracks": len(y),
        "artists": len(np.unique(groups)),
        "genres": len(classes),
        "grouped_by": "artist",
        "seeds": seeds,
        "baseline": round(float(usual), 4),
        "literature": LITERATURE,
        "models": rows,
        "nested": comparison.nested(of_first, y, classes, groups, simplicity),
    }


def _builder(name: str, X: np.ndarray) -> Callable[[], Any]:
    options: dict[str, Any] = {"tune": True} if registry.get(name).tunes else {}
    blocks = {registry.DESCRIPTORS: (0, X.shape[1])}
    return lambda: registry.build_for(name, "nominal", None, blocks=blocks, **options)


def _measure(name: str, X: np.ndarray, y: np.ndarray, groups: np.ndarray, classes: list[str], seed: int) -> Measured:
    folds = evaluation.grouped_folds(y, groups, random_state=seed)
    return evaluation.measure(name, registry.DESCRIPTORS, _builder(name, X), X, y, groups, folds, classes=classes)


def _mean(measured: list[Measured]) -> dict[str, Any]:
    """Return the mean of every score over the seeds; the interval is that of the first."""
    reports = [one.report for one in measured]
    scores = {
        name: round(float(np.mean([report[name] for report in reports])), 4)
        for name, value in reports[0].items()
        if isinstance(value, float) and name != "seconds"
    }
    before = np.mean([report["uncalibrated"]["log_loss"] for report in reports])
    return {
        "name": reports[0]["name"],
        "features": reports[0]["features"],
        **scores,
        "accuracy_interval": reports[0]["accuracy_interval"],
        "accuracy_of_seeds": [report["accuracy"] for report in reports],
        "log_loss_before_calibration": round(float(before), 4),
    }


if __name__ == "__main__":
    main()
