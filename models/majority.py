"""The baseline every model has to beat: the class shares, whatever the track."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class MajorityClassifier(ClassifierMixin, BaseEstimator):
    """Predicts the share of each class among the labels, for every track alike."""

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> MajorityClassifier:
        """Count the classes; X is not looked at."""
        self.classes_, counts = np.unique(np.asarray(y), return_counts=True)
        self.shares_ = counts / counts.sum()
        self.name_ = "majority"
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the class shares for each row, shape (n, classes)."""
        return np.tile(self.shares_, (len(X), 1))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the commonest class for each row."""
        return np.repeat(self.classes_[self.shares_.argmax()], len(X))
