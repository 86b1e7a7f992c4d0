"""What makes a track worth asking about: one small numeric function per idea."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

SAMPLE = 5_000  # rows that the clusters are fitted on: more do not move the centres


@dataclass(frozen=True)
class Clusters:
    """A library cut into a few parts that sound alike; fitted once, good for later tracks too."""

    mean: np.ndarray  # (d,)
    scale: np.ndarray  # (d,)
    centres: np.ndarray  # (k, d), standardised
    shares: np.ndarray  # (k,), of the library

    def standardise(self, X: np.ndarray) -> np.ndarray:
        """Bring features to the scale of this library."""
        return (np.asarray(X, dtype=np.float32) - self.mean) / self.scale


def fit_clusters(X: np.ndarray, n: int, *, random_state: int = 0) -> Clusters:
    """Cut a library into n parts that sound alike.

    Parameters
    ----------
    X : np.ndarray, shape (tracks, d)
    n : int
        Parts wanted; fewer come back when there are fewer tracks or a part stayed empty.
    random_state : int
    """
    from sklearn.cluster import MiniBatchKMeans

    X = np.asarray(X, dtype=np.float32)
    rows = np.random.default_rng(random_state).permutation(len(X))[:SAMPLE]
    sample = X[rows]
    mean, scale = sample.mean(axis=0), sample.std(axis=0)
    scale = np.where(scale > 1e-6, scale, 1.0).astype(np.float32)
    Z = (sample - mean) / scale
    k = max(1, min(n, len(np.unique(Z, axis=0)) if len(Z) <= 4 * n else n))
    kmeans = MiniBatchKMeans(k, n_init=3, batch_size=1024, random_state=random_state).fit(Z)
    sizes = np.bincount(kmeans.labels_, minlength=k)
    kept = sizes > 0
    return Clusters(mean, scale, kmeans.cluster_centers_[kept].astype(np.float32), sizes[kept] / len(Z))


def distances(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Return the Euclidean distance of every row of A to every row of B, shape (len(A), len(B))."""
    squared = A @ (-2.0 * B.T)
    squared += (A * A).sum(axis=1)[:, None]
    squared += (B * B).sum(axis=1)[None, :]
    return np.sqrt(np.maximum(squared, 0.0, out=squared), out=squared)


# -- by lot ---------------------------------------------------------------------------------------------------


def random_order(n: int, *, random_state: int = 0) -> np.ndarray:
    """Score n tracks by lot, in (0, 1]: what every other strategy has to beat."""
    return (np.random.default_rng(random_state).permutation(n) + 1) / max(n, 1)


# -- where the model is unsure --------------------------------------------------------------------------------


def least_confidence(proba: np.ndarray) -> np.ndarray:
    """Score each track by how far its likeliest class is from certain, equal shares 1 (Lewis & Gale 1994).

    >>> least_confidence(np.array([[1.0, 0.0], [0.75, 0.25], [0.5, 0.5]]))
    array([0. , 0.5, 1. ])
    """
    k = proba.shape[1]
    return np.ones(len(proba)) if k < 2 else (1.0 - proba.max(axis=1)) * k / (k - 1)


def margin(proba: np.ndarray) -> np.ndarray:
    """Score each track by how close its two likeliest classes are (Scheffer, Decomain & Wrobel 2001).

    >>> margin(np.array([[0.9, 0.1], [0.5, 0.5]]))
    array([0.2, 1. ])
    """
    if proba.shape[1] < 2:
        return np.ones(len(proba))
    two = np.sort(proba, axis=1)[:, -2:]
    return 1.0 - (two[:, 1] - two[:, 0])


def entropy(proba: np.ndarray) -> np.ndarray:
    """Score each track by the entropy of its classes, equal shares 1 (Shannon 1948; Settles 2009, section 3.1).

    >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5]]))
    array([0., 1.])
    """
    k = proba.shape[1]
    if k < 2:
        return np.ones(len(proba))
    terms = proba * np.log(np.where(proba > 0, proba, 1.0))
    return np.abs(terms.sum(axis=1)) / np.log(k)


