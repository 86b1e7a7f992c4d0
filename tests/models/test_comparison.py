"""Models side by side, and what choosing the best of them is worth."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.comparison import nested, paired
from models.evaluation import Measured, grouped_folds, log_losses, measure
from models.knn import KNNClassifier
from models.logistic import LogisticClassifier

CLASSES = ["disliked", "liked", "semi"]


def both(library: Any) -> dict[str, Measured]:
    """Measure two families on the same folds."""
    folds = grouped_folds(library.y, library.groups)
    builds = {"logistic": lambda: LogisticClassifier(C=0.1), "knn": KNNClassifier}
    return {
        name: measure(name, "x", build, library.X, library.y, library.groups, folds, classes=CLASSES)
        for name, build in builds.items()
    }


def test_a_pair_is_compared_track_by_track(library: Any) -> None:
    measured = both(library)
    (row,) = paired(measured, "logistic", library.groups)
    assert row["name"] == "knn"
    assert abs(row["gain"] - (measured["knn"].losses - measured["logistic"].losses).mean()) < 1e-4
    assert row["clear"] == (row["gain"] > row["error"])


def test_choosing_among_models_that_know_nothing_gains_nothing() -> None:
    rng = np.random.default_rng(0)
    y = np.array(CLASSES)[rng.integers(3, size=120)]
    groups = np.array([f"artist {i % 30}" for i in range(120)])
    guesses = {}
    for number in range(12):
        proba = rng.dirichlet(np.ones(3), size=120)
        guesses[f"lot {number}"] = Measured("lot", "x", proba, proba, log_losses(y, proba, CLASSES), {}, [])
    best = max((np.array(CLASSES)[m.proba.argmax(axis=1)] == y).mean() for m in guesses.values())
    found = nested(guesses, y, CLASSES, groups, dict.fromkeys(guesses, 0))
    low, high = found["accuracy_interval"]
    assert found["accuracy"] < best - 0.02, "the best of twelve looks better than it is"
    assert low < 1 / 3 < high and abs(sum(found["chosen"].values()) - 1) < 0.01


def test_one_artist_alone_cannot_be_measured_apart() -> None:
    proba = np.full((6, 3), 1 / 3)
    y = np.array(CLASSES * 2)
    only = {"one": Measured("one", "x", proba, proba, log_losses(y, proba, CLASSES), {}, [])}
    found = nested(only, y, CLASSES, np.array(["abba"] * 6), {"one": 0})
    assert found["accuracy"] is None and found["chosen"] == {}
