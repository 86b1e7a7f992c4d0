"""Answers that the models contradict strongly, to be offered again; and how well a person agrees with themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labeling.audit import percent, wilson

MIN_LABELS = 30  # with fewer the out-of-fold guesses are too poor to contradict anybody
# An answer is doubted above these scores: about half of what is then offered was planted by benchmarks/doubts.py.
# Ordered targets have the lower one, because being off by one class counts as half a contradiction there.
THRESHOLD, ORDERED_THRESHOLD = 0.4, 0.3
MIN_REPEATS = 8  # below, the interval of the agreement spans more than half the scale


@dataclass(frozen=True)
class Doubt:
    """An answer to offer again."""

    row: int
    given: str
    instead: str  # what the models hear
    score: float  # above the threshold, at most 1


def doubts(y: np.ndarray, proba: np.ndarray, classes: Sequence[str], *, ordered: bool = False) -> list[Doubt]:
    """Return the answers that out-of-fold guesses contradict strongly, the most doubtful first.

    An answer is doubted when its score lies above the threshold and the likeliest class is another one. A doubt is a
    reason to ask again, never to change anything: of the doubted answers about half are right.

    Parameters
    ----------
    y : np.ndarray of str, shape (n,)
        The answers.
    proba : np.ndarray, shape (n, classes)
        Each row from a model that has not seen the track's artist (`models.evaluation.out_of_fold` on grouped folds).
    classes : sequence of str
        What the columns mean; for an ordered target in their order.
    ordered : bool

    Returns
    -------
    list of Doubt
        Empty below MIN_LABELS.
    """
    y, proba = np.asarray(y).astype(str), np.asarray(proba, dtype=float)
    if len(y) < MIN_LABELS:
        return []
    names = [str(name) for name in classes]
    scores, best = doubt_scores(y, proba, names, ordered=ordered), proba.argmax(axis=1)
    contradicted = np.array([names[c] for c in best]) != y
    rows = np.flatnonzero(contradicted & (scores > (ORDERED_THRESHOLD if ordered else THRESHOLD)))
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    return [Doubt(int(row), str(y[row]), names[best[row]], round(float(scores[row]), 4)) for row in rows]


def doubt_scores(y: np.ndarray, proba: np.ndarray, classes: Sequence[str], *, ordered: bool = False) -> np.ndarray:
    """Score each answer by how much further the guess lies from it than guesses usually lie from such an answer.

    The distance of a guess from an answer is the probability of all other classes; for an ordered target each counts
    by how many steps away it is, the whole scale being 1. What is usual is the mean over the tracks with the same
    answer, so that a class the models hardly know is not doubted as a whole: the class thresholds of confident
    learning (Northcutt, Jiang & Chuang 2021, Journal of Artificial Intelligence Research 70), with the order added.

    Parameters
    ----------
    y, proba, classes, ordered
        As for `doubts`.

    Returns
    -------
    np.ndarray, shape (n,)
        In [-1, 1]; 0 for a usual one.

    >>> proba = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.1, 0.9]])
    >>> doubt_scores(np.array(["a", "a", "a", "b"]), proba, ["a", "b"]).round(2)
    array([-0.23, -0.23,  0.47,  0.  ])
    """
    given = _columns(y, classes)
    away = np.asarray(proba, dtype=float) @ _steps(len(classes), ordered)  # (n, classes): from the guess to each class
    off = away[np.arange(len(given)), given]
    sizes = np.maximum(np.bincount(given, minlength=len(classes)), 1)
    usual = np.bincount(given, weights=off, minlength=len(classes)) / sizes
    return off - usual[given]


def _columns(y: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    place = {str(name): i for i, name in enumerate(classes)}
    unknown = sorted({str(label) for label in y} - set(place))
    if unknown:
        raise ValueError(f"labels {unknown} are not among the classes {list(classes)}")
    return np.array([place[str(label)] for label in y], dtype=int)


def _steps(k: int, ordered: bool) -> np.ndarray:
    """Return how far each class lies from each other, in [0, 1]."""
    place = np.arange(k)
    return np.abs(place[:, None] - place[None, :]) / max(1, k - 1) if ordered else 1.0 - np.eye(k)


# -- the person's own consistency --------------------------------------------------------------------


@dataclass(frozen=True)
class Consistency:
    """How often a person gave the same answer when asked again blindly."""

    repeats: int
    same: int
    interval: tuple[float, float] | None  # 95 %, shares; None below MIN_REPEATS
    agreement: float | None  # quadratic kappa, for ordered targets from MIN_REPEATS on
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return {
            "repeats": self.repeats,
            "same": self.same,
            "interval": None if self.interval is None else [round(edge, 4) for edge in self.interval],
            "agreement": None if self.agreement is None else round(self.agreement, 4),
            "sentence": self.sentence,
        }


def consistency(pairs: Iterable[tuple[str, str]], *, order: Sequence[str] | None = None) -> Consistency:
    """Say how often a blind repeat got the same answer.

    Parameters
    ----------
    pairs : iterable of (first answer, repeated answer)
    order : sequence of str, optional
        The classes of an ordered target, in their order.

    >>> consistency([("liked", "liked")] * 9 + [("liked", "semi")] * 3).sentence.partition(". ")[0]
    'You gave the same answer on 9 of 12 blind repeats: likely 47-91 %'
    """
    asked = list(pairs)
    n, same = len(asked), sum(first == again for first, again in asked)
    enough = n >= MIN_REPEATS
    interval = wilson(same, n) if enough else None
    agreement = _quadratic_kappa(asked, order) if enough and order is not None else None
    return Consistency(n, same, interval, agreement, _sentence(n, same, interval))


def _sentence(n: int, same: int, interval: tuple[float, float] | None) -> str:
    if n == 0:
        return "No blind repeats yet. Now and then an earlier question comes again."
    start = f"You gave the same answer on {same} of {n} blind repeat{'' if n == 1 else 's'}"
    if interval is None:
        return f"{start}. A percentage comes after {MIN_REPEATS}."
    return f"{start}: likely {percent(interval)}. No model can agree with you much more than you do."


def _quadratic_kappa(pairs: Sequence[tuple[str, str]], order: Sequence[str]) -> float | None:
    """Return the agreement beyond chance, mistakes counted by their squared distance (Cohen 1968)."""
    place = {name: i for i, name in enumerate(order)}
    first, again = np.array([[place[one], place[two]] for one, two in pairs], dtype=float).T
    chance = ((first[:, None] - again[None, :]) ** 2).mean()
    return float(1 - ((first - again) ** 2).mean() / chance) if chance > 0 else None
