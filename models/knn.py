"""Nearest neighbours: a track is like the labelled tracks it sounds like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from models.preprocessing import Preprocessor, balanced_rows

NEIGHBOURS = (3, 5, 9, 15, 25)
METRICS = ("euclidean", "cosine")
ENOUGH = 24  # labels from which choosing the number of neighbours beats a fixed one


class KNNClassifier(ClassifierMixin, BaseEstimator):
    """A vote of the k nearest labelled tracks, mixed with one vote for the class shares.

    From 24 labels on, the distance, k and whether near neighbours count more are those with the least log loss when
    each group is predicted from all others; before, k is 5.

    Parameters
    ----------
    neighbours : sequence of int
        Values of k to choose from.
    metrics : sequence of str
        Distances to choose from, the usual one first: "euclidean", "cosine".
    outliers : str
        As `models.preprocessing.Preprocessor` has it.
    balance : str
        As `models.logistic.LogisticClassifier` has it.
    random_state : int
        Of balancing.
    """

    def __init__(
        self,
        neighbours: Sequence[int] = NEIGHBOURS,
        metrics: Sequence[str] = METRICS,
        outliers: str = "keep",
        balance: str = "none",
        random_state: int = 0,
    ) -> None:
        self.neighbours = neighbours
        self.metrics = metrics
        self.outliers = outliers
        self.balance = balance
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> KNNClassifier:
        """Keep the labelled tracks and choose k.

        Parameters
        ----------
        X : np.ndarray, shape (n, d)
        y : np.ndarray of str, shape (n,)
        groups : np.ndarray, shape (n,), optional
            Artists, left out together when k is chosen.
        """
        y = np.asarray(y, dtype=str)
        kept = balanced_rows(y, self.balance, random_state=self.random_state)
        self.scaler_ = Preprocessor(outliers=self.outliers).fit(X)
        self.classes_, self.labels_ = np.unique(y[kept], return_inverse=True)
        counts = np.bincount(self.labels_, minlength=len(self.classes_))
        self.shares_ = counts / counts.sum()
        self.weight_ = counts.max() / counts if self.balance == "weights" else np.ones(len(counts))
        self.n_features_in_ = X.shape[1]
        rows = self.scaler_.transform(X)[kept].astype(np.float32)
        everyone = np.arange(len(y)) if groups is None else np.asarray(groups)
        self.metric_, self.k_, self.weighted_ = self._choose(rows, everyone[kept])
        self.rows_ = _placed(rows, self.metric_)
        self.settings_ = {"metric": self.metric_, "k": int(self.k_), "weighted": bool(self.weighted_)}
        self.name_ = "knn"
        return self

    def _choose(self, rows: np.ndarray, groups: np.ndarray) -> tuple[str, int, bool]:
        """Choose the distance, k and the weighting by leaving out one group after the other."""
        n = len(self.labels_)
        usual = (self.metrics[0], min(5, n), True)
        if n < ENOUGH or len(np.unique(groups)) < 3:
            return usual
        found = [self._loss(rows, groups, metric) for metric in self.metrics]
        tried = [choice for choices in found for choice in choices]
        return min(tried, key=lambda choice: choice[0])[1] if tried else usual

    def _loss(self, rows: np.ndarray, groups: np.ndarray, metric: str) -> list[tuple[float, tuple[str, int, bool]]]:
        """Return the log loss of every k and weighting with one distance."""
        placed = _placed(rows, metric)
        distance = _distances(placed, placed)
        distance[groups[:, None] == groups[None, :]] = np.inf
        most = int(np.isfinite(distance).sum(axis=1).min())
        choices = [(k, weighted) for k in self.neighbours if k <= most for weighted in (True, False)]
        if not choices:
            return []
        nearest = _nearest(distance, max(k for k, _ in choices))
        everyone = np.arange(len(rows))

        def loss(k: int, weighted: bool) -> float:
            proba = self._vote(distance, nearest, k, weighted)
            return float(-np.log(proba[everyone, self.labels_]).mean())

        return [(loss(*choice), (metric, *choice)) for choice in choices]

    def _vote(self, distance: np.ndarray, nearest: np.ndarray, k: int, weighted: bool) -> np.ndarray:
        """Return class probabilities from sorted neighbours, shape (rows, classes)."""
        near = nearest[:, :k]
        away = np.take_along_axis(distance, near, axis=1)
        weight = away.mean(axis=1, keepdims=True) / np.maximum(away, 1e-6) if weighted else np.ones_like(away)
        weight = np.minimum(weight, k)  # a copy of a labelled track must not outvote all others without end
        votes = np.stack([(weight * (self.labels_[near] == c)).sum(axis=1) for c in range(len(self.classes_))], axis=1)
        votes = votes * self.weight_ + self.shares_
        return votes / votes.sum(axis=1, keepdims=True)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Read what was kept; models from before distances were chosen have the Euclidean one."""
        earlier = {"metric_": "euclidean", "weight_": np.ones(len(state.get("shares_", ())))}
        super().__setstate__({**earlier, **state})

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of each of `classes_`, shape (n, classes)."""
        distance = _distances(_placed(self.scaler_.transform(X).astype(np.float32), self.metric_), self.rows_)
        return self._vote(distance, _nearest(distance, self.k_), self.k_, self.weighted_)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each track."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _placed(rows: np.ndarray, metric: str) -> np.ndarray:
    """Return rows whose Euclidean distance is the one wanted: of length 1 for the cosine."""
    if metric == "euclidean":
        return rows
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def _distances(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    squared = (A * A).sum(axis=1)[:, None] + (B * B).sum(axis=1)[None, :] - 2.0 * (A @ B.T)
    return np.sqrt(np.maximum(squared, 0.0))


def _nearest(distance: np.ndarray, k: int) -> np.ndarray:
    """Return the columns of the k smallest distances of each row, nearest first."""
    k = min(k, distance.shape[1])
    some = np.argpartition(distance, k - 1, axis=1)[:, :k]
    order = np.argsort(np.take_along_axis(distance, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1)
