"""A support vector machine with a radial kernel: the strongest single model where only descriptors are there."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from models import tuning
from models.preprocessing import Preprocessor, balanced_rows

USUAL: dict[str, Any] = {"C": 3.0, "width": 0.25}
CHOICES: tuple[dict[str, Any], ...] = (USUAL, *({"C": C, "width": w} for C in (1.0, 10.0) for w in (0.1, 0.5)))
FEWEST = 12  # labels from which margins are turned into probabilities by what was seen, not by a plain softmax
LINK = 0.1  # C of the link from pairs of classes: ten classes have 45 of them, which more would overfit


class SVMClassifier(ClassifierMixin, BaseEstimator):
    """Squashed features, a support vector machine, and a logistic regression from its margins to probabilities.

    The link goes from the margins of every pair of classes, measured on artists left out of the fit (Platt 1999 for two
    classes; Wu, Lin & Weng 2004 for several).

    Parameters
    ----------
    C : float
    width : float
        The kernel is exp(-width / d * |a - b|^2) on standardised features.
    tune : bool
        Choose C and width by validation on artists left out of the training rows.
    balance : str
        As `models.logistic.LogisticClassifier` has it.
    random_state : int
    """

    def __init__(
        self,
        C: float = 3.0,
        width: float = 0.25,
        tune: bool = False,
        balance: str = "none",
        random_state: int = 0,
    ) -> None:
        self.C = C
        self.width = width
        self.tune = tune
        self.balance = balance
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> SVMClassifier:
        """Learn from labels of at least two classes."""
        y = np.asarray(y, dtype=str)
        self.settings_ = self._tuned(X, y, groups) if self.tune else {"C": self.C, "width": self.width}
        self.preprocessor_ = Preprocessor(outliers="squash").fit(X)
        Z = self.preprocessor_.transform(X)
        self.classes_ = np.unique(y)
        self.link_ = self._link(Z, y, groups)
        self.machine_ = self._machine(Z, y)
        self.n_features_in_ = X.shape[1]
        self.name_ = "svm"
        return self

    def _tuned(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None) -> dict[str, Any]:
        def build(settings: tuning.Settings) -> SVMClassifier:
            return SVMClassifier(**settings, balance=self.balance, random_state=self.random_state)

        return tuning.best(CHOICES, build, X, y, groups, random_state=self.random_state)

    def _machine(self, Z: np.ndarray, y: np.ndarray) -> SVC:
        rows = balanced_rows(y, self.balance, random_state=self.random_state)
        weight = "balanced" if self.balance == "weights" else None
        gamma = self.settings_["width"] / Z.shape[1]
        machine = SVC(C=self.settings_["C"], gamma=gamma, class_weight=weight, decision_function_shape="ovo")
        return machine.fit(Z[rows], y[rows])

    def _link(self, Z: np.ndarray, y: np.ndarray, groups: np.ndarray | None) -> LogisticRegression | None:
        """Learn what margins of groups left out say; None where too few can be left out."""
        from core.errors import NotEnoughLabelsError
        from models.evaluation import grouped_folds

        groups = np.arange(len(y)).astype(str) if groups is None else np.asarray(groups)
        try:
            folds = grouped_folds(y, groups, n_splits=3, random_state=self.random_state) if len(y) >= FEWEST else []
        except NotEnoughLabelsError:
            folds = []
        tested, margins = [], []
        for train, test in folds:
            if len(np.unique(y[train])) == len(self.classes_):  # else margins of other classes
                tested.append(test)
                margins.append(_margins(self._machine(Z[train], y[train]), Z[test]))
        right = y[np.concatenate(tested)] if tested else np.empty(0, str)
        if len(np.unique(right)) < len(self.classes_):
            return None
        weight = None if self.balance == "none" else "balanced"  # else the link would undo what balancing did
        return LogisticRegression(C=LINK, class_weight=weight, max_iter=500).fit(np.vstack(margins), right)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of each of `classes_`, shape (n, classes)."""
        margins = _margins(self.machine_, self.preprocessor_.transform(X))
        return (
            _softmax(_votes(margins, len(self.classes_))) if self.link_ is None else self.link_.predict_proba(margins)
        )

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each track."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _margins(machine: SVC, Z: np.ndarray) -> np.ndarray:
    """Return the margin of each pair of classes, shape (n, pairs)."""
    margins = machine.decision_function(Z)
    return margins[:, None] if margins.ndim == 1 else margins


def _votes(margins: np.ndarray, classes: int) -> np.ndarray:
    """Return for each class the sum of its margins against the others, shape (n, classes)."""
    if margins.shape[1] == 1:  # of two classes a positive margin is the second's
        return np.hstack([-margins, margins])
    votes = np.zeros((len(margins), classes))
    for pair, (one, other) in enumerate(combinations(range(classes), 2)):
        votes[:, one] += margins[:, pair]
        votes[:, other] -= margins[:, pair]
    return votes / (classes - 1)


def _softmax(scores: np.ndarray) -> np.ndarray:
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)
