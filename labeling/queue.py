"""Which track to ask about next, and the reason.

The default, `earmark`, asks about the track whose answer brings most of the library nearer to an answer: first the
middle of each part, then what is still far. For classes without an order the tracks the model is unsure of count more,
both as questions and as what is to be covered. Artists take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from core.errors import EarmarkError
from labeling.strategies import (
    Clusters,
    Turn,
    coverage,
    distances,
    entropy,
    fit_clusters,
    in_turns,
    least_confidence,
    margin,
    part_by_part,
    random_order,
    reach,
    typicality,
    vote_entropy,
)
from labeling.targets import Target, get

CANDIDATES = 5_000  # tracks scored per question, drawn by lot: keeps a library of 100,000 as quick as one of 10,000
LIBRARY = 500  # of them stand for the library when it is measured what an answer covers
PARTS = 10  # parts of the library that a first sample is taken of
UNSURE = 0.05  # the least that a track the model is sure of counts
SETTLES = 3  # similar tracks that are worth a word
TIE = 0.01  # how much the margin counts among tracks a committee is equally divided over
DEFAULT = "earmark"
ALIASES = {"auto": DEFAULT}


class Pick(NamedTuple):
    """A track to ask about, and why."""

    id: int
    score: float
    reason: str  # cover, torn, disagree, settles, far, open or lot
    like: int | None = None  # tracks in its part (cover), or that its answer covers (settles)


@dataclass(frozen=True)
class Pool:
    """The tracks that could be asked about now, next to those that were."""

    X: np.ndarray  # (m, d) standardised
    artists: np.ndarray  # (m,)
    proba: np.ndarray | None  # (m, k)
    committee: tuple[np.ndarray, ...]  # other models' (m, k)
    asked: np.ndarray  # (a, d)
    asked_artists: np.ndarray  # (a,)
    clusters: Clusters
    tracks: int  # of the library, asked or not
    free: int  # that could be asked about, of which X are at most CANDIDATES
    ordered: bool
    random_state: int


Ranked = list[tuple[int, float, str, int | None]]  # row, score, reason, like


def _by_lot(pool: Pool, n: int) -> Ranked:
    scores = random_order(len(pool.X), random_state=pool.random_state)
    return [(int(row), float(scores[row]), "lot", None) for row in np.argsort(-scores)[:n]]


def _by_doubt(measure: Callable[[np.ndarray], np.ndarray]) -> Callable[[Pool, int], Ranked]:
    """Return the strategy that asks where one model is unsure; without a model, far from the answers."""

    def order(pool: Pool, n: int) -> Ranked:
        return _by_coverage(pool, n) if pool.proba is None else _turns(pool, measure(pool.proba), n, "torn")

    return order


def _by_committee(pool: Pool, n: int) -> Ranked:
    if pool.proba is None or not pool.committee:
        return STRATEGIES["margin"](pool, n)
    members = [pool.proba, *pool.committee]
    scores = (vote_entropy(members) + TIE * margin(np.mean(members, axis=0))) / (1 + TIE)
    split = _divided(pool)
    ranked = _turns(pool, scores, n, "disagree")
    return [(row, score, code if split[row] else "torn", like) for row, score, code, like in ranked]


def _by_typicality(pool: Pool, n: int) -> Ranked:
    part, away = _parts(pool.clusters, pool.X)
    answers = np.bincount(_parts(pool.clusters, pool.asked)[0], minlength=len(pool.clusters.centres))
    scores = part_by_part(part, typicality(away), pool.clusters.shares, answers)
    new = answers[part] == 0
    return [
        _cover(pool, row, score, part[row]) if new[row] else (row, score, "open", None)
        for row, score, *_ in in_turns(scores, pool.artists, pool.asked_artists, n)
    ]


def _by_coverage(pool: Pool, n: int) -> Ranked:
    return _turns(pool, coverage(pool.X, pool.asked), n, "far")


def _by_earmark(pool: Pool, n: int) -> Ranked:
    """Ask where an answer covers most of the library that has none, weighted by doubt where classes have no order.

    Half the weight is the doubt about the track, half that about what it covers; the roots keep the one from ruling.
    """
    unsure = np.ones(len(pool.X))
    if not pool.ordered and pool.proba is not None:
        unsure = np.sqrt(np.maximum(least_confidence(pool.proba), UNSURE))
    library = np.random.default_rng(pool.random_state).permutation(len(pool.X))[:LIBRARY]
    covers = replace(reach(pool.X, pool.asked, pool.X[library], unsure[library]), radius=_alike(pool))
    turns = in_turns(unsure, pool.artists, pool.asked_artists, n, covers=covers)
    return _with_reasons(pool, turns, unsure)


# What can be asked for by name (`next --strategy`), the default last.
STRATEGIES: dict[str, Callable[[Pool, int], Ranked]] = {
    "random": _by_lot,
    "least_confidence": _by_doubt(least_confidence),
    "margin": _by_doubt(margin),
    "entropy": _by_doubt(entropy),
    "committee": _by_committee,
    "typicality": _by_typicality,
    "kcentre": _by_coverage,
    "earmark": _by_earmark,
}
# Those that ask the same whatever a model thinks; earmark is one of them for ordered targets.
NO_MODEL = frozenset({"random", "typicality", "kcentre"})


def needs_model(strategy: str, target: Target) -> bool:
    """Say whether a strategy asks differently once a model knows more."""
    return strategy not in NO_MODEL and not (strategy == DEFAULT and target.kind == "ordered")


def _turns(pool: Pool, scores: np.ndarray, n: int, reason: str) -> Ranked:
    return [(row, score, reason, None) for row, score, *_ in in_turns(scores, pool.artists, pool.asked_artists, n)]


def _divided(pool: Pool) -> np.ndarray:
    """Say of each track whether the models name different classes, shape (m,)."""
    assert pool.proba is not None
    best = pool.proba.argmax(axis=1)
    return np.any([proba.argmax(axis=1) != best for proba in pool.committee], axis=0)


def _parts(clusters: Clusters, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the part each standardised row lies in, and its distance to the centre of it."""
    away = distances(X, clusters.centres)
    return away.argmin(axis=1), away.min(axis=1)


