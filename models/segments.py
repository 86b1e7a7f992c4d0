"""Tracks heard in segments: a model learns from each, and a track is what its segments are on average."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import has_fit_parameter

BLOCK = 256  # tracks flattened at a time: spectrograms of many would not fit in memory twice
KEPT = ("history_", "settings_")  # what others ask a trained model for


class SegmentClassifier(ClassifierMixin, BaseEstimator):
    """Trains a classifier on the segments of tracks, each with its track's label, and averages what it says of them.

    A segment of nothing but NaN is padding. Every track weighs the same where the classifier takes weights; a track
    without any segment gets the class shares.

    Parameters
    ----------
    base : classifier
        Not yet fitted; a clone of it learns.

    >>> from models.majority import MajorityClassifier
    >>> X = np.array([[[0.0], [1.0]], [[2.0], [np.nan]]])
    >>> SegmentClassifier(MajorityClassifier()).fit(X, np.array(["no", "yes"])).predict_proba(X).shape
    (2, 2)
    """

    def __init__(self, base: Any) -> None:
        self.base = base

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> SegmentClassifier:
        """Learn from every segment.

        Parameters
        ----------
        X : np.ndarray, shape (n, segments, ...)
        y : np.ndarray of str, shape (n,)
        groups : np.ndarray, shape (n,), optional
            Artists; without them the segments of a track still stay together.

        Raises
        ------
        ValueError
            No track has a segment.
        """
        y = np.asarray(y)
        rows, track = flatten(X)
        if not len(rows):
            raise ValueError("no track has a segment")
        everyone = np.arange(len(y)) if groups is None else np.asarray(groups)
        options: dict[str, Any] = {}
        self.base_ = clone(self.base)
        if has_fit_parameter(self.base_, "groups"):
            options["groups"] = everyone[track]
        if has_fit_parameter(self.base_, "sample_weight"):
            options["sample_weight"] = 1.0 / np.bincount(track, minlength=len(y))[track]
        self.base_.fit(rows, y[track], **options)
        self.classes_ = self.base_.classes_
        self.shares_ = np.array([(y == name).mean() for name in self.classes_])
        return self.adopt(self.base_)

    def adopt(self, base: Any) -> SegmentClassifier:
        """Take over a fitted classifier and what is known of it."""
        self.base_, self.classes_, self.name_ = base, base.classes_, base.name_
        for name in KEPT:
            if hasattr(base, name):
                setattr(self, name, getattr(base, name))
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the mean probability of each of `classes_` over a track's segments, shape (n, classes)."""
        parts = [self._mean_proba(X[i : i + BLOCK]) for i in range(0, len(X), BLOCK)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes_)))

    def _mean_proba(self, X: np.ndarray) -> np.ndarray:
        rows, track = flatten(X)
        count = np.bincount(track, minlength=len(X))
        total = np.zeros((len(X), len(self.classes_)))
        if len(rows):
            np.add.at(total, track, self.base_.predict_proba(rows))
        return np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], self.shares_)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each track."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def flatten(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the segments of all tracks as rows, and the track of each; padding is left out.

    >>> flatten(np.array([[[1.0], [np.nan]], [[2.0], [3.0]]]))
    (array([[1.],
           [2.],
           [3.]]), array([0, 1, 1]))
    """
    there = ~np.isnan(X).all(axis=tuple(range(2, X.ndim)))
    return X[there], np.nonzero(there)[0]
