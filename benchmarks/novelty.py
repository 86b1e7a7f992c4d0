"""How well tracks of a class nobody answered for are told from the others: prints one JSON object.

    python benchmarks/novelty.py --home H [--target genre] [--features musicnn]

Each class is left out in turn, from the answers and from what the distance is learned on; the area under the ROC curve
says how often its tracks lie farther from what was answered than tracks of known classes by artists not heard. `told`
is the share of its tracks called unlike anything at the threshold that the app would use, `alarms` that of the others.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from benchmarks.common import emit
from models.evaluation import grouped_folds
from models.novelty import NoveltyDetector, unseen_auc
from services import datasets
from services.workspace import Workspace


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", required=True)
    parser.add_argument("--target", default="genre")
    parser.add_argument("--features")
    options = parser.parse_args()
    data = datasets.dataset(Workspace(options.home), options.target, options.features)
    aucs = unseen_auc(data.X, data.y, data.groups)
    rows = [{"left_out": name, "auc": round(auc, 4), **at_threshold(data, name)} for name, auc in aucs.items()]
    emit(
        {
            "target": data.target,
            "features": data.features,
            "mean_auc": round(float(np.mean(list(aucs.values()))), 4),
            "rows": rows,
        }
    )


def at_threshold(data: datasets.Dataset, name: str) -> dict[str, Any]:
    """Return the share of tracks called unlike anything, of the class left out and of the others."""
    told, alarms = [], []
    for train, test in grouped_folds(data.y, data.groups):
        rows = train[data.y[train] != name]
        far = NoveltyDetector().fit(data.X[rows], data.y[rows], data.groups[rows]).score(data.X[test]) > 1
        told += far[data.y[test] == name].tolist()
        alarms += far[data.y[test] != name].tolist()
    return {"told": round(float(np.mean(told)), 4), "alarms": round(float(np.mean(alarms)), 4)}


if __name__ == "__main__":
    main()
