"""A small network that is fitted in milliseconds: a third voice where models are asked whether they agree."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

HIDDEN = 32  # units
ITERATIONS = 60  # of L-BFGS: the order of asking needs an opinion, not the last digit


class PerceptronClassifier(ClassifierMixin, BaseEstimator):
    """One hidden layer, strongly held back; scikit-learn's, because the app's own process never loads TensorFlow.

    Parameters
    ----------
    alpha : float
        Strength of the L2 penalty.
    random_state : int
    """

    def __init__(self, alpha: float = 3.0, random_state: int = 0) -> None:
        self.alpha = alpha
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> PerceptronClassifier:
        """Learn from labels of at least two classes; `groups` is taken for symmetry and not needed."""
        network = MLPClassifier(
            (HIDDEN,), solver="lbfgs", alpha=self.alpha, max_iter=ITERATIONS, random_state=self.random_state
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.pipeline_: Pipeline = make_pipeline(StandardScaler(), network).fit(X, np.asarray(y, dtype=str))
        self.classes_ = self.pipeline_.classes_
        self.n_features_in_ = X.shape[1]
        self.name_ = "perceptron"
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of each of `classes_`, shape (n, classes)."""
        return self.pipeline_.predict_proba(X)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each track."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
