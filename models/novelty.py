"""Which tracks are unlike anything that was answered: no guess about them should be trusted."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA

from models.preprocessing import Preprocessor

NEAREST = 3  # labelled tracks: one odd one beside an odd track does not make it known
COMPONENTS = 20  # of the features: told a genre left out from the others as well as 200 whitened, and is quicker
FALSE_ALARMS = 0.05  # share of tracks of known classes that may be called unlike anything
BLOCK = 4_000  # tracks compared at a time


class NoveltyDetector(BaseEstimator):
    """The mean distance to the three nearest labelled tracks, as a share of what is still usual.

    The threshold comes from classes held out in turn: it is where the tracks of a class nobody answered for begin to
    stand apart from those of artists nobody answered for, as far as at most one in twenty of the latter is called
    unlike anything. A score of 1 lies on it.

    Parameters
    ----------
    random_state : int
        Of the principal components, where there are many columns.
    """

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> NoveltyDetector:
        """Learn where the labelled tracks lie, and how far is far.

        Parameters
        ----------
        X : np.ndarray, shape (n, d)
        y : np.ndarray of str, shape (n,)
        groups : np.ndarray, shape (n,), optional
            Artists: the threshold is about artists not heard.
        """
        groups = np.arange(len(y)).astype(str) if groups is None else np.asarray(groups)
        self.preprocessor_ = Preprocessor().fit(X)  # nothing is cut off: far is what is looked for
        Z = self.preprocessor_.transform(X)
        self.components_ = PCA(min(COMPONENTS, *Z.shape), random_state=self.random_state).fit(Z)
        self.rows_ = self.components_.transform(Z).astype(np.float32)
        self.n_features_in_ = X.shape[1]
        self.threshold_ = self._threshold(np.asarray(y, dtype=str), groups)
        self.name_ = "novelty"
        return self

    def _threshold(self, y: np.ndarray, groups: np.ndarray) -> float:
        """Return the distance that best tells tracks of a class held out from those of an artist held out."""
        distance = _distances(self.rows_, self.rows_)
        distance[groups[:, None] == groups[None, :]] = np.inf
        known = _nearest_mean(distance)
        usual = float(np.quantile(known[np.isfinite(known)], 1 - FALSE_ALARMS)) if np.isfinite(known).any() else np.inf
        found = []
        for name in np.unique(y):
            others = y != name
            if others.sum() < NEAREST or others.all():
                continue
            unseen = _nearest_mean(distance[~others][:, others])
            seen = _nearest_mean(distance[others][:, others])
            found.append(_best_cut(seen[np.isfinite(seen)], unseen[np.isfinite(unseen)]))
        cut = float(np.median(found)) if found else usual
        return max(cut, usual) if np.isfinite(usual) else 1.0

    def score(self, X: np.ndarray) -> np.ndarray:
        """Return how far each track lies from all that was answered, 1 where "unlike" begins, shape (n,).

        >>> rng = np.random.default_rng(0)
        >>> known = NoveltyDetector().fit(rng.normal(size=(60, 4)), np.array(["a", "b"] * 30))
        >>> bool(known.score(np.full((1, 4), 9.0))[0] > 1 > known.score(np.zeros((1, 4)))[0])
        True
        """
        if not len(X):
            return np.zeros(0)
        rows = self.components_.transform(self.preprocessor_.transform(X)).astype(np.float32)
        parts = [_nearest_mean(_distances(rows[i : i + BLOCK], self.rows_)) for i in range(0, len(rows), BLOCK)]
        return np.concatenate(parts) / self.threshold_


def unseen_auc(X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> dict[str, float]:
    """Return how well the distance tells a class that was left out, each in turn: the area under the ROC curve.

    Both kinds of track are of artists not heard; those of the class left out are to be the farther ones.

    Parameters
    ----------
    X : np.ndarray, shape (n, d)
    y, groups : np.ndarray of str, shape (n,)
    """
    from models.evaluation import auc, grouped_folds

    folds = grouped_folds(y, groups)
    found = {}
    for name in np.unique(y):
        unseen, scores = [], []
        for train, test in folds:
            rows = train[y[train] != name]
            if len(rows) >= NEAREST:
                scores.append(NoveltyDetector().fit(X[rows], y[rows], groups[rows]).score(X[test]))
                unseen.append(y[test] == name)
        if unseen:
            found[str(name)] = auc(np.concatenate(unseen), np.concatenate(scores))
    return found


def _distances(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    squared = (A * A).sum(axis=1)[:, None] + (B * B).sum(axis=1)[None, :] - 2.0 * (A @ B.T)
    return np.sqrt(np.maximum(squared, 0.0))


def _nearest_mean(distance: np.ndarray) -> np.ndarray:
    """Return the mean of the few smallest distances of each row."""
    k = min(NEAREST, distance.shape[1])
    return np.partition(distance, k - 1, axis=1)[:, :k].mean(axis=1)


def _best_cut(seen: np.ndarray, unseen: np.ndarray) -> float:
    """Return the distance with the largest share of unseen beyond it minus share of seen beyond it (Youden 1950)."""
    if not len(seen) or not len(unseen):
        return float("inf")
    cuts = np.unique(np.concatenate([seen, unseen]))
    beyond = [(unseen > cut).mean() - (seen > cut).mean() for cut in cuts]
    return float(cuts[int(np.argmax(beyond))])