def _alike(pool: Pool) -> float:
    """Return how far two tracks of one part usually are from each other: by Pythagoras, in many dimensions."""
    return float(np.sqrt(2) * _parts(pool.clusters, pool.X)[1].mean())


def _with_reasons(pool: Pool, turns: Sequence[Turn], unsure: np.ndarray) -> Ranked:
    """Give each turn what decided it: a part unheard so far, doubt, or how much its answer covers."""
    part = _parts(pool.clusters, pool.X)[0]
    heard = set(_parts(pool.clusters, pool.asked)[0].tolist())
    usual = np.median(unsure)
    away = coverage(pool.X, pool.asked)
    far = np.where(away >= np.median(away), "far", "open")
    ranked: Ranked = []
    for turn in turns:
        row, like = turn.row, round(turn.covered * pool.free)
        if part[row] not in heard:
            ranked.append(_cover(pool, row, turn.score, part[row]))
        elif turn.tipped and unsure[row] > usual:
            ranked.append((row, turn.score, "torn", None))
        else:
            ranked.append(
                (row, turn.score, "settles", like) if like >= SETTLES else (row, turn.score, str(far[row]), None)
            )
        heard.add(int(part[row]))
    return ranked


def _cover(pool: Pool, row: int, score: float, part: int) -> tuple[int, float, str, int | None]:
    return row, score, "cover", _tracks_in(pool.clusters, part, pool.tracks)


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
    committee: Sequence[np.ndarray] = (),
    exclude_ids: Collection[int] = (),
    clusters: Clusters | None = None,
    strategy: str = DEFAULT,
    n: int = 10,
    random_state: int = 0,
) -> list[Pick]:
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
    committee : sequence of np.ndarray, each of shape (tracks, classes)
        What other models think of the same classes.
    exclude_ids : collection of int
        Tracks not to ask about that have no answer: put off, or already shown.
    clusters : Clusters, optional
        From `cluster`; without it they are computed here, which takes longer.
    strategy : str
        A key of STRATEGIES; "auto" is the default one.
    n : int
        Tracks wanted.
    random_state : int
        Decides the candidates of a large library, and the lot.

    Returns
    -------
    list of Pick
        Best first; scores never rise. No artist twice in a row while there is another, except by lot.
    """
    strategy = check_strategy(strategy)
    ids, groups = np.asarray(ids), np.asarray(groups, dtype=str)
    asked = np.isin(ids, np.fromiter(asked_ids, dtype=ids.dtype))
    free = ~asked & ~np.isin(ids, np.fromiter(exclude_ids, dtype=ids.dtype))
    rows = _candidates(free, random_state)
    if len(rows) == 0 or n <= 0:
        return []
    clusters = cluster(X, random_state=random_state) if clusters is None else clusters
    pool = Pool(
        X=clusters.standardise(X[rows]),
        artists=groups[rows],
        proba=None if proba is None else np.asarray(proba)[rows],
        committee=tuple(np.asarray(member)[rows] for member in committee),
        asked=clusters.standardise(X[asked]),
        asked_artists=groups[asked],
        clusters=clusters,
        tracks=len(X),
        free=int(free.sum()),
        ordered=(get(target) if isinstance(target, str) else target).kind == "ordered",
        random_state=random_state,
    )
    ranked = STRATEGIES[strategy](pool, n)
    return [Pick(int(ids[rows[row]]), float(score), reason, like) for row, score, reason, like in ranked]


def check_strategy(name: str) -> str:
    """Return the name of a strategy as STRATEGIES has it.

    Raises
    ------
    EarmarkError
        There is none of that name; the message names those there are.
    """
    name = ALIASES.get(name, name)
    if name not in STRATEGIES:
        raise EarmarkError(f"There is no strategy {name!r}. Choose one of: {', '.join(STRATEGIES)}.")
    return name


def _candidates(free: np.ndarray, random_state: int) -> np.ndarray:
    """Return the rows that may be asked about, at most CANDIDATES of them, the same ones while the library stays."""
    rows = np.flatnonzero(free)
    if len(rows) <= CANDIDATES:
        return rows
    lot = np.random.default_rng(random_state).permutation(len(free))
    return np.sort(lot[free[lot]][:CANDIDATES])


def _tracks_in(clusters: Clusters, part: int, n_tracks: int) -> int:
    return max(1, round(float(clusters.shares[part]) * n_tracks))
