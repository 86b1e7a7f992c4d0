"""What more answers bring: the labels there are, replayed from the first few on, and what the next twenty would add.

Two replays of the same labels, tested on artists they leave out: in the order in which they were asked, and in random
orders. Both end with all labels, where they meet. The difference between them shows what the order did for the first
few answers; it does not show what random asking would have taught, because the labels replayed in random order are
still the ones that were chosen. That comparison needs a library that is labelled in full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import Cancelled, NotEnoughLabelsError
from models import evaluation
from models.evaluation import Progress

LADDER = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1_024, 1_536, 2_048)
MIN_LABELS = 32  # below, the steps of the ladder lie within each other's error
MORE = 20  # answers that the gain is given for: ten minutes at the desk
HARDLY = 0.01  # a gain below one point in a hundred is called none
ASKED_REPLAYS = 3  # over different folds
RANDOM_REPLAYS = 4  # over different folds and orders
DRAWS = 400  # of the bootstrap

# Exponents of the power law, and how far (in natural logarithms) it goes easily from the usual one: a handful of noisy
# steps cannot choose an exponent by themselves.
EXPONENTS = np.exp(np.linspace(np.log(0.15), np.log(2.0), 24))
USUAL_EXPONENT, EXPONENT_SPREAD = 0.5, 0.7
STEP_ERROR = (
    0.01  # of one step of the ladder, beside what the bootstrap sees: weighs the fit against the usual exponent
)


@dataclass(frozen=True)
class Step:
    """What models that learned from the first n answers are worth on artists they do not know."""

    labels: int
    accuracy: float
    log_loss: float
    auc_liked: float | None  # of ordered targets that have it
    random_accuracy: float  # the same labels in random order
    random_log_loss: float
    random_auc_liked: float | None

    def as_json(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return {name: _rounded(getattr(self, name)) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class LearningCurve:
    """The curve, and what it promises for the next MORE answers."""

    labels: int
    steps: tuple[Step, ...]
    gain: float | None  # expected rise of the accuracy, in [0, 1]; None while it is too early
    interval: tuple[float, float] | None  # 95 %
    enough: bool  # hardly anything is left to gain
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return {
            "labels": self.labels,
            "steps": [step.as_json() for step in self.steps],
            "more": MORE,
            "gain": _rounded(self.gain),
            "interval": None if self.interval is None else [_rounded(edge) for edge in self.interval],
            "enough": self.enough,
            "sentence": self.sentence,
        }


def _rounded(value: Any) -> Any:
    return round(float(value), 4) if isinstance(value, float) else value


def learning_curve(
    build_fn: Callable[[], Any],
    X: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    *,
    classes: Sequence[str],
    ordered: bool = False,
    noun: str = "rating",
    random_state: int = 0,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> LearningCurve:
    """Replay the answers and say what the next ones would bring.

    Parameters
    ----------
    build_fn : callable () -> untrained classifier
        Of the quick family.
    X : np.ndarray, shape (n, d)
        In the order in which the answers were given.
    y, groups : np.ndarray of str, shape (n,)
        Answers and artists.
    classes : sequence of str
    ordered : bool
        Adds the AUC of liked.
    noun : str
        What one answer is called, for the sentence.
    random_state : int
    progress : callable (done, total), optional
        Called after each replay.
    should_stop : callable () -> bool, optional
        Asked before each fit.

    Raises
    ------
    Cancelled
        `should_stop` said so.
    """
    X, y, groups = np.asarray(X), np.asarray(y).astype(str), np.asarray(groups).astype(str)
    if len(y) < MIN_LABELS:
        return _too_early(len(y), f"Too early to say: {_count(MIN_LABELS - len(y), noun)}.")
    try:
        evaluation.grouped_folds(y, groups)
    except NotEnoughLabelsError as error:
        return _too_early(len(y), f"Too early to say. {error}")
    total = ASKED_REPLAYS + RANDOM_REPLAYS
    rng = np.random.default_rng(random_state)
    sizes = _sizes(y, groups, random_state)
    replays = []
    for number in range(total):
        order = np.arange(len(y)) if number < ASKED_REPLAYS else rng.permutation(len(y))
        seed = random_state + number
        replays.append(_replay(build_fn, X, y, groups, order, sizes, classes, seed, should_stop))
        if progress is not None:
            progress(number + 1, total)
    return _result(np.array(replays), sizes, y, groups, classes, ordered, noun, random_state)


def _too_early(n: int, sentence: str) -> LearningCurve:
    return LearningCurve(n, (), None, None, False, sentence)


def _count(n: int, noun: str) -> str:
    return f"{n} more {noun}{'' if n == 1 else 's'}"


# -- replaying -------------------------------------------------------------------------------------------


def _sizes(y: np.ndarray, groups: np.ndarray, random_state: int) -> np.ndarray:
    """Return the steps of the ladder that every training fold reaches, and as the last one all that it reaches."""
    seeds = range(random_state, random_state + ASKED_REPLAYS + RANDOM_REPLAYS)
    folds = [fold for seed in seeds for fold in evaluation.grouped_folds(y, groups, random_state=seed)]
    most = min(len(train) for train, _ in folds)
    return np.array([n for n in LADDER if n <= 0.85 * most] + [most])


def _replay(
    build_fn: Callable[[], Any],
    X: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    order: np.ndarray,
    sizes: np.ndarray,
    classes: Sequence[str],
    seed: int,
    should_stop: Callable[[], bool] | None,
) -> np.ndarray:
    """Predict every answer from the first n others in an order, without its artist; shape (sizes, n, classes)."""
    column = {str(name): i for i, name in enumerate(classes)}
    place = np.argsort(order)
    proba = np.zeros((len(sizes), len(y), len(classes)))
    for train, test in evaluation.grouped_folds(y, groups, random_state=seed):
        line = train[np.argsort(place[train])]
        for step, n in enumerate(sizes):
            if should_stop is not None and should_stop():
                raise Cancelled("The learning curve was stopped.")
            rows = line[:n]
            model = evaluation.fit(build_fn(), X[rows], y[rows], groups[rows])
            columns = np.array([column[str(name)] for name in model.classes_])
            proba[step][np.ix_(test, columns)] = model.predict_proba(X[test])
    n = sizes[:, None, None]
    return (n * proba + 1 / len(classes)) / (n + 1)  # a class not heard yet is not impossible


# -- reading the curve -----------------------------------------------------------------------------------


def _result(
    replays: np.ndarray,
    sizes: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    classes: Sequence[str],
    ordered: bool,
    noun: str,
    random_state: int,
) -> LearningCurve:
    steps = tuple(
        Step(
            int(n),
            *_scores(replays[:ASKED_REPLAYS, i], y, classes, ordered),
            *_scores(replays[ASKED_REPLAYS:, i], y, classes, ordered),
        )
        for i, n in enumerate(sizes)
    )
    names = np.array([str(name) for name in classes])
    hits = (names[replays.argmax(axis=3)] == y).astype(float)  # (replays, sizes, n)
    gain, interval = expected_gain(hits, sizes, groups, at=len(y), random_state=random_state)
    enough = interval[1] < HARDLY
    return LearningCurve(len(y), steps, gain, interval, enough, _sentence(gain, interval, noun))


def _scores(
    replays: np.ndarray, y: np.ndarray, classes: Sequence[str], ordered: bool
) -> tuple[float, float, float | None]:
    """Return accuracy, log loss and AUC of liked, each the mean over replays of shape (replays, n, classes)."""
    tables = [
        (
            evaluation.accuracy(y, proba, classes),
            evaluation.log_loss(y, proba, classes),
            evaluation.auc_liked(y, proba, classes),
        )
        for proba in replays
    ]
    accuracy, log_loss, auc = (float(value) for value in np.mean(tables, axis=0))
    return accuracy, log_loss, auc if ordered and np.isfinite(auc) else None


def expected_gain(
    hits: np.ndarray, sizes: np.ndarray, groups: np.ndarray, *, at: int, more: int = MORE, random_state: int = 0
) -> tuple[float, tuple[float, float]]:
    """Return the rise of the accuracy that more answers would bring, and its 95 % interval.

    A power law is fitted to the curve, the mean of both replays, and read beyond its end; the interval comes from
    drawing artists and replays again with replacement. It speaks of the gain to expect, not of one person's luck with
    the next tracks: on real clips single gains scatter by 4 points around a mean that lies in it. Where asking picks
    the hard tracks of a library whose models still improve fast, the answers given are harder than the library, and
    the gain is larger than said.

    Parameters
    ----------
    hits : np.ndarray, shape (replays, sizes, n)
        1 where the guess was right.
    sizes : np.ndarray, shape (sizes,)
    groups : np.ndarray of str, shape (n,)
    at : int
        Answers there are.
    more : int
        Answers to come.
    """
    rng = np.random.default_rng(random_state)
    _, group = np.unique(groups, return_inverse=True)
    tested = np.bincount(group)
    right = np.stack([[np.bincount(group, weights=row) for row in replay] for replay in hits])  # (replays, sizes, g)
    curve = right.sum(axis=2).mean(axis=0) / len(group)
    drawn = rng.multinomial(len(tested), np.full(len(tested), 1 / len(tested)), size=DRAWS)  # (draws, g)
    played = rng.multinomial(len(right), np.full(len(right), 1 / len(right)), size=DRAWS) / len(right)
    curves = np.einsum("dr,rsg,dg->ds", played, right, drawn, optimize=True) / (drawn @ tested)[:, None]
    gains = gains_of(np.vstack([curve, curves]), sizes, at, more)
    low, high = np.percentile(gains[1:], [2.5, 97.5])
    return float(gains[0]), (float(low), float(high))


def gains_of(curves: np.ndarray, sizes: np.ndarray, at: int, more: int) -> np.ndarray:
    """Fit accuracy = a - b n^-c to each curve and return b (at^-c - (at + more)^-c).

    Learning curves follow power laws over wide ranges (Hestness et al. 2017; Viering & Loog 2023). b is not negative
    and a at most 1; for each c they follow by weighted least squares, and c is the one with the least squared error
    plus a penalty for leaving USUAL_EXPONENT. Late steps weigh more: the gain is read beyond them.

    Parameters
    ----------
    curves : np.ndarray, shape (curves, sizes)
    sizes : np.ndarray, shape (sizes,)
    at, more : int

    Returns
    -------
    np.ndarray, shape (curves,)

    >>> sizes = np.array([8, 16, 32, 64])
    >>> gains_of((0.9 - sizes**-0.5)[None], sizes, 64, 36).round(3)
    array([0.024])
    """
    weights = sizes / sizes.sum()
    best_loss, gains = np.full(len(curves), np.inf), np.zeros(len(curves))
    for c in EXPONENTS:
        x = -(np.asarray(sizes, dtype=float) ** -c)
        off, mean = x - weights @ x, curves @ weights
        b = np.maximum((curves * weights) @ off / (weights @ off**2), 0.0)
        b = np.where(mean - b * (weights @ x) > 1, (1 - mean) / -(weights @ x), b)  # a above 1: begin at 1 instead
        left = curves - mean[:, None] - b[:, None] * off
        loss = left**2 @ weights * len(sizes) / STEP_ERROR**2
        loss = loss + (np.log(c / USUAL_EXPONENT) / EXPONENT_SPREAD) ** 2
        gain = b * (at**-c - (at + more) ** -c)
        gains = np.where(loss < best_loss, gain, gains)
        best_loss = np.minimum(best_loss, loss)
    return gains


def _sentence(gain: float, interval: tuple[float, float], noun: str) -> str:
    """Say the gain in whole points of a hundred.

    >>> _sentence(0.02, (0.012, 0.031), "rating")
    '20 more ratings: about 1 to 3 points more.'
    """
    if interval[1] < HARDLY:
        return f"More {noun}s hardly change it now: under 1 point for the next {MORE}."
    low, high = round(100 * interval[0]), max(1, round(100 * interval[1]))
    points = f"{high} point{'' if high == 1 else 's'} more"
    if low == 0:
        return f"{_count(MORE, noun)}: up to {points}."
    return f"{_count(MORE, noun)}: about {points if low == high else f'{low} to {points}'}."
