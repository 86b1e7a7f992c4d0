"""What happens to features before a model sees them: gaps filled, outliers tamed, scales made equal, classes balanced.

Everything is learned inside `fit`, so in a comparison from the training rows only, never from those tested on.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from core.errors import EarmarkError

SCALES = ("standard", "minmax")
OUTLIERS = ("keep", "z", "iqr", "squash")
BALANCES = ("none", "weights", "up", "down")

Z_LIMIT = 2.5  # standard deviations: halves what one odd track pulls, and touches one value in a hundred
IQR_LIMIT = 1.5  # interquartile ranges beyond the quartiles (Tukey 1977)
NORMAL_IQR = 1.349  # interquartile range of a normal distribution, in standard deviations
TINY = 1e-9


class Preprocessor(TransformerMixin, BaseEstimator):
    """Fills gaps, tames outliers and brings every column to one scale.

    A gap (NaN) becomes the column's median. Where the training rows have gaps, a column of 0 and 1 for each pattern of
    them is added, so that "has no lyrics" can be learned from.

    Parameters
    ----------
    scale : str
        "standard": mean 0 and standard deviation 1; "minmax": from -1 to 1.
    outliers : str
        "keep"; "z": cut off at 2.5 standard deviations; "iqr": cut off at 1.5 interquartile ranges beyond the
        quartiles; "squash": the inverse hyperbolic sine of the distance from the median in such ranges, which is
        straight in the middle and a logarithm outside.

    >>> Preprocessor().fit(np.array([[0.0], [2.0]])).transform(np.array([[1.0], [np.nan]])).tolist()
    [[0.0], [0.0]]
    """

    def __init__(self, scale: str = "standard", outliers: str = "keep") -> None:
        self.scale = scale
        self.outliers = outliers

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Preprocessor:
        """Learn medians, limits and scales.

        Parameters
        ----------
        X : np.ndarray, shape (n, d)
            NaN where something is missing.

        Raises
        ------
        EarmarkError
            A number is infinite, or everything is missing.
        """
        if self.scale not in SCALES or self.outliers not in OUTLIERS:
            raise ValueError(f"scale {self.scale!r} or outliers {self.outliers!r} is not known")
        X = np.asarray(X, dtype=float)
        missing = np.isnan(X)
        check_finite(X, missing)
        self.n_features_in_ = X.shape[1]
        self.gaps_ = _patterns(missing)
        self.median_ = _medians(X, missing)
        Z = self._filled(X, missing)
        low, high = np.percentile(Z, [25, 75], axis=0)
        self.range_ = np.where(high - low > TINY, (high - low) / NORMAL_IQR, np.maximum(Z.std(axis=0), TINY))
        self.low_, self.high_ = low - IQR_LIMIT * (high - low), high + IQR_LIMIT * (high - low)
        Z = self._tamed(Z)
        if self.scale == "minmax":
            least, most = Z.min(axis=0), Z.max(axis=0)
            self.shift_, self.spread_ = (least + most) / 2, (most - least) / 2
        else:
            self.shift_, self.spread_ = Z.mean(axis=0), Z.std(axis=0)
        self.spread_ = np.where(self.spread_ > TINY, self.spread_, 1.0)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the columns ready for a model, and one for each pattern of gaps, shape (n, d + patterns)."""
        X = np.asarray(X, dtype=float)
        missing = np.isnan(X)
        Z = (self._tamed(self._filled(X, missing)) - self.shift_) / self.spread_
        if self.outliers == "z":
            Z = np.clip(Z, -Z_LIMIT, Z_LIMIT)
        elif self.scale == "minmax":
            Z = np.clip(Z, -1.5, 1.5)  # a new track may lie outside what was seen, but not without end
        return np.hstack([Z, missing[:, self.gaps_].astype(float)]) if len(self.gaps_) else Z

    def _filled(self, X: np.ndarray, missing: np.ndarray) -> np.ndarray:
        return np.where(missing, self.median_, X) if missing.any() else X

    def _tamed(self, Z: np.ndarray) -> np.ndarray:
        if self.outliers == "iqr":
            return np.clip(Z, self.low_, self.high_)
        return np.arcsinh((Z - self.median_) / self.range_) if self.outliers == "squash" else Z


def check_finite(X: np.ndarray, missing: np.ndarray) -> None:
    """Refuse features that no model can learn from.

    Raises
    ------
    EarmarkError
        A number is infinite, or every number is missing.
    """
    broken = np.flatnonzero((np.isinf(X)).any(axis=1))
    if len(broken):
        raise EarmarkError(
            f"The features of {len(broken):,} track{'s' if len(broken) > 1 else ''} hold numbers that are not finite."
            " Analyse them again, or leave those tracks out."
        )
    if X.size and missing.all():
        raise EarmarkError("Every feature is missing, so there is nothing to learn from. Analyse the tracks again.")


def _patterns(missing: np.ndarray) -> np.ndarray:
    """Return one column of each pattern of gaps that not all columns with gaps share alone."""
    columns = np.flatnonzero(missing.any(axis=0) & ~missing.all(axis=0))
    if not len(columns):
        return columns
    _, first = np.unique(missing[:, columns], axis=1, return_index=True)
    return columns[np.sort(first)]


def _medians(X: np.ndarray, missing: np.ndarray) -> np.ndarray:
    if not missing.any():
        return np.median(X, axis=0)
    known = ~missing.all(axis=0)
    medians = np.zeros(X.shape[1])
    medians[known] = np.nanmedian(X[:, known], axis=0)
    return medians


def balanced_rows(labels: np.ndarray, balance: str, *, random_state: int = 0) -> np.ndarray:
    """Return the rows to learn from, so that classes are as many: repeated ("up"), or left out ("down").

    Parameters
    ----------
    labels : np.ndarray, shape (n,)
    balance : str
        "up", "down"; anything else returns every row once.

    >>> balanced_rows(np.array(["a", "a", "b"]), "up").tolist()
    [0, 1, 2, 2]
    """
    classes, label = np.unique(labels, return_inverse=True)
    if balance not in ("up", "down"):
        return np.arange(len(label))
    sizes = np.bincount(label)
    wanted = sizes.max() if balance == "up" else sizes.min()
    rng = np.random.default_rng(random_state)
    parts = []
    for number in range(len(classes)):
        rows = np.flatnonzero(label == number)
        times, rest = divmod(wanted, len(rows))
        parts.append(np.concatenate([np.tile(rows, times), rng.permutation(rows)[:rest]]))
    return np.sort(np.concatenate(parts))


def check_balance(balance: str) -> str:
    """Return a way of balancing classes, or refuse it.

    Raises
    ------
    EarmarkError
        There is none of that name; the message names those there are.
    """
    if balance not in BALANCES:
        raise EarmarkError(f"There is no way of balancing called {balance!r}. Choose from: {', '.join(BALANCES)}.")
    return balance
