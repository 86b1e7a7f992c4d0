"""Several models asked together: each hears its own part of what is known, and validation says how much each counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from core.errors import NotEnoughLabelsError

SPLITS = 4  # of the inner validation that the weights are chosen by
PULL = 6.0  # labels' worth of pull of each weight towards an equal one: few labels cannot tell members apart
STEPS = 60  # of Newton's method, more than it ever needed
LEAST = 1e-4  # probability: no member may rule a class out
FEWEST = 16  # labels from which the weights are chosen

Part = tuple[str, tuple[str, ...]]  # the family of a member and the inputs it hears


class EnsembleClassifier(ClassifierMixin, BaseEstimator):
    """A weighted mean of the members' log probabilities (a logarithmic opinion pool: Genest & Zidek 1986).

    The weights are not negative and have the least log loss on probabilities of artists that the members have not
    heard; their sum is free, so they calibrate too. A member whose input a track lacks says nothing about it.

    Parameters
    ----------
    parts : sequence of (family, inputs)
        The members. "joined" inputs are their columns side by side.
    blocks : mapping of input to (first column, end)
        Where each input lies in X.
    build : callable (family, inputs) -> untrained classifier
    random_state : int
        Of the folds.
    """

    def __init__(
        self,
        parts: Sequence[Part] = (),
        blocks: Mapping[str, tuple[int, int]] | None = None,
        build: Callable[[str, Sequence[str]], Any] | None = None,
        random_state: int = 0,
    ) -> None:
        self.parts = parts
        self.blocks = blocks
        self.build = build
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> EnsembleClassifier:
        """Choose the weights on artists left out, then fit every member to everything.

        Parameters
        ----------
        X : np.ndarray, shape (n, d)
            The inputs side by side; rows of NaN where a track lacks one.
        y : np.ndarray of str, shape (n,)
        groups : np.ndarray, shape (n,), optional
            Artists.
        """
        if self.build is None or not self.parts:
            raise ValueError("an ensemble needs members")
        X, y = np.asarray(X), np.asarray(y, dtype=str)
        groups = np.arange(len(y)).astype(str) if groups is None else np.asarray(groups)
        self.blocks_ = {name: tuple(span) for name, span in (self.blocks or {"all": (0, X.shape[1])}).items()}
        self.parts_: list[tuple[str, list[str]]] = [(family, list(inputs)) for family, inputs in self.parts]
        self.classes_, column = np.unique(y, return_inverse=True)
        self.shares_ = np.bincount(column) / len(column)
        held_out = self._held_out(X, y, groups)
        self.weights_ = self._weigh(held_out, column)
        self.members_ = [self._fit_member(part, X, y, groups) for part in range(len(self.parts_))]
        self.settings_ = {"weights": {self._title(i): round(float(w), 3) for i, w in enumerate(self.weights_)}}
        self.n_features_in_ = X.shape[1]
        self.name_ = "ensemble"
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Return what is kept: the function that builds members is not needed once they are fitted."""
        return {**self.__dict__, "build": None}

    # -- members ------------------------------------------------------------------------------------

    def _title(self, part: int) -> str:
        family, inputs = self.parts_[part]
        return f"{family} on {'+'.join(inputs)}"

    def _columns(self, part: int) -> np.ndarray:
        return np.concatenate([np.arange(*self.blocks_[name]) for name in self.parts_[part][1]])

    def _known(self, part: int, X: np.ndarray) -> np.ndarray:
        """Tell which tracks have all that a member hears."""
        own = [X[:, slice(*self.blocks_[name])] for name in self.parts_[part][1]]
        return ~np.any([np.isnan(block).all(axis=1) for block in own], axis=0)

    def _fit_member(self, part: int, X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> Any:
        from models.evaluation import fit

        assert self.build is not None
        rows = np.flatnonzero(self._known(part, X))
        if len(np.unique(y[rows])) < 2:
            return None  # it knows too few tracks to say anything
        family, names = self.parts_[part]
        return fit(self.build(family, names), X[rows][:, self._columns(part)], y[rows], groups[rows])

    def _logs(self, part: int, member: Any, X: np.ndarray) -> np.ndarray:
        """Return how far a member's log probabilities lie above those of the class shares, shape (n, classes)."""
        from models.prior import align

        known = np.flatnonzero(self._known(part, X))
        logs = np.zeros((len(X), len(self.classes_)))
        if member is None or not len(known):
            return logs
        onto = [str(name) for name in self.classes_]
        proba = align(member.predict_proba(X[known][:, self._columns(part)]), [str(c) for c in member.classes_], onto)
        proba = np.maximum(proba, LEAST)
        logs[known] = np.log(proba / proba.sum(axis=1, keepdims=True)) - np.log(self.shares_)
        return logs

    def _held_out(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> np.ndarray | None:
        """Return the members' logs on groups left out, shape (members, n, classes); None where nothing can be split."""
        from models.evaluation import grouped_folds

        if len(y) < FEWEST:
            return None
        try:
            folds = grouped_folds(y, groups, n_splits=SPLITS, random_state=self.random_state)
        except NotEnoughLabelsError:
            return None
        logs = np.zeros((len(self.parts_), len(y), len(self.classes_)))
        for part in range(len(self.parts_)):
            for train, test in folds:
                member = self._fit_member(part, X[train], y[train], groups[train])
                logs[part, test] = self._logs(part, member, X[test])
        return logs

    def _weigh(self, logs: np.ndarray | None, column: np.ndarray) -> np.ndarray:
        equal = np.full(len(self.parts_), 1.0 / len(self.parts_))
        return equal if logs is None else pool_weights(logs, np.log(self.shares_), column, pull=PULL)

    # -- asking -------------------------------------------------------------------------------------

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of each of `classes_`, shape (n, classes)."""
        return _softmax(np.log(self.shares_) + np.tensordot(self.weights_, self._all_logs(np.asarray(X)), axes=1))

    def _all_logs(self, X: np.ndarray) -> np.ndarray:
        return np.stack([self._logs(part, member, X) for part, member in enumerate(self.members_)])

    def shares(self, X: np.ndarray) -> dict[str, np.ndarray]:
        """Say how much each input has to do with the class predicted for each track.

        Returns
        -------
        dict of input to np.ndarray, shape (n,)
            Shares that sum to 1: of what the members on an input add to, or take from, the logarithm of the winner's
            probability. A member on joined inputs counts for each of them alike.
        """
        logs = self._all_logs(np.asarray(X))
        winner = _softmax(np.log(self.shares_) + np.tensordot(self.weights_, logs, axes=1)).argmax(axis=1)
        said = np.abs(self.weights_[:, None] * logs[:, np.arange(len(winner)), winner])
        found = {name: np.zeros(len(winner)) for name in self.blocks_}
        for part, (_, inputs) in enumerate(self.parts_):
            for name in inputs:
                found[name] += said[part] / len(inputs)
        total = np.maximum(sum(found.values()), 1e-12)
        return {name: value / total for name, value in found.items()}

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each track."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def pool_weights(logs: np.ndarray, start: np.ndarray, column: np.ndarray, *, pull: float) -> np.ndarray:
    """Return the weights, not negative, of the pool with the least log loss; each is pulled towards an equal share.

    The loss is convex in the weights (a multinomial logistic regression with one coefficient for each member), so
    Newton steps, cut at zero, find the minimum.

    Parameters
    ----------
    logs : np.ndarray, shape (members, n, classes)
    start : np.ndarray, shape (classes,)
        Log probabilities without any member.
    column : np.ndarray of int, shape (n,)
        The right class of each track.
    pull : float
        How many labels an equal weight counts like.
    """
    members, n, _ = logs.shape
    equal = np.full(members, 1.0 / members)
    weights = equal.copy()
    for _ in range(STEPS):
        proba = _softmax(start + np.tensordot(weights, logs, axes=1))
        expected = (logs * proba).sum(axis=2)  # (members, n)
        gradient = (expected - logs[:, np.arange(n), column]).sum(axis=1) + pull * (weights - equal)
        spread = np.einsum("anc,nc,bnc->ab", logs, proba, logs, optimize=True) - expected @ expected.T
        free = (weights > 0) | (gradient < 0)
        step = np.zeros(members)
        hessian = spread[np.ix_(free, free)] + pull * np.eye(int(free.sum()))
        step[free] = np.linalg.solve(hessian, gradient[free])
        moved = np.maximum(weights - step, 0.0)
        if np.abs(moved - weights).max() < 1e-6:
            break
        weights = moved
    return weights


def _softmax(scores: np.ndarray) -> np.ndarray:
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)
