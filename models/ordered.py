"""A classifier for classes that have an order: disliked, semi, liked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from core.errors import NotEnoughLabelsError
from models.preprocessing import Preprocessor

RATINGS = ("disliked", "semi", "liked")
# Ridge strengths per feature: from nearly least squares to nearly the mean.
STRENGTHS = tuple(10.0**p for p in np.arange(-1.5, 2.01, 0.25))
# Few labels cannot choose a strength, so it starts at one per feature and this is how far (in natural logarithms) it
# goes easily: a free choice cost .01 AUC of liked at 16 to 64 labels.
STRENGTH_SPREAD = 1.0
# Slopes of the cumulative logistic link, in units of the spread of the held-out scores: from flat to steep.
SLOPES = tuple(np.concatenate([[0.05], np.arange(0.25, 6.01, 0.25)]))


class OrderedClassifier(ClassifierMixin, BaseEstimator):
    """Ridge regression on the place of a class in its order, turned into class probabilities.

    The strength of the ridge is the one with the smallest squared error on tracks (with `groups`: on artists) left out
    of the fit, computed in closed form; with few labels it stays near one per feature. The same left-out scores give
    the link: a cumulative logistic one whose cut points make the mean probability of each class its share among the
    labels, and whose slope has the least log loss.

    Parameters
    ----------
    order : sequence of str
        Every class there can be, lowest first.
    outliers : str
        As `models.preprocessing.Preprocessor` has it.
    """

    def __init__(self, order: Sequence[str] = RATINGS, outliers: str = "keep") -> None:
        self.order = order
        self.outliers = outliers

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> OrderedClassifier:
        """Learn from at least two labels of two classes.

        Parameters
        ----------
        X : np.ndarray, shape (n, d)
        y : np.ndarray of str, shape (n,)
        groups : np.ndarray, shape (n,), optional
            Artists, left out together when strength and link are chosen.

        Raises
        ------
        NotEnoughLabelsError
            All labels are the same.
        """
        y = np.asarray(y)
        place = {name: i for i, name in enumerate(self.order)}
        unknown = sorted(set(y.tolist()) - set(place))
        if unknown:
            raise ValueError(f"labels {unknown} are not in the order {list(self.order)}")
        present = [name for name in self.order if name in set(y.tolist())]
        if len(present) < 2:
            raise NotEnoughLabelsError("All answers are the same so far. Give one that differs.")
        self.classes_ = np.array(present)
        self.n_features_in_ = X.shape[1]
        self.scaler_ = Preprocessor(outliers=self.outliers).fit(X)
        target = np.array([place[name] for name in y], dtype=float)
        held_out = self._fit_ridge(self.scaler_.transform(X), target, _group_numbers(groups, len(y)))
        column = np.searchsorted([place[name] for name in present], target)
        self._fit_link(held_out, column)
        self.counts_ = np.bincount(column, minlength=len(present))
        self.name_ = "ordered"
        return self

    def _fit_ridge(self, Z: np.ndarray, target: np.ndarray, group: np.ndarray) -> np.ndarray:
        """Choose the strength, set coef_ and intercept_, and return the left-out score of each row."""
        centred = target - target.mean()
        U, s, Vt = np.linalg.svd(Z, full_matrices=False)
        alphas = np.array(STRENGTHS) * Z.shape[1]
        held_out = [_left_out(U, s**2 / (s**2 + alpha), centred, group) for alpha in alphas]
        fit = [len(target) / 2 * np.log(np.mean((scores - centred) ** 2) + 1e-12) for scores in held_out]
        doubt = 0.5 * (np.log(STRENGTHS) / STRENGTH_SPREAD) ** 2
        best = int(np.argmin(fit + doubt))
        self.alpha_ = float(alphas[best])
        self.coef_ = Vt.T @ (s / (s**2 + self.alpha_) * (U.T @ centred))
        self.intercept_ = float(target.mean())
        return held_out[best] + self.intercept_

    def _fit_link(self, scores: np.ndarray, labels: np.ndarray) -> None:
        """Choose slope and cut points of P(class <= k) = sigmoid(cut_k - slope * score)."""
        k = len(self.classes_)
        below = np.cumsum(np.bincount(labels, minlength=k))[:-1] / len(labels)
        spread = max(float(scores.std()), 1e-9)
        losses = []
        for slope in SLOPES:
            cuts = _cuts(slope / spread * scores, below)
            proba = _class_proba(slope / spread * scores, cuts)
            losses.append((-np.log(np.maximum(proba[np.arange(len(labels)), labels], 1e-12)).mean(), slope, cuts))
        _, slope, self.cuts_ = min(losses, key=lambda row: row[0])
        self.slope_ = float(slope / spread)

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Return the place in the order that each track is expected at, shape (n,)."""
        return self.scaler_.transform(X) @ self.coef_ + self.intercept_

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of each of `classes_`, shape (n, classes).

        The class shares count as one more answer beside the n given, so that few answers are never quite sure.
        """
        proba = _class_proba(self.slope_ * self.decision_function(X), self.cuts_)
        n = self.counts_.sum()
        return (n * proba + self.counts_ / n) / (n + 1)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each track."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _group_numbers(groups: np.ndarray | None, n: int) -> np.ndarray:
    """Number the groups; each row is its own where there are none, or only one."""
    if groups is None:
        return np.arange(n)
    names, numbers = np.unique(np.asarray(groups), return_inverse=True)
    return numbers if len(names) > 1 else np.arange(n)


def _left_out(U: np.ndarray, shrink: np.ndarray, target: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Predict each group from all others, without refitting.

    For a linear smoother with hat matrix H the residuals of a left-out block are (I - H_bb)^-1 (y - Hy)_b
    (Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, section 7.10, for blocks of one).
    """
    n = len(target)
    weighted = U * shrink
    residual = target - weighted @ (U.T @ target)  # the columns of Z are centred, so the mean stays apart
    single = np.maximum(1.0 - (weighted * U).sum(axis=1) - 1.0 / n, 1e-9)
    predicted = target - residual / single
    order = np.argsort(group, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        if len(rows) == 1:
            continue
        hat = weighted[rows] @ U[rows].T + 1.0 / n
        left = np.linalg.lstsq(np.eye(len(rows)) - hat, residual[rows], rcond=None)[0]
        predicted[rows] = target[rows] - left
    return predicted


def _cuts(scores: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Find the cut points at which the mean probability of lying below each is the given share (bisection)."""
    low, high = np.full(len(below), scores.min() - 30.0), np.full(len(below), scores.max() + 30.0)
    for _ in range(50):
        middle = (low + high) / 2
        too_low = _sigmoid(middle[None, :] - scores[:, None]).mean(axis=0) < below
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return (low + high) / 2


def _class_proba(scores: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    below = _sigmoid(cuts[None, :] - scores[:, None])
    edges = np.hstack([np.zeros((len(scores), 1)), below, np.ones((len(scores), 1))])
    proba = np.maximum(np.diff(edges, axis=1), 1e-9)
    return proba / proba.sum(axis=1, keepdims=True)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -40.0, 40.0)))
