"""What the answers about an artist's and an album's other tracks say: for the person's own library only.

On artists not heard this says nothing, so it has no part in the artist-grouped figure, nor in the choice of a model. It
is judged on tracks of artists that are known, each without its own answer, and speaks only where it helps there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

SMOOTHING = 2.0  # answers: an artist with two counts half itself, half the library
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
FOLDS = 5
LEAST = 1e-4


@dataclass(frozen=True)
class Encoding:
    """How often each answer was given about each artist and album, and how much that counts."""

    classes: tuple[str, ...]
    shares: np.ndarray  # (classes,): of all answers
    counts: Mapping[str, np.ndarray]  # artist or album -> (classes,)
    weight: float

    def logs(self, names: Sequence[tuple[str, str]]) -> np.ndarray:
        """Return how far an artist's and album's answers lie from the usual ones, in logarithms, (n, classes)."""
        return np.stack([self._of(*pair) for pair in names]) if len(names) else np.zeros((0, len(self.classes)))

    def _of(self, artist: str, album: str) -> np.ndarray:
        """Smooth an album's answers with its artist's, and those with everyone's."""
        nothing = np.zeros(len(self.classes))
        by_artist, by_album = self.counts.get(artist, nothing), self.counts.get(album, nothing)
        near = (by_artist + SMOOTHING * self.shares) / (by_artist.sum() + SMOOTHING)
        nearer = (by_album + SMOOTHING * near) / (by_album.sum() + SMOOTHING)
        return np.log(np.maximum(nearer, LEAST)) - np.log(np.maximum(self.shares, LEAST))

    def blend(
        self, proba: np.ndarray, names: Sequence[tuple[str, str]], classes: Sequence[str] | None = None
    ) -> np.ndarray:
        """Return probabilities that take the artist into account, shape (n, classes); 0 stays 0.

        Parameters
        ----------
        proba : np.ndarray, shape (n, classes)
        names : sequence of (artist, album)
        classes : sequence of str, optional
            What the columns of `proba` mean; without them the encoding's own.
        """
        if not self.weight or not len(names):
            return proba
        place = {name: i for i, name in enumerate(self.classes)}
        columns = [place[str(name)] for name in (self.classes if classes is None else classes)]
        mixed = proba * np.exp(self.weight * self.logs(names)[:, columns])
        return mixed / mixed.sum(axis=1, keepdims=True)

    def as_json(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return {
            "classes": list(self.classes),
            "shares": self.shares.tolist(),
            "counts": {name: counts.tolist() for name, counts in self.counts.items()},
            "weight": self.weight,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Encoding:
        """Return what `as_json` kept."""
        counts = {name: np.array(row, dtype=float) for name, row in kept["counts"].items()}
        return cls(tuple(kept["classes"]), np.array(kept["shares"]), counts, float(kept["weight"]))


def encode(names: Sequence[tuple[str, str]], y: np.ndarray, classes: Sequence[str], *, weight: float = 1.0) -> Encoding:
    """Count the answers about each artist and album.

    Parameters
    ----------
    names : sequence of (artist, album)
        One pair for each track; "" where it is not known.
    y : np.ndarray of str, shape (n,)
    classes : sequence of str
    weight : float
    """
    column = {str(name): i for i, name in enumerate(classes)}
    counts: dict[str, np.ndarray] = {}
    total = np.zeros(len(classes))
    for pair, label in zip(names, y, strict=True):
        total[column[str(label)]] += 1
        for name in filter(None, pair):
            counts.setdefault(name, np.zeros(len(classes)))[column[str(label)]] += 1
    return Encoding(tuple(map(str, classes)), (total + 1) / (total + 1).sum(), counts, weight)


def out_of_fold_logs(
    names: Sequence[tuple[str, str]], y: np.ndarray, classes: Sequence[str], *, random_state: int = 0
) -> np.ndarray:
    """Return `Encoding.logs` of each track from the answers about others: inner folds, so that none sees its own."""
    fold = np.random.default_rng(random_state).permutation(len(y)) % FOLDS
    logs = np.zeros((len(y), len(classes)))
    for number in range(FOLDS):
        train, test = np.flatnonzero(fold != number).tolist(), np.flatnonzero(fold == number).tolist()
        encoding = encode([names[i] for i in train], y[train], classes)
        logs[test] = encoding.logs([names[i] for i in test])
    return logs


def judge(
    proba: np.ndarray, names: Sequence[tuple[str, str]], y: np.ndarray, classes: Sequence[str], groups: np.ndarray
) -> tuple[float, dict[str, Any]]:
    """Choose how much the artist counts in the person's own library, and say what it brings.

    The weight is chosen on one half of the tracks and judged on the other, both ways; it stays 0 unless the gain in log
    loss exceeds one standard error.

    Parameters
    ----------
    proba : np.ndarray, shape (n, classes)
        By models that may know the artist but not the track (random folds).
    names, y, classes
        As for `encode`.
    groups : np.ndarray, shape (n,)
        Artists, the units of the standard error.

    Returns
    -------
    weight : float
    judged : dict
        accuracy, log_loss without and with ("with_artists"), gain, error.
    """
    from models.evaluation import accuracy, log_losses, paired_gain

    logs = out_of_fold_logs(names, y, classes)
    mixed = [_mixed(proba, logs, weight) for weight in WEIGHTS]
    losses = np.stack([log_losses(y, one, classes) for one in mixed])  # (weights, n)
    half = np.random.default_rng(1).permutation(len(y)) % 2 == 0
    chosen = np.where(half, losses[:, ~half].mean(axis=1).argmin(), losses[:, half].mean(axis=1).argmin())
    rows = np.arange(len(y))
    gain, error = paired_gain(losses[0], losses[chosen, rows], groups)
    weight = float(WEIGHTS[int(losses.mean(axis=1).argmin())]) if gain > error else 0.0
    picked = np.stack([mixed[c][i] for i, c in enumerate(chosen)])
    return weight, {
        "accuracy": round(accuracy(y, proba, classes), 4),
        "log_loss": round(float(losses[0].mean()), 4),
        "with_artists": {
            "accuracy": round(accuracy(y, picked, classes), 4),
            "log_loss": round(float(losses[chosen, rows].mean()), 4),
        },
        "gain": round(gain, 4),
        "error": round(error, 4) if np.isfinite(error) else None,
        "weight": weight,
    }


def _mixed(proba: np.ndarray, logs: np.ndarray, weight: float) -> np.ndarray:
    mixed = np.maximum(proba, LEAST) * np.exp(weight * logs)
    return mixed / mixed.sum(axis=1, keepdims=True)
