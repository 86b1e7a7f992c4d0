"""What makes a track worth asking about: one small numeric function per idea."""

from __future__ import annotations

from dataclasses import dataclass

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
    squared = (A * A).sum(axis=1)[:, None] + (B * B).sum(axis=1)[None, :] - 2.0 * (A @ B.T)
    return np.sqrt(np.maximum(squared, 0.0))


def random_order(n: int, *, random_state: int = 0) -> np.ndarray:
    """Score n tracks by lot, in (0, 1]: what every other strategy has to beat."""
    return (np.random.default_rng(random_state).permutation(n) + 1) / max(n, 1)


def margin(proba: np.ndarray) -> np.ndarray:
    """Score each track by how close its two likeliest classes are.

    >>> margin(np.array([[0.9, 0.1], [0.5, 0.5]]))
    array([0.2, 1. ])
    """
    if proba.shape[1] < 2:
        return np.ones(len(proba))
    two = np.sort(proba, axis=1)[:, -2:]
    return 1.0 - (two[:, 1] - two[:, 0])


def typicality(distance: np.ndarray) -> np.ndarray:
    """Score each track by how near it lies to the centre of its part, in (0, 1].

    >>> typicality(np.array([0.0, 2.0, 4.0]))
    array([1.        , 0.5       , 0.33333333])
    """
    usual = distance.mean() if len(distance) else 0.0
    return 1.0 / (1.0 + distance / usual) if usual > 0 else np.ones(len(distance))


def coverage(X: np.ndarray, labelled_X: np.ndarray) -> np.ndarray:
    """Score each track by its distance to the nearest answered one, the farthest 1.

    >>> coverage(np.array([[0.0], [1.0], [4.0]]), np.array([[0.0]]))
    array([0.  , 0.25, 1.  ])
    """
    if len(labelled_X) == 0 or len(X) == 0:
        return np.ones(len(X))
    nearest = distances(X, labelled_X).min(axis=1)
    farthest = nearest.max()
    return nearest / farthest if farthest > 0 else np.zeros(len(X))


def cover(X: np.ndarray, n: int, *, random_state: int = 0) -> np.ndarray:
    """Pick n typical tracks, one from each part of the library, the largest part first.

    Returns
    -------
    np.ndarray, shape (at most n,)
        Row numbers.
    """
    clusters = fit_clusters(X, n, random_state=random_state)
    away = distances(clusters.standardise(X), clusters.centres)
    part = away.argmin(axis=1)
    picks = []
    for number in np.argsort(-clusters.shares, kind="stable"):
        members = np.flatnonzero(part == number)
        if len(members):
            picks.append(members[away[members, number].argmin()])
    return np.array(picks, dtype=int)


def times_asked(artists: np.ndarray, asked_artists: np.ndarray) -> np.ndarray:
    """Count for each track how often its artist was asked about."""
    names, counts = np.unique(np.asarray(asked_artists, dtype=str), return_counts=True)
    if len(names) == 0 or len(artists) == 0:
        return np.zeros(len(artists), dtype=int)
    at = np.minimum(np.searchsorted(names, artists), len(names) - 1)
    return np.where(names[at] == artists, counts[at], 0)


def artist_discount(scores: np.ndarray, artists: np.ndarray, asked_artists: np.ndarray) -> np.ndarray:
    """Divide each score by one plus the times its artist was asked about.

    >>> artist_discount(np.array([1.0, 1.0]), np.array(["abba", "nina"]), np.array(["abba"]))
    array([0.5, 1. ])
    """
    return scores / (1 + times_asked(artists, asked_artists))


def spread_artists(scores: np.ndarray, artists: np.ndarray, asked_artists: np.ndarray) -> np.ndarray:
    """Discount each score as if every better track of the same artist had been asked before it.

    Sorting by the result is the same as picking the best track, counting its artist as asked, and picking again.

    >>> spread_artists(np.array([1.0, 0.9, 0.6]), np.array(["abba", "abba", "nina"]), np.array([], dtype=str))
    array([1.  , 0.45, 0.6 ])
    """
    _, artist = np.unique(artists, return_inverse=True)
    order = np.lexsort((-scores, artist))
    first = np.r_[True, artist[order][1:] != artist[order][:-1]] if len(order) else np.zeros(0, dtype=bool)
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(len(order)) - start
    return scores / (1 + times_asked(artists, asked_artists) + place)
