"""Settings chosen by validation on artists left out, inside the training rows only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from core.errors import NotEnoughLabelsError

Settings = Mapping[str, Any]

ENOUGH = 24  # labels from which a choice beats the usual settings
SPLITS = 3  # of the inner validation


def best(
    candidates: Sequence[Settings],
    build: Callable[[Settings], Any],
    X: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray | None,
    *,
    random_state: int = 0,
) -> dict[str, Any]:
    """Return the settings with the least log loss on groups left out; the first where there is too little to choose by.

    Parameters
    ----------
    candidates : sequence of mapping
        The usual settings first: a tie goes to them.
    build : callable (settings) -> untrained classifier
    X : np.ndarray, shape (n, d)
    y : np.ndarray of str, shape (n,)
    groups : np.ndarray, shape (n,), optional
        Artists.
    """
    if len(candidates) < 2 or len(y) < ENOUGH:
        return dict(candidates[0])
    losses = inner_losses(candidates, build, X, y, groups, random_state=random_state)
    return dict(candidates[int(np.argmin(losses))]) if len(losses) else dict(candidates[0])


def inner_losses(
    candidates: Sequence[Settings],
    build: Callable[[Settings], Any],
    X: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray | None,
    *,
    random_state: int = 0,
) -> np.ndarray:
    """Return the mean log loss of each candidate on groups left out; empty where no split can be made."""
    from models.evaluation import grouped_folds, log_loss, out_of_fold

    y = np.asarray(y, dtype=str)
    groups = np.arange(len(y)).astype(str) if groups is None else np.asarray(groups)
    try:
        folds = grouped_folds(y, groups, n_splits=SPLITS, random_state=random_state)
    except NotEnoughLabelsError:
        return np.empty(0)
    classes = [str(name) for name in np.unique(y)]

    def loss(settings: Settings) -> float:
        proba = out_of_fold(lambda: build(settings), X, y, groups, folds, classes=classes)
        return log_loss(y, proba, classes)

    return np.array([loss(candidate) for candidate in candidates])
