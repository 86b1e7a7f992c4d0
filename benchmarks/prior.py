"""How much the first guess of the tags should count beside answers: prints one JSON object.

    python benchmarks/prior.py --home H [--target genre] [--seeds 10]

For each number of answers, drawn by lot with artists taking turns, the quick model is mixed with the prior as if that
were worth so many answers; test artists are neither answered for nor part of what the tags are standardised over. 0 is
the model alone, "prior" the tags alone. `best` is the weight with the least log loss over all numbers of answers.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.common import emit
from models.evaluation import accuracy, grouped_folds, log_loss
from models.logistic import LogisticClassifier
from models.prior import GenrePrior, align, blend
from services import datasets
from services.workspace import Workspace

ANSWERS = (4, 8, 16, 24, 32, 48, 64, 100)
WEIGHTS = (0.0, 2.0, 4.0, 8.0, 16.0, 32.0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", required=True)
    parser.add_argument("--target", default="genre")
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    workspace = Workspace(options.home)
    sound, tags = datasets.together([datasets.dataset(workspace, options.target, name) for name in ("musicnn", "tags")])
    with threadpool_limits(1):
        emit(measure(sound, tags.X, options.seeds))


def measure(data: datasets.Dataset, tags: np.ndarray, seeds: int) -> dict[str, Any]:
    """Return accuracy and log loss of every weight at every number of answers, the mean over seeds and folds."""
    found: dict[tuple[int, float], list[tuple[float, float]]] = {}
    alone = []
    for seed in range(seeds):
        for train, test in grouped_folds(data.y, data.groups, n_splits=4, random_state=seed):
            prior = GenrePrior(list(data.classes), data.table).fit(tags[train])
            guess = align(prior.predict_proba(tags[test]), prior.classes_.tolist(), data.classes)
            alone.append(_scores(data, test, guess))
            order = in_turn(data.groups[train], np.random.default_rng(seed))
            for n in ANSWERS:
                rows = train[order[:n]]
                own = _learned(data, rows, test)
                if own is None:
                    continue
                for weight in WEIGHTS:
                    mixed = blend(own, guess, n, weight) if weight else own
                    found.setdefault((n, weight), []).append(_scores(data, test, mixed))
    means = {key: np.mean(scores, axis=0) for key, scores in found.items()}
    losses = {w: float(np.mean([means[n, w][1] for n in ANSWERS if (n, w) in means])) for w in WEIGHTS}
    return {
        "target": data.target,
        "prior": _row(np.mean(alone, axis=0)),
        "rows": [{"labels": n, "weight": w, **_row(mean)} for (n, w), mean in sorted(means.items())],
        "log_loss_of_weights": {str(w): round(loss, 4) for w, loss in losses.items()},
        "best": min(losses, key=lambda w: losses[w]),
    }


def in_turn(groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return rows in an order by lot in which artists take turns."""
    order = rng.permutation(len(groups))
    seen: dict[str, int] = {}
    turns = []
    for row in order:
        turns.append(seen.get(groups[row], 0))
        seen[groups[row]] = turns[-1] + 1
    return order[np.argsort(turns, kind="stable")]


def _learned(data: datasets.Dataset, rows: np.ndarray, test: np.ndarray) -> np.ndarray | None:
    """Return what the quick model thinks; None while all answers are the same."""
    if len(np.unique(data.y[rows])) < 2:
        return None
    model = LogisticClassifier().fit(data.X[rows], data.y[rows])
    return align(model.predict_proba(data.X[test]), model.classes_.tolist(), data.classes)


def _scores(data: datasets.Dataset, test: np.ndarray, proba: np.ndarray) -> tuple[float, float]:
    return accuracy(data.y[test], proba, data.classes), log_loss(data.y[test], proba, data.classes)


def _row(mean: np.ndarray) -> dict[str, float]:
    return {"accuracy": round(float(mean[0]), 4), "log_loss": round(float(mean[1]), 4)}


if __name__ == "__main__":
    main()
