"""How many wrong answers the doubts find: prints one JSON object.

    python benchmarks/doubts.py [--home HOME] --target genre [--flipped 0.05] [--seeds 20] [--made-up 300]

Some of the stored answers are exchanged for wrong ones: for an ordered target those at an end for the other end, all
others for any other class. The quick family predicts every answer without its artist, as the app does, and the answers
doubted are compared with those that were planted. Real answers have doubtful ones among them already, which count as
false alarms here: precision is a lower bound. "made_up" is the same on a made-up library, where no other answer is
wrong but tracks lie between classes; without a home it is all there is. Intervals (95 %) are over the seeds; nothing is
written to the home.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.audit import made_up
from benchmarks.common import RATINGS, emit
from labeling.doubts import doubt_scores, doubts
from labeling.targets import get
from models import evaluation, registry
from services import datasets
from services.workspace import Workspace

TOP = 10  # how many a person may look at in one go
FOLDS = 3  # splits into folds whose guesses are averaged


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home")
    parser.add_argument("--target", default="rating")
    parser.add_argument("--flipped", type=float, default=0.05, help="share of the answers exchanged")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--made-up", type=int, default=300, metavar="N", help="answers of the made-up library")
    options = parser.parse_args()

    began = time.perf_counter()
    own = {} if options.home is None else on_home(options.home, options.target, options.flipped, options.seeds)
    other = [on_made_up(options.made_up, options.target, options.flipped, i) for i in range(options.seeds)]
    emit(
        {
            "target": options.target,
            "flipped": options.flipped,
            "seeds": options.seeds,
            **own,
            "made_up": {"labels": options.made_up, **summary(other)},
            "seconds": round(time.perf_counter() - began, 1),
        }
    )


def on_home(home: str, target: str, flipped: float, seeds: int) -> dict[str, Any]:
    """Plant wrong answers among those of a home and return the figures."""
    data = datasets.dataset(Workspace(home), target)
    classes = list(data.classes)
    rows = [planted(data.X, data.y, data.groups, classes, data.ordered, flipped, seed) for seed in range(seeds)]
    return {"labels": len(data.y), **summary(rows)}


def on_made_up(n: int, target: str, flipped: float, seed: int) -> dict[str, float]:
    """Plant wrong answers in a made-up library of the kind of a target."""
    ordered = get(target).kind == "ordered"
    library = made_up(n, "rating" if ordered else "genre", seed)
    classes = list(RATINGS) if ordered else sorted(set(library.y.tolist()))
    return planted(library.X, library.y, library.groups, classes, ordered, flipped, seed)


def planted(
    X: np.ndarray, y: np.ndarray, groups: np.ndarray, classes: list[str], ordered: bool, flipped: float, seed: int
) -> dict[str, float]:
    """Exchange some answers and count how many of them are doubted, and how many others."""
    wrong, rows = exchange(y, classes, ordered, flipped, np.random.default_rng(seed))
    is_wrong = np.isin(np.arange(len(y)), rows)
    proba = guesses(X, wrong, groups, classes, ordered)
    doubted = [doubt.row for doubt in doubts(wrong, proba, classes, ordered=ordered)]
    top = np.argsort(-doubt_scores(wrong, proba, classes, ordered=ordered), kind="stable")[:TOP]
    return {
        "precision": float(is_wrong[doubted].mean()) if doubted else float("nan"),
        "recall": float(is_wrong[doubted].sum() / len(rows)),
        "flagged_per_100": 100 * len(doubted) / len(y),
        "precision_top10": float(is_wrong[top].mean()),
        "best_possible_top10": min(1.0, len(rows) / TOP),
        "auc": evaluation.auc(is_wrong, doubt_scores(wrong, proba, classes, ordered=ordered)),
    }


def exchange(
    y: np.ndarray, classes: list[str], ordered: bool, share: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Exchange a share of the answers for wrong ones; return all answers and the rows that are wrong now."""
    y = np.asarray(y).astype(object)
    rows = rng.permutation(len(y))[: max(1, round(share * len(y)))]
    ends = {classes[0]: classes[-1], classes[-1]: classes[0]} if ordered else {}
    for row in rows:
        y[row] = ends.get(y[row]) or rng.choice([name for name in classes if name != y[row]])
    return y.astype(str), rows


def guesses(X: np.ndarray, y: np.ndarray, groups: np.ndarray, classes: list[str], ordered: bool) -> np.ndarray:
    """Predict each answer without its artist by the quick family, averaged over several splits."""
    kind = "ordered" if ordered else "nominal"
    name = registry.quick_families(kind)[0].name
    tables = [
        evaluation.out_of_fold(
            lambda: registry.build(name, kind),
            X,
            y,
            groups,
            evaluation.grouped_folds(y, groups, random_state=seed),
            classes=classes,
        )
        for seed in range(FOLDS)
    ]
    return np.asarray(np.mean(tables, axis=0))


def summary(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Return the mean of each figure with its 95 % interval over the seeds."""
    return {key: _mean([row[key] for row in rows]) for key in rows[0]}


def _mean(values: list[float]) -> list[float | None]:
    known = np.array([value for value in values if np.isfinite(value)])
    if len(known) == 0:
        return [None, None, None]
    mean, half = known.mean(), 1.96 * known.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else float("nan")
    return [round(float(value), 4) for value in (mean, mean - half, mean + half)]


if __name__ == "__main__":
    main()
