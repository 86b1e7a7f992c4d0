"""How often the guesses are right: surprise checks drawn by lot, each against a prediction stored before the answer.

The questions Earmark asks are chosen, so they say little about the library as a whole. A check is not chosen: every
track has a key, drawn by lot once and for ever, and the next check is the track with the smallest key that has no
answer yet, whatever came or went since the first. So the checks are a uniform sample of the tracks without an answer,
which are those that guesses are used for: a person's own answer always comes before a guess.

Only tracks that were asked as checks count. Those that the checks come past with an answer of before were guessed by
earlier models and chosen because the guess was unsure: counting them too says 2 points too little, and the 95 %
interval then holds the truth 9 times in 10 only (benchmarks/audit.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

EVERY = 10  # one question of so many is a check: a tenth of the answers pays for knowing what the others bought
MIN_CHECKS = 15  # below, the interval spans half the scale, and a percentage would say more than is known
Z = 1.959964  # standard normal deviate of 95 %


# -- the order of checking ------------------------------------------------------------------------------


def keys(ids: Sequence[int] | np.ndarray, *, target: str, seed: int) -> np.ndarray:
    """Draw the key of each track, in [0, 1): always the same one for the same track, target and seed.

    SplitMix64 (Steele, Lea & Flood 2014) of the track's number, begun at a BLAKE2b hash of seed and target: 100,000
    tracks take a few milliseconds, so that nothing needs to be kept.

    Parameters
    ----------
    ids : sequence of int, shape (n,)
    target : str
        Each target has an order of its own.
    seed : int
        Of this library, so that two people check different tracks.

    Returns
    -------
    np.ndarray, shape (n,)

    >>> keys([1, 2], target="rating", seed=0).round(3)
    array([0.238, 0.002])
    """
    start = int.from_bytes(blake2b(f"{seed} {target}".encode(), digest_size=8).digest(), "big")
    with np.errstate(over="ignore"):  # wraps at 2**64, as the generator wants it
        z = np.asarray(ids, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(start)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)) / 2.0**53


def order(ids: Sequence[int] | np.ndarray, *, target: str, seed: int) -> np.ndarray:
    """Return the tracks in the order they are checked, shape (n,); those of a part keep the order of the whole."""
    ids = np.asarray(ids, dtype=np.int64)
    return ids[np.argsort(keys(ids, target=target, seed=seed), kind="stable")]


# -- what the checks say --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Check:
    """One surprise check: what was predicted before the answer, and the answer."""

    track: int
    predicted: str
    answered: str

    @property
    def right(self) -> bool:
        """Whether the prediction came true."""
        return self.predicted == self.answered


@dataclass(frozen=True)
class Audit:
    """What the surprise checks say of the guesses."""

    checks: int
    right: int
    interval: tuple[float, float] | None  # 95 %, shares; None below MIN_CHECKS
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        interval = None if self.interval is None else [round(edge, 4) for edge in self.interval]
        return {"checks": self.checks, "right": self.right, "interval": interval, "sentence": self.sentence}


def audit(checks: Iterable[Check]) -> Audit:
    """Say how often the guesses were right.

    The guesses come from one model after another, each a little better than the last, so the figure is the mean over
    the moments of the checks: a little less than what the newest model is worth. Counting the newest checks only
    would bring it nearer, but widens the interval by more than that.

    Parameters
    ----------
    checks : iterable of Check
        Each track once.

    >>> audit([Check(i, "liked", "liked" if i < 14 else "semi") for i in range(20)]).sentence
    'Right on 14 of 20 surprise checks: likely 48-85 %.'
    """
    made = list(checks)
    n, right = len(made), sum(check.right for check in made)
    interval = wilson(right, n) if n >= MIN_CHECKS else None
    return Audit(n, right, interval, _sentence(n, right, interval))


def _sentence(n: int, right: int, interval: tuple[float, float] | None) -> str:
    if n == 0:
        return f"No surprise checks yet. One question in {EVERY} will be one."
    start = f"Right on {right} of {n} surprise check{'' if n == 1 else 's'}"
    if interval is None:
        return f"{start}. A percentage comes after {MIN_CHECKS}."
    return f"{start}: likely {percent(interval)}."


def percent(interval: tuple[float, float]) -> str:
    """Write an interval of shares in whole percent.

    >>> percent((0.481, 0.8545))
    '48-85 %'
    """
    low, high = (f"{100 * edge:.0f}" for edge in interval)
    return f"{low} %" if low == high else f"{low}-{high} %"


def wilson(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, from counts; (0, 1) of nothing.

    Wilson (1927), without continuity correction, as Brown, Cai & DasGupta (2001) recommend: on average over true
    shares it holds 95 %, where the exact interval of Clopper & Pearson is a tenth wider for 97 %. There is no
    correction for a small library: it would presume that one model made all the guesses.

    >>> low, high = wilson(14, 20)
    >>> round(low, 3), round(high, 3)
    (0.481, 0.855)
    """
    if n == 0:
        return 0.0, 1.0
    share, z2 = right / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)
