"""Which track to ask about next, and the sentence that says why.

First a typical track from each part of the library, then the tracks whose answer would teach most: for classes
without an order those the model is torn over, for ordered ones those far from every answer so far. Artists take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from core.errors import EarmarkError
from labeling.strategies import (
    Clusters,
    artist_discount,
    coverage,
    distances,
    fit_clusters,
    margin,
    random_order,
    spread_artists,
    typicality,
)
from labeling.targets import Target, get

CANDIDATES = 5_000  # tracks scored per question, drawn by lot: keeps a library of 100,000 as quick as one of 10,000
PARTS = 10  # parts of the library that the first questions sample
FIRST_ANSWERS = 12  # after these the first sample is over, whatever parts are still unheard

Ranked = list[tuple[int, float, str]]


@dataclass(frozen=True)
class Pool:
    """The tracks that could be asked about now, next to those that were."""

    X: np.ndarray  # (m, d) standardised
    artists: np.ndarray  # (m,)
    proba: np.ndarray | None  # (m, k)
    asked: np.ndarray  # (a, d)
    asked_artists: np.ndarray  # (a,)
    random_state: int


def _by_margin(pool: Pool) -> np.ndarray:
    return _by_coverage(pool) if pool.proba is None else margin(pool.proba)


def _by_coverage(pool: Pool) -> np.ndarray:
    return coverage(pool.X, pool.asked)


def _by_lot(pool: Pool) -> np.ndarray:
    return random_order(len(pool.X), random_state=pool.random_state)


# What can be asked for by name (`next --strategy`); "auto" is the order described on top.
STRATEGIES: dict[str, Callable[[Pool], np.ndarray]] = {
    "margin": _by_margin,
    "coverage": _by_coverage,
    "random": _by_lot,
}
AUTO: dict[str, str] = {"nominal": "margin", "ordered": "coverage"}


def cluster(X: np.ndarray, *, random_state: int = 0) -> Clusters:
    """Cut the library into the parts that the first questions sample; keep it and hand it to `rank`."""
    return fit_clusters(X, PARTS, random_state=random_state)


def rank(
    X: np.ndarray,
    ids: np.ndarray,
    groups: np.ndarray,
    asked_ids: Collection[int],
    *,
    target: Target | str,
    proba: np.ndarray | None = None,
    exclude_ids: Collection[int] = (),
    clusters: Clusters | None = None,
    strategy: str = "auto",
    n: int = 10,
    random_state: int = 0,
) -> Ranked:
    """Order the tracks by how much an answer about them would teach.

    Parameters
    ----------
    X : np.ndarray, shape (tracks, d)
        Features of every analysed track, answered or not.
    ids : np.ndarray, shape (tracks,)
    groups : np.ndarray of str, shape (tracks,)
        The artist of each track, as `models.groups` names them.
    asked_ids : collection of int
        Tracks that have an answer.
    target : Target or str
    proba : np.ndarray, shape (tracks, classes), optional
        What the quick model thinks now.
    exclude_ids : collection of int
        Tracks not to ask about that have no answer: put off, or already shown.
    clusters : Clusters, optional
        From `cluster`; without it they are computed here, which takes longer.
    strategy : str
        "auto" or a key of STRATEGIES, which skips the first sample.
    n : int
        Tracks wanted.
    random_state : int
        Decides the candidates of a large library.

    Returns
    -------
    list of (id, score, reason code)
        Best first, with the reason codes of `why`. Scores of the first sample lie above 1, all others in [0, 1].
    """
    if strategy not in ("auto", *STRATEGIES):
        raise EarmarkError(f"There is no strategy {strategy!r}. Choose one of: auto, {', '.join(STRATEGIES)}.")
    ids, groups = np.asarray(ids), np.asarray(groups, dtype=str)
    asked = np.isin(ids, np.fromiter(asked_ids, dtype=ids.dtype))
    rows = _candidates(~asked & ~np.isin(ids, np.fromiter(exclude_ids, dtype=ids.dtype)), random_state)
    if len(rows) == 0 or n <= 0:
        return []
    clusters = cluster(X, random_state=random_state) if clusters is None else clusters
    pool = Pool(
        X=clusters.standardise(X[rows]),
        artists=groups[rows],
        proba=None if proba is None else np.asarray(proba)[rows],
        asked=clusters.standardise(X[asked]),
        asked_artists=groups[asked],
        random_state=random_state,
    )
    first = _first_sample(pool, clusters)[:n] if strategy == "auto" and asked.sum() < FIRST_ANSWERS else []
    name = AUTO[(get(target) if isinstance(target, str) else target).kind] if strategy == "auto" else strategy
    reason = "coverage" if name == "margin" and proba is None else name
    chosen = [row for row, _ in first]
    pool_asked = np.concatenate([pool.asked_artists, pool.artists[chosen]])
    scores = spread_artists(STRATEGIES[name](pool), pool.artists, pool_asked)
    scores[chosen] = -1.0
    best = np.argsort(-scores, kind="stable")[: n - len(first)]
    ranked = [(row, score, "cover") for row, score in first]
    ranked += [(row, scores[row], reason) for row in best if scores[row] >= 0]
    return [(int(ids[rows[row]]), float(score), code) for row, score, code in ranked]


def _candidates(free: np.ndarray, random_state: int) -> np.ndarray:
    """Return the rows that may be asked about, at most CANDIDATES of them, the same ones while the library stays."""
    rows = np.flatnonzero(free)
    if len(rows) <= CANDIDATES:
        return rows
    lot = np.random.default_rng(random_state).permutation(len(free))
    return np.sort(lot[free[lot]][:CANDIDATES])


def _first_sample(pool: Pool, clusters: Clusters) -> list[tuple[int, float]]:
    """Pick a typical track from each part without an answer, the largest part first, each artist once if possible."""
    away = distances(pool.X, clusters.centres)
    part = away.argmin(axis=1)
    heard = set(distances(pool.asked, clusters.centres).argmin(axis=1).tolist()) if len(pool.asked) else set()
    asked_artists = pool.asked_artists
    picks: list[tuple[int, float]] = []
    for number in np.argsort(-clusters.shares, kind="stable"):
        members = np.flatnonzero(part == number)
        if number in heard or len(members) == 0:
            continue
        typical = typicality(away[members, number])
        best = members[artist_discount(typical, pool.artists[members], asked_artists).argmax()]
        asked_artists = np.append(asked_artists, pool.artists[best])
        picks.append((int(best), 1.0 + float(clusters.shares[number])))
    return picks


def tracks_like(clusters: Clusters, x: np.ndarray, n_tracks: int) -> int:
    """Return about how many of the library's tracks lie in the same part as this one."""
    part = distances(clusters.standardise(np.atleast_2d(x)), clusters.centres).argmin()
    return max(1, round(float(clusters.shares[part]) * n_tracks))


