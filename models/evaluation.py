"""How good a model is on artists it has never heard: folds, one function per metric, and the report that joins them.

Every metric takes the true labels, the probabilities and the classes that name their columns.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import Cancelled, EarmarkError, NotEnoughLabelsError

Folds = list[tuple[np.ndarray, np.ndarray]]
Progress = Callable[[int, int], None]

TINY = 1e-6  # no model is surer than one in a million: keeps one mistake from being the whole log loss
DRAWS = 1_000  # bootstrap resamples
BINS = 10  # of the calibration error
LIKED = "liked"


# --- splitting and predicting ---


def grouped_folds(y: np.ndarray, groups: np.ndarray, *, n_splits: int = 5, random_state: int = 0) -> Folds:
    """Split rows into folds that share no artist and have about the same class shares.

    Parameters
    ----------
    y, groups : np.ndarray, shape (n,)
    n_splits : int
        At most; fewer when a class of more than one artist, or all of them, come from fewer artists.
    random_state : int

    Returns
    -------
    list of (train rows, test rows)
        Every row is in one test set.

    Raises
    ------
    NotEnoughLabelsError
        One class or one artist only.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    y, groups = np.asarray(y), np.asarray(groups)
    names, group = np.unique(groups, return_inverse=True)
    classes, label = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise NotEnoughLabelsError("All answers are the same so far. Give one that differs.")
    if len(names) < 2:
        raise NotEnoughLabelsError("All answers are about one artist. Answer about another one to measure a model.")
    artists = [len(np.unique(group[label == c])) for c in range(len(classes))]
    several = [count for count in artists if count > 1]  # a class of one artist cannot be split, and stops no other
    splits = max(2, min(n_splits, len(names), min(several, default=2)))
    kfold = StratifiedGroupKFold(splits, shuffle=True, random_state=random_state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class with fewer rows than folds: known and fine
        # Two folds need no class with two rows, which scikit-learn asks for; then whole groups are dealt out.
        rows = list(kfold.split(np.zeros(len(y)), label, group)) if np.bincount(label).max() >= splits else []
    rows = rows or _deal(group, splits, random_state)
    return [(train, test) for train, test in rows if len(train) and len(test)]


def _deal(group: np.ndarray, splits: int, random_state: int) -> Folds:
    """Deal the groups out by lot, where there are too few rows to stratify."""
    fold = np.random.default_rng(random_state).permutation(group.max() + 1)[group] % splits
    return [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(splits)]


def random_folds(y: np.ndarray, *, n_splits: int = 5, random_state: int = 0) -> Folds:
    """Split rows into folds by lot, whoever the artist is: flatters every model that recognises artists.

    Parameters
    ----------
    y : np.ndarray, shape (n,)
    n_splits : int
        At most; fewer where no class has so many tracks.
    random_state : int
    """
    from sklearn.model_selection import StratifiedKFold

    _, label, counts = np.unique(np.asarray(y), return_inverse=True, return_counts=True)
    splits = min(n_splits, int(counts.max()))
    if splits < 2:
        return _deal(np.arange(len(label)), 2, random_state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        kfold = StratifiedKFold(splits, shuffle=True, random_state=random_state)
        return [(train, test) for train, test in kfold.split(np.zeros(len(label)), label)]


def out_of_fold(
    build_fn: Callable[[], Any],
    X: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    folds: Folds,
    *,
    classes: Sequence[str],
    settings: list[dict[str, Any]] | None = None,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> np.ndarray:
    """Predict each row by a model that has not seen its fold.

    Parameters
    ----------
    build_fn : callable () -> untrained classifier
    X : np.ndarray, shape (n, d)
    y, groups : np.ndarray, shape (n,)
    folds : list of (train rows, test rows)
    classes : sequence of str
        What the columns of the answer mean; a class not in the training rows gets 0.
    settings : list, optional
        Gets the settings that each fold's model chose, of those that choose any.
    progress : callable (done, total), optional
        Called after each fold.
    should_stop : callable () -> bool, optional
        Asked before each fold.

    Returns
    -------
    np.ndarray, shape (n, classes)

    Raises
    ------
    Cancelled
        `should_stop` said so.
    """
    X, y, groups = np.asarray(X), np.asarray(y), np.asarray(groups)
    column = {str(name): i for i, name in enumerate(classes)}
    proba = np.full((len(y), len(classes)), np.nan)
    for done, (train, test) in enumerate(folds, start=1):
        if should_stop is not None and should_stop():
            raise Cancelled("The evaluation was stopped.")
        model = fit(build_fn(), X[train], y[train], groups[train])
        if settings is not None and getattr(model, "settings_", None):
            settings.append(dict(model.settings_))
        columns = np.array([column[str(name)] for name in model.classes_])
        proba[test] = 0.0
        proba[np.ix_(test, columns)] = model.predict_proba(X[test])
        if progress is not None:
            progress(done, len(folds))
    if np.isnan(proba).any():
        raise ValueError("the folds do not test every row")
    return proba


def fit(model: Any, X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> Any:
    """Fit a classifier, with the artists if it can use them; with one class only, the baseline in its place."""
    from sklearn.utils.validation import has_fit_parameter

    from models.majority import MajorityClassifier

    if len(np.unique(y)) < 2:
        return MajorityClassifier().fit(X, y)
    if has_fit_parameter(model, "groups"):
        return model.fit(X, y, groups=groups)
    return model.fit(X, y)


# --- metrics ---


def validate(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Check that labels, probabilities and classes fit together.

    Returns
    -------
    (columns, proba)
        The column of each label, and the probabilities within [TINY, 1] with rows that sum to 1.
    """
    y, proba = np.asarray(y), np.asarray(proba, dtype=float)
    if proba.shape != (len(y), len(classes)):
        raise ValueError(f"proba has shape {proba.shape}, expected {(len(y), len(classes))}")
    if len(y) == 0:
        raise ValueError("there is nothing to measure")
    if not np.isfinite(proba).all() or (proba < 0).any():
        raise ValueError("probabilities must be finite and not negative")
    column = {str(name): i for i, name in enumerate(classes)}
    unknown = sorted({str(label) for label in y} - set(column))
    if unknown:
        raise ValueError(f"labels {unknown} are not among the classes {list(classes)}")
    proba = np.maximum(proba, TINY)
    return np.array([column[str(label)] for label in y]), proba / proba.sum(axis=1, keepdims=True)


def accuracy(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> float:
    """Share of tracks whose likeliest class is the right one."""
    return float(_hits(y, proba, classes).mean())


def _hits(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    columns, proba = validate(y, proba, classes)
    return (proba.argmax(axis=1) == columns).astype(float)


def accuracy_interval(
    y: np.ndarray, proba: np.ndarray, classes: Sequence[str], groups: np.ndarray, *, random_state: int = 0
) -> tuple[float, float]:
    """Return the 95 % interval of the accuracy, by drawing artists (not tracks) again with replacement."""
    return _group_interval(_hits(y, proba, classes), groups, random_state)


def _group_interval(values: np.ndarray, groups: np.ndarray, random_state: int) -> tuple[float, float]:
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    sums, sizes = np.bincount(group, weights=values), np.bincount(group)
    n = len(sizes)
    drawn = np.random.default_rng(random_state).multinomial(n, np.full(n, 1.0 / n), size=DRAWS)
    means = (drawn @ sums) / (drawn @ sizes)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def balanced_accuracy(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> float:
    """Mean over the classes of the share recognised in each."""
    table = confusion(y, proba, classes)
    sizes = table.sum(axis=1)
    return float((np.diag(table)[sizes > 0] / sizes[sizes > 0]).mean())


def macro_f1(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> float:
    """Mean over the classes of F1, the harmonic mean of precision and recall."""
    table = confusion(y, proba, classes)
    both = table.sum(axis=1) + table.sum(axis=0)
    return float((2 * np.diag(table)[both > 0] / both[both > 0]).mean())


def confusion(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Count tracks by true class (rows) and predicted class (columns)."""
    columns, proba = validate(y, proba, classes)
    table = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(table, (columns, proba.argmax(axis=1)), 1)
    return table


def auc(positive: np.ndarray, scores: np.ndarray) -> float:
    """Probability that a track of the class scores higher than one that is not of it; NaN without both.

    >>> auc(np.array([False, False, True]), np.array([0.1, 0.4, 0.4]))
    0.75
    """
    positive = np.asarray(positive, dtype=bool)
    n, m = int(positive.sum()), int((~positive).sum())
    if n == 0 or m == 0:
        return float("nan")
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))


def roc_auc(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> float:
    """Mean over the classes of the AUC of each against all others; NaN with one class only."""
    columns, proba = validate(y, proba, classes)
    aucs = np.array([auc(columns == c, proba[:, c]) for c in range(len(classes))])
    return float(np.nanmean(aucs)) if np.isfinite(aucs).any() else float("nan")


def auc_liked(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> float:
    """Probability that a liked track is ranked above one that is not; NaN without both."""
    columns, proba = validate(y, proba, classes)
    names = [str(name) for name in classes]
    if LIKED not in names:
        return float("nan")
    return auc(columns == names.index(LIKED), proba[:, names.index(LIKED)])


def log_losses(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Return for each track minus the logarithm of the probability of its right class, shape (n,)."""
    columns, proba = validate(y, proba, classes)
    return -np.log(proba[np.arange(len(columns)), columns])


def log_loss(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> float:
    """Mean of `log_losses`."""
    return float(log_losses(y, proba, classes).mean())


def brier(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> float:
    """Mean squared distance of the probabilities from the truth, in [0, 2]."""
    columns, proba = validate(y, proba, classes)
    return float(((proba - np.eye(len(classes))[columns]) ** 2).sum(axis=1).mean())


def rank_losses(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Return for each track the ranked probability score, in [0, 1]: being off by two classes costs more than by one.

    Epstein (1969), divided by the number of steps.
    """
    columns, proba = validate(y, proba, classes)
    off = np.cumsum(proba - np.eye(len(classes))[columns], axis=1)[:, :-1]
    return (off**2).mean(axis=1) if off.shape[1] else np.zeros(len(columns))


def rps(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> float:
    """Mean of `rank_losses`."""
    return float(rank_losses(y, proba, classes).mean())


def ece(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> float:
    """Expected calibration error: how far "80 %" is from four in five, over bins of equally many tracks.

    It is biased upwards: a perfectly calibrated model shows chance as error too (see `reliability`), so only compare it
    between models measured on the same tracks.
    """
    columns, proba = validate(y, proba, classes)
    sure, hit = proba.max(axis=1), proba.argmax(axis=1) == columns
    return float(sum(abs(sure[rows].mean() - hit[rows].mean()) * len(rows) for rows in _bins(sure)) / len(sure))


def quadratic_kappa(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> float:
    """Agreement beyond chance on ordered classes, 1 at best; mistakes count by their squared distance (Cohen 1968)."""
    table = confusion(y, proba, classes)
    place = np.arange(len(classes))
    weight = (place[:, None] - place[None, :]) ** 2
    chance = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    expected = (weight * chance).sum()
    return float(1 - (weight * table).sum() / expected) if expected > 0 else float("nan")


def evaluate(
    y: np.ndarray, proba: np.ndarray, classes: Sequence[str], groups: np.ndarray, *, ordered: bool = False
) -> dict[str, Any]:
    """Return every metric by name, ready for JSON (None where it is undefined).

    Parameters
    ----------
    y : np.ndarray of str, shape (n,)
    proba : np.ndarray, shape (n, classes)
        Out of fold.
    classes : sequence of str
        For an ordered target in their order.
    groups : np.ndarray, shape (n,)
    ordered : bool
        Adds auc_liked, rps and quadratic_kappa.
    """
    scores: dict[str, Any] = {
        "accuracy": accuracy(y, proba, classes),
        "accuracy_interval": list(accuracy_interval(y, proba, classes, groups)),
        "balanced_accuracy": balanced_accuracy(y, proba, classes),
        "macro_f1": macro_f1(y, proba, classes),
        "roc_auc": roc_auc(y, proba, classes),
    }
    if ordered:
        scores["auc_liked"] = auc_liked(y, proba, classes)
        scores["rps"] = rps(y, proba, classes)
        scores["quadratic_kappa"] = quadratic_kappa(y, proba, classes)
    scores["log_loss"] = log_loss(y, proba, classes)
    scores["brier"] = brier(y, proba, classes)
    scores["ece"] = ece(y, proba, classes)
    scores["confusion"] = {
        "classes": [str(name) for name in classes],
        "counts": confusion(y, proba, classes).tolist(),
    }
    return {name: _rounded(value) for name, value in scores.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4) if np.isfinite(value) else None
    return [_rounded(item) for item in value] if isinstance(value, list) else value


# --- comparing models ---


@dataclass(frozen=True)
class Measured:
    """A family as it was measured: its out-of-fold probabilities and what they are worth."""

    name: str
    features: str
    proba: np.ndarray  # (n, classes), out of fold, calibrated on other artists
    raw: np.ndarray  # (n, classes), the same before calibration
    losses: np.ndarray  # (n,): log loss, for ordered targets the ranked probability score
    report: dict[str, Any]  # ready for JSON
    settings: list[dict[str, Any]]  # those chosen in each fold


def measure(
    name: str,
    features: str,
    build_fn: Callable[[], Any],
    X: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    folds: Folds,
    *,
    classes: Sequence[str],
    ordered: bool = False,
    flattering: bool = False,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Measured:
    """Predict out of fold, calibrate and report: what `retrain` and `evaluate` do for each family.

    Parameters
    ----------
    name, features : str
        Of the family and of its feature set, for the report.
    build_fn, X, y, groups, folds, classes, progress, should_stop
        As for `out_of_fold`; use the same folds for models that are to be compared.
    ordered : bool
        Whether the classes have an order.
    flattering : bool
        Adds "random_split": the accuracy when tracks of one artist stand on both sides, as it is often published.
    """
    from models.calibration import cross_calibrated

    start = time.perf_counter()
    settings: list[dict[str, Any]] = []
    raw = out_of_fold(
        build_fn, X, y, groups, folds, classes=classes, settings=settings, progress=progress, should_stop=should_stop
    )
    seconds = time.perf_counter() - start
    proba = cross_calibrated(raw, y, np.array(classes, dtype=str), groups)
    losses = (rank_losses if ordered else log_losses)(y, proba, classes)
    table = report(name, features, y, proba, classes, groups, ordered=ordered, seconds=seconds)
    table["uncalibrated"] = {"log_loss": round(log_loss(y, raw, classes), 4), "ece": round(ece(y, raw, classes), 4)}
    if flattering:
        table["random_split"] = random_split(build_fn, X, y, groups, classes=classes, should_stop=should_stop)
    return Measured(name, features, proba, raw, losses, table, settings)


def random_split(
    build_fn: Callable[[], Any],
    X: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    *,
    classes: Sequence[str],
    should_stop: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Return what a random split would say: {"accuracy", "flattering": True}."""
    proba = out_of_fold(build_fn, X, y, groups, random_folds(y), classes=classes, should_stop=should_stop)
    return {"accuracy": round(accuracy(y, proba, classes), 4), "flattering": True}


def report(
    name: str,
    features: str,
    y: np.ndarray,
    proba: np.ndarray,
    classes: Sequence[str],
    groups: np.ndarray,
    *,
    ordered: bool = False,
    seconds: float = 0.0,
) -> dict[str, Any]:
    """Return one row of the `evaluate` command, ready for JSON."""
    scores = evaluate(y, proba, classes, groups, ordered=ordered)
    return {"name": name, "features": features, **scores, "seconds": round(seconds, 3)}


def reliability(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> list[dict[str, Any]]:
    """Return for bins of equally many tracks how sure the model was and how often it was right.

    The bins are those of `ece`. With n tracks in a bin its error is about sqrt(p (1 - p) / n), and the mean of the
    absolute errors is above 0 by chance alone: with 25 in a bin a perfect model shows about .07.

    Returns
    -------
    list of {"confidence", "accuracy", "tracks"}
        The least sure first.
    """
    columns, proba = validate(y, proba, classes)
    sure, hit = proba.max(axis=1), proba.argmax(axis=1) == columns
    return [
        {"confidence": round(float(sure[r].mean()), 4), "accuracy": round(float(hit[r].mean()), 4), "tracks": len(r)}
        for r in _bins(sure)
    ]


def _bins(sure: np.ndarray) -> list[np.ndarray]:
    """Return the rows of bins of equally many tracks, by how sure the model was."""
    return np.array_split(np.argsort(sure, kind="stable"), min(BINS, max(1, len(sure) // 5)))


def per_class(y: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> list[dict[str, Any]]:
    """Return precision, recall, F1, how many answers and how many guesses there are of each class."""
    table = confusion(y, proba, classes)
    rows = []
    for i, name in enumerate(classes):
        right, said, true = int(table[i, i]), int(table[:, i].sum()), int(table[i].sum())
        rows.append(
            {
                "class": str(name),
                "labels": true,
                "predicted": said,
                "precision": round(right / said, 4) if said else None,
                "recall": round(right / true, 4) if true else None,
                "f1": round(2 * right / (said + true), 4) if said + true else None,
            }
        )
    return rows


def paired_gain(loss_a: np.ndarray, loss_b: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """Return how much less b loses than a, and the standard error of that, with artists as the units.

    Parameters
    ----------
    loss_a, loss_b : np.ndarray, shape (n,)
        Losses of the same tracks.
    groups : np.ndarray, shape (n,)

    >>> gain, error = paired_gain(np.array([1.0, 1.0]), np.array([0.5, 0.5]), np.array(["abba", "nina"]))
    >>> gain, error
    (0.5, 0.0)
    """
    gain = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    n_groups = int(group.max()) + 1
    if n_groups < 2:
        return float(gain.mean()), float("inf")
    sums = np.bincount(group, weights=gain - gain.mean())
    error = np.sqrt(n_groups / (n_groups - 1) * (sums**2).sum()) / len(gain)
    return float(gain.mean()), float(error)


def better(loss_new: np.ndarray, loss_current: np.ndarray, groups: np.ndarray, *, new_is_simpler: bool = False) -> bool:
    """Say whether a new model should become the current one: its gain exceeds one standard error.

    In a tie the simpler one wins: the new one only if it is simpler.
    """
    gain, error = paired_gain(loss_current, loss_new, groups)
    if gain > error:
        return True
    return new_is_simpler and gain >= -error


def choose(losses: Mapping[str, np.ndarray], groups: np.ndarray, simplicity: Mapping[str, int]) -> str:
    """Return the simplest model that is not worse than the best by more than one standard error.

    Parameters
    ----------
    losses : mapping of name to np.ndarray, shape (n,)
    groups : np.ndarray, shape (n,)
    simplicity : mapping of name to int
        0 is the simplest.
    """
    if not losses:
        raise EarmarkError("There is no model to choose from.")
    best = min(losses, key=lambda name: losses[name].mean())
    tied = [name for name in losses if name == best or not better(losses[best], losses[name], groups)]
    return min(tied, key=lambda name: (simplicity[name], losses[name].mean()))
