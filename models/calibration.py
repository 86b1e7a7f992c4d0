"""Temperature scaling: makes "80 %" come true about four times in five."""

from __future__ import annotations

import numpy as np

MIN_LABELS = 30  # below, the temperature is mostly noise
PARTS = 5  # of the groups, each scaled by a temperature of the others when calibration is measured
TEMPERATURES = np.exp(np.linspace(np.log(0.2), np.log(5.0), 65))


def scale(proba: np.ndarray, temperature: float) -> np.ndarray:
    """Sharpen (temperature below 1) or soften (above 1) probabilities; which class is likeliest stays.

    Parameters
    ----------
    proba : np.ndarray, shape (n, classes)
    temperature : float

    >>> scale(np.array([[0.8, 0.2]]), 2.0).round(3)
    array([[0.667, 0.333]])
    """
    if temperature == 1.0:
        return proba
    logs = np.log(np.maximum(proba, 1e-12)) / temperature
    logs -= logs.max(axis=1, keepdims=True)
    scaled = np.exp(logs)
    return scaled / scaled.sum(axis=1, keepdims=True)


def fit_temperature(proba: np.ndarray, y: np.ndarray, classes: np.ndarray, groups: np.ndarray | None = None) -> float:
    """Choose the temperature with the least log loss on out-of-fold probabilities.

    It is kept only if temperatures chosen on one half of the groups do not make the log loss of the other half worse.

    Parameters
    ----------
    proba : np.ndarray, shape (n, classes)
        Out of fold: each row from a model that has not seen its group.
    y : np.ndarray of str, shape (n,)
    classes : np.ndarray of str, shape (classes,)
    groups : np.ndarray, shape (n,), optional

    Returns
    -------
    float
        1.0 (nothing changed) with fewer than 30 labels or without a gain.
    """
    y, classes = np.asarray(y), np.asarray(classes)
    n = len(y)
    if n < MIN_LABELS:
        return 1.0
    column = np.array([int(np.flatnonzero(classes == label)[0]) for label in y])
    logs = np.log(np.maximum(proba, 1e-12))
    losses = np.stack([_losses(logs / t, column) for t in TEMPERATURES])  # (temperatures, n)
    _, group = np.unique(np.arange(n) if groups is None else np.asarray(groups), return_inverse=True)
    half = np.random.default_rng(0).permutation(group.max() + 1)[group] % 2 == 0
    other = np.empty(n)
    for side in (half, ~half):
        if not side.any() or side.all():
            return 1.0
        other[~side] = losses[losses[:, side].mean(axis=1).argmin()][~side]
    if other.mean() > _losses(logs, column).mean():
        return 1.0
    return float(TEMPERATURES[losses.mean(axis=1).argmin()])


def cross_calibrated(proba: np.ndarray, y: np.ndarray, classes: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return out-of-fold probabilities as calibration would have left them, each group's by a temperature of others.

    What is measured on them is honest: no track has a part in the temperature it is measured with. Where that would
    make the log loss worse they stay as they are.

    Parameters
    ----------
    proba, y, classes, groups
        As for `fit_temperature`.
    """
    y, groups = np.asarray(y), np.asarray(groups)
    if fit_temperature(proba, y, classes, groups) == 1.0:
        return proba
    _, group = np.unique(groups, return_inverse=True)
    part = np.random.default_rng(1).permutation(group.max() + 1)[group] % PARTS
    calibrated = proba.copy()
    for number in range(PARTS):
        inside, outside = part == number, part != number
        calibrated[inside] = scale(proba[inside], fit_temperature(proba[outside], y[outside], classes, groups[outside]))
    column = np.array([int(np.flatnonzero(np.asarray(classes) == label)[0]) for label in y])
    before, after = (_losses(np.log(np.maximum(p, 1e-12)), column).mean() for p in (proba, calibrated))
    return calibrated if after <= before else proba


def _losses(logs: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return the log loss of each row from unnormalised log probabilities."""
    top = logs.max(axis=1)
    total = top + np.log(np.exp(logs - top[:, None]).sum(axis=1))
    return total - logs[np.arange(len(logs)), column]
