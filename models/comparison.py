"""Models side by side on the same tracks: paired differences, and what choosing the best of them is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models.evaluation import Measured, accuracy, choose, log_loss, paired_gain

DRAWS = 200  # bootstrap resamples of artists


def paired(measured: Mapping[str, Measured], best: str, groups: np.ndarray) -> list[dict[str, Any]]:
    """Return how much less the best loses than each other model, on the same tracks.

    Parameters
    ----------
    measured : mapping of name to Measured
        On the same folds.
    best : str
    groups : np.ndarray, shape (n,)
        Artists, the units of the standard error.

    Returns
    -------
    list of {"name", "gain", "error", "clear"}
        gain in log loss (rating: ranked probability score) and its standard error; clear: beyond one of them.
    """
    rows = []
    for name, other in measured.items():
        if name == best:
            continue
        gain, error = paired_gain(other.losses, measured[best].losses, groups)
        known = round(error, 5) if np.isfinite(error) else None
        rows.append({"name": name, "gain": round(gain, 5), "error": known, "clear": bool(gain > error)})
    return rows


def nested(
    measured: Mapping[str, Measured],
    y: np.ndarray,
    classes: Sequence[str],
    groups: np.ndarray,
    simplicity: Mapping[str, int],
    *,
    random_state: int = 0,
) -> dict[str, Any]:
    """Return what the chosen model is worth when it is chosen without the artists it is measured on.

    The best of several figures flatters itself. So artists are drawn with replacement, the model is chosen on those
    drawn and measured on the rest, 200 times (bootstrap bias corrected cross-validation: Tsamardinos, Greasidou &
    Borboudakis 2018). Settings are chosen within each fold's training part already.

    Returns
    -------
    dict
        accuracy, accuracy_interval (95 %, over the draws), log_loss, chosen {name: share of the draws}, method.
    """
    names, group = np.unique(np.asarray(groups), return_inverse=True)
    rng = np.random.default_rng(random_state)
    rows_of = [np.flatnonzero(group == number) for number in range(len(names))]
    found: list[tuple[float, float]] = []
    chosen: dict[str, int] = {}
    for _ in range(DRAWS):
        drawn = rng.integers(len(names), size=len(names))
        left = np.setdiff1d(np.arange(len(names)), drawn)
        if not len(left):
            continue
        inside = np.concatenate([rows_of[number] for number in drawn])
        # A group drawn twice is two: only so does the standard error count right.
        units = np.repeat(np.arange(len(drawn)), [len(rows_of[number]) for number in drawn])
        best = choose({name: m.losses[inside] for name, m in measured.items()}, units, simplicity)
        outside = np.concatenate([rows_of[number] for number in left])
        proba = measured[best].proba[outside]
        found.append((accuracy(y[outside], proba, classes), log_loss(y[outside], proba, classes)))
        chosen[best] = chosen.get(best, 0) + 1
    if not found:
        return {"accuracy": None, "accuracy_interval": None, "log_loss": None, "chosen": {}, "method": METHOD}
    right, losses = np.array(found).T
    low, high = np.percentile(right, [2.5, 97.5])
    return {
        "accuracy": round(float(right.mean()), 4),
        "accuracy_interval": [round(float(low), 4), round(float(high), 4)],
        "log_loss": round(float(losses.mean()), 4),
        "chosen": {name: round(count / len(found), 3) for name, count in sorted(chosen.items(), key=lambda i: -i[1])},
        "method": METHOD,
    }


METHOD = "chosen on artists drawn with replacement, measured on the others, 200 times"