def vote_entropy(members: Sequence[np.ndarray]) -> np.ndarray:
    """Score each track by how evenly the members of a committee vote, a vote each 1 (Dagan & Engelson 1995).

    Parameters
    ----------
    members : sequence of np.ndarray, each of shape (tracks, classes)
        Probabilities of the same classes; a member votes for its likeliest one.

    >>> logistic, knn = np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([[0.8, 0.2], [0.3, 0.7]])
    >>> vote_entropy([logistic, knn])
    array([0., 1.])
    """
    k = members[0].shape[1]
    votes = sum(np.eye(k)[proba.argmax(axis=1)] for proba in members) / len(members)
    most = np.log(min(k, len(members)))
    return entropy(votes) * np.log(k) / most if most > 0 else np.zeros(len(members[0]))


# -- what stands for the library ------------------------------------------------------------------------------


def typicality(distance: np.ndarray) -> np.ndarray:
    """Score each track by how near it lies to the centre of its part, in (0, 1].

    >>> typicality(np.array([0.0, 2.0, 4.0]))
    array([1.        , 0.5       , 0.33333333])
    """
    usual = distance.mean() if len(distance) else 0.0
    return 1.0 / (1.0 + distance / usual) if usual > 0 else np.ones(len(distance))


def part_by_part(part: np.ndarray, typical: np.ndarray, shares: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Score tracks so that the part with the fewest answers comes first, then the larger one, its most typical track.

    TypiClust (Hacohen, Dekel & Weinshall 2022), with a fixed number of parts: one clustering serves every question.

    Parameters
    ----------
    part : np.ndarray of int, shape (tracks,)
    typical : np.ndarray, shape (tracks,)
    shares : np.ndarray, shape (parts,)
        Of the library.
    answers : np.ndarray of int, shape (parts,)
        Given so far.

    >>> part_by_part(np.array([0, 0, 1]), np.array([0.9, 0.5, 0.7]), np.array([0.75, 0.25]), np.array([0, 0])).round(2)
    array([0.8 , 0.44, 0.57])
    """
    turn = answers[part] + place_within(part, typical)
    return 1.0 / (2.0 + turn - shares[part])


def place_within(group: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the place of each track among those of its group, the best 0.

    >>> place_within(np.array([7, 7, 4]), np.array([0.1, 0.9, 0.5]))
    array([1, 0, 0])
    """
    order = np.lexsort((-scores, group))
    first = np.r_[True, group[order][1:] != group[order][:-1]] if len(order) else np.zeros(0, dtype=bool)
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(len(order)) - start
    return place


def coverage(X: np.ndarray, labelled_X: np.ndarray) -> np.ndarray:
    """Score each track by its distance to the nearest answered one, the farthest 1: greedy k-centre.

    Gonzalez (1985); as a strategy, Sener & Savarese (2018), "core-set".

    >>> coverage(np.array([[0.0], [1.0], [4.0]]), np.array([[0.0]]))
    array([0.  , 0.25, 1.  ])
    """
    if len(labelled_X) == 0 or len(X) == 0:
        return np.ones(len(X))
    nearest = distances(X, labelled_X).min(axis=1)
    farthest = nearest.max()
    return nearest / farthest if farthest > 0 else np.zeros(len(X))


@dataclass
class Reach:
    """How far the library is from an answer, and how much nearer an answer about each candidate would bring it.

    The gain of a candidate is the sum over the library of what it takes off the distance to the nearest answered track
    (k-medians, a facility location): first the middle of dense regions without an answer. Picking the largest gain each
    time is never worse than 63 % of the best choice there is (Nemhauser, Wolsey & Fisher 1978; for asking Wei, Iyer &
    Bilmes 2015, and Bae, Noh & Sutherland 2024, "generalized coverage").
    """

    away: np.ndarray  # (library, candidates)
    nearest: np.ndarray  # (library,): distance to the nearest answered track
    weights: np.ndarray  # (library,): how much each track counts
    gains: np.ndarray  # (candidates,)
    radius: float = np.inf  # how near tracks are that sound alike; it changes no gain

    def covered(self, row: int) -> float:
        """Return the share of the library that sounds like a candidate and is nearer to no answered track."""
        return float((self.away[:, row] < np.minimum(self.nearest, self.radius)).mean())

    def take(self, row: int) -> None:
        """Count a candidate as answered: only tracks that it is the nearest to change the gains."""
        nearer = np.flatnonzero(self.away[:, row] < self.nearest)
        before, away, weights = self.nearest[nearer], self.away[nearer], self.weights[nearer]
        after = away[:, row]
        self.nearest[nearer] = after
        lost = np.maximum(before[:, None] - away, 0.0) - np.maximum(after[:, None] - away, 0.0)
        self.gains = np.maximum(self.gains - weights @ lost, 0.0)


def reach(X: np.ndarray, labelled_X: np.ndarray, library_X: np.ndarray, weights: np.ndarray | None = None) -> Reach:
    """Measure how far a library is from the answers there are; without any, all of it as far as the farthest pair.

    Parameters
    ----------
    X : np.ndarray, shape (candidates, d)
    labelled_X : np.ndarray, shape (answers, d)
    library_X : np.ndarray, shape (tracks, d)
    weights : np.ndarray, shape (tracks,), optional
        By default all tracks count the same. They are scaled so that gains are shares of the whole distance.

    >>> reach(np.array([[1.0], [9.0]]), np.array([[8.0]]), np.array([[0.0], [2.0], [8.0]])).gains.round(2)
    array([0.86, 0.  ])
    """
    away = distances(library_X, X)
    far = np.full(len(library_X), away.max(initial=0.0), dtype=away.dtype)
    nearest = distances(library_X, labelled_X).min(axis=1) if len(labelled_X) else far
    weights = np.ones_like(nearest) if weights is None else np.asarray(weights, dtype=nearest.dtype)
    whole = float(nearest @ weights)
    weights = weights / whole if whole > 0 else weights
    return Reach(away, nearest, weights, weights @ np.maximum(nearest[:, None] - away, 0.0))


# -- one artist at a time -------------------------------------------------------------------------------------


def times_asked(artists: np.ndarray, asked_artists: np.ndarray) -> np.ndarray:
    """Count for each track how often its artist was asked about.

    >>> times_asked(np.array(["abba", "nina"]), np.array(["nina", "nina"]))
    array([0, 2])
    """
    names, counts = np.unique(np.asarray(asked_artists, dtype=str), return_counts=True)
    if len(names) == 0 or len(artists) == 0:
        return np.zeros(len(artists), dtype=int)
    at = np.minimum(np.searchsorted(names, artists), len(names) - 1)
    return np.where(names[at] == artists, counts[at], 0)


class Turn(NamedTuple):
    """A track picked, and what spoke for it."""

    row: int
    score: float
    tipped: bool = True  # its own score decided: another would have covered more
    covered: float = 0.0  # share of the library that sounds like it and is nearer to no answered track


def in_turns(
    scores: np.ndarray, artists: np.ndarray, asked_artists: np.ndarray, n: int, *, covers: Reach | None = None
) -> list[Turn]:
    """Pick tracks one after the other, each score divided by the root of one plus the times its artist was asked about.

    No artist comes twice in a row while there is another. Without the root, artists with few tracks came too early:
    with a quarter of a library asked, that was worse than asking by lot.

    Parameters
    ----------
    scores : np.ndarray, shape (tracks,)
    artists : np.ndarray of str, shape (tracks,)
    asked_artists : np.ndarray of str, shape (answers,)
    n : int
        Tracks wanted.
    covers : Reach, optional
        Multiplies the scores by its gains, which fall with every pick that lies near.

    Returns
    -------
    list of Turn
        Scores never rise.

    >>> turns = in_turns(np.array([1.0, 0.9, 0.6]), np.array(["abba", "abba", "nina"]), np.array([], dtype=str), 3)
    >>> [(turn.row, turn.score) for turn in turns]
    [(0, 1.0), (2, 0.6), (1, 0.6)]
    """
    _, artist = np.unique(artists, return_inverse=True)
    times = times_asked(artists, asked_artists)
    left = np.ones(len(scores), dtype=bool)
    barred = ~left
    turns: list[Turn] = []
    while len(turns) < min(n, len(scores)):
        share = 1 / np.sqrt(1 + times)
        gains = share if covers is None else share * covers.gains
        value = np.where(barred, -1.0, scores * gains)
        row = int(value.argmax())
        score = min(float(value[row]), turns[-1].score if turns else np.inf)
        turns.append(
            Turn(row, score) if covers is None else _covering(covers, row, score, gains[row] < gains[~barred].max())
        )
        same = artist == artist[row]
        times = times + same
        left[row] = False
        barred = ~left | same if (left & ~same).any() else ~left
    return turns


def _covering(covers: Reach, row: int, score: float, tipped: bool) -> Turn:
    turn = Turn(row, score, bool(tipped), covers.covered(row))
    covers.take(row)
    return turn