def why(
    reason: str, *, proba: Mapping[str, float] | None = None, like: int | None = None, target: Target | str = "rating"
) -> str:
    """Say in one sentence why a track is asked about.

    Parameters
    ----------
    reason : str
        A reason code of `rank`.
    proba : mapping of class to probability, optional
        What the model thinks of the track, for "margin".
    like : int, optional
        How many tracks lie in the same part of the library, for "cover".
    target : Target or str

    >>> why("margin", proba={"disliked": 0.41, "semi": 0.11, "liked": 0.48})
    'Could go either way: liked 48 %, disliked 41 %.'
    """
    if reason == "cover":
        start = "A first sample of a part of your library I don't know"
        return f"{start}: {like} track{'' if like == 1 else 's'} like this." if like else f"{start}."
    if reason == "margin" and proba and len(proba) >= 2:
        return _torn(proba)
    if reason == "coverage":
        name = target if isinstance(target, str) else target.name
        return f"Far from anything {'you rated' if name == 'rating' else f'whose {name} you gave'} so far."
    if reason == "random":
        return "Drawn by lot."
    return "The next one in line."


def _torn(proba: Mapping[str, float]) -> str:
    """Name the two likeliest classes, and say "either way" only when they are close."""
    (one, p), (two, q) = sorted(proba.items(), key=lambda pair: -pair[1])[:2]
    start = "Could go either way" if p - q <= 0.2 else "Among the guesses I am least sure of"
    return f"{start}: {one} {100 * p:.0f} %, {two} {100 * q:.0f} %."
