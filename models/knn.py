"""Nearest neighbours: a track is like the labelled tracks it sounds like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import StandardScaler

NEIGHBOURS = (3, 5, 9, 15, 25)
ENOUGH = 24  # labels from which choosing the number of neighbours beats a fixed one


class KNNClassifier(ClassifierMixin, BaseEstimator):
    """A vote of the k nearest labelled tracks, mixed with one vote for the class shares.

    From 24 labels on, k and whether near neighbours count more are those with the least log loss when each group is
    predicted from all others; before, k is 5.

    Parameters
    ----------
    neighbours : sequence of int
        Values of k to choose from.
    """

    def __init__(self, neighbours: Sequence[int] = NEIGHBOURS) -> None:
        self.neighbours = neighbours

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> KNNClassifier:
        """Keep the labelled tracks and choose k.

        Parameters
        ----------
        X : np.ndarray, shape (n, d)
        y : np.ndarray of str, shape (n,)
        groups : np.ndarray, shape (n,), optional
            Artists, left out together when k is chosen.
        """
        self.scaler_ = StandardScaler().fit(X)
        self.rows_ = self.scaler_.transform(X).astype(np.float32)
        self.classes_, self.labels_ = np.unique(np.asarray(y), return_inverse=True)
        self.shares_ = np.bincount(self.labels_, minlength=len(self.classes_)) / len(self.labels_)
        self.n_features_in_ = X.shape[1]
        self.k_, self.weighted_ = self._choose(np.arange(len(y)) if groups is None else np.asarray(groups))
        self.name_ = "knn"
        return self

    def _choose(self, groups: np.ndarray) -> tuple[int, bool]:
        """Choose k and the weighting by leaving out one group after the other."""
        n = len(self.labels_)
        if n < ENOUGH or len(np.unique(groups)) < 3:
            return min(5, n), True
        distance = _distances(self.rows_, self.rows_)
        distance[groups[:, None] == groups[None, :]] = np.inf
        most = int(np.isfinite(distance).sum(axis=1).min())
        choices = [(k, weighted) for k in self.neighbours if k <= most for weighted in (True, False)]
        if not choices:
            return min(5, n), True
        nearest = _nearest(distance, max(k for k, _ in choices))

        def loss(choice: tuple[int, bool]) -> float:
            proba = self._vote(distance, nearest, *choice)
            return float(-np.log(proba[np.arange(n), self.labels_]).mean())

        return min(choices, key=loss)

    def _vote(self, distance: np.ndarray, nearest: np.ndarray, k: int, weighted: bool) -> np.ndarray:
        """Return class probabilities from sorted neighbours, shape (rows, classes)."""
        near = nearest[:, :k]
        away = np.take_along_axis(distance, near, axis=1)
        weight = away.mean(axis=1, keepdims=True) / np.maximum(away, 1e-6) if weighted else np.ones_like(away)
        weight = np.minimum(weight, k)  # a copy of a labelled track must not outvote all others without end
        votes = np.stack([(weight * (self.labels_[near] == c)).sum(axis=1) for c in range(len(self.classes_))], axis=1)
        votes += self.shares_
        return votes / votes.sum(axis=1, keepdims=True)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of each of `classes_`, shape (n, classes)."""
        distance = _distances(self.scaler_.transform(X).astype(np.float32), self.rows_)
        return self._vote(distance, _nearest(distance, self.k_), self.k_, self.weighted_)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each track."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _distances(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    squared = (A * A).sum(axis=1)[:, None] + (B * B).sum(axis=1)[None, :] - 2.0 * (A @ B.T)
    return np.sqrt(np.maximum(squared, 0.0))


def _nearest(distance: np.ndarray, k: int) -> np.ndarray:
    """Return the columns of the k smallest distances of each row, nearest first."""
    k = min(k, distance.shape[1])
    some = np.argpartition(distance, k - 1, axis=1)[:, :k]
    order = np.argsort(np.take_along_axis(distance, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1)
