"""How well the guesses fit the person: surprise checks, doubtful answers, blind repeats, what more ratings bring."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import Cancelled, EarmarkError
from core.genre_names import key
from core.records import Label
from labeling import audit as checks
from labeling import doubts as contradictions
from labeling.schedule import AGAIN
from services import scope, targets
from services.learning import Analysed, FeatureCache, learned_values, quick_build
from services.workspace import Workspace

if TYPE_CHECKING:
    from models.learning_curve import LearningCurve

DOUBTS_EVERY = 8  # answers after which it is worth looking again for doubtful ones
MOST = 3_000  # answers looked through for doubts, the newest: keeps the look below a second


@dataclass(frozen=True)
class Doubt:
    """An answer that the models, which have not seen it, contradict strongly."""

    track_id: int
    given: str
    guess: str
    score: float
    source: str  # who gave it: person, csv, itunes, dataset
    said: str | None = None  # in the source's own words: "5 stars"


def seed(workspace: Workspace) -> int:
    """Return the number that decides what is drawn by lot in this library."""
    return int(workspace.home_id[:8], 16)


# -- surprise checks --------------------------------------------------------------------------------------


def audit(workspace: Workspace, target: str) -> checks.Audit:
    """Say how often the guesses were right on tracks drawn by lot, each guess kept before the answer."""
    return checks.audit(audited(workspace, target))


def audited(workspace: Workspace, target: str) -> list[checks.Check]:
    """Return the surprise checks of a target, in the order they were answered.

    The first answer to a check counts, also when it was taken back or changed after the guess was seen. Tracks that
    were chosen for another reason do not count, even where the checks come past them: in simulated sessions with them
    the figure was 1 point too low and its interval held the truth in 93 of 100 instead of 97 (benchmarks/audit.py).
    """
    left = scope.left_out(workspace, patient=True)
    found: dict[int, checks.Check] = {}
    for label in workspace.labels.asked(targets.get(workspace, target).name, undone=True):
        if label.asked == "audit" and label.shown and label.track_id not in left:
            guess = max(label.shown.items(), key=lambda one: one[1])[0]
            found.setdefault(
                label.track_id, checks.Check(label.track_id, plain(target, guess), plain(target, label.value))
            )
    return list(found.values())


def plain(target: str, value: str) -> str:
    """Return an answer as it is compared: of genres "Hip Hop" is "hip-hop"."""
    return key(value) if target == "genre" else value


# -- doubtful answers ---------------------------------------------------------------------------------------


def doubts(workspace: Workspace, target: str, found: Iterable[Doubt] | None = None) -> list[dict[str, Any]]:
    """Return the answers worth another look, the most doubtful first.

    Parameters
    ----------
    found : iterable of Doubt, optional
        What was found earlier: those answered since are left out. By default it is looked for now.

    Returns
    -------
    list of dict
        id, title, artist, given, guess, score, source (who gave the answer), said (in the words of a library).
    """
    labels = workspace.labels.current(target)
    if found is None:
        found = found_doubts(workspace, target)
    settled = _settled(workspace, target)
    found = [d for d in found if d.track_id not in settled and _still(d, labels.get(d.track_id))]
    tracks = workspace.tracks.many([doubt.track_id for doubt in found])
    return [
        {"id": d.track_id, "title": tracks[d.track_id].title, "artist": tracks[d.track_id].artist, **_without_id(d)}
        for d in found
        if d.track_id in tracks
    ]


def found_doubts(workspace: Workspace, target: str) -> tuple[Doubt, ...]:
    """Look for doubtful answers now: a second for 3,000 answers."""
    return doubts_among(workspace, target, FeatureCache(workspace).read(), workspace.labels.current(target))


def _still(doubt: Doubt, label: Label | None) -> bool:
    """Say whether the answer that was doubted is the one that stands."""
    return label is not None and (label.value, label.source) == (doubt.given, doubt.source)


def _settled(workspace: Workspace, target: str) -> set[int]:
    """Return the tracks whose answer is not doubted again: they were asked about twice."""
    return {label.track_id for label in workspace.labels.asked(target) if label.asked in AGAIN}


def _without_id(doubt: Doubt) -> dict[str, Any]:
    return {name: value for name, value in asdict(doubt).items() if name != "track_id"}


def doubts_among(
    workspace: Workspace,
    target: str,
    analysed: Analysed,
    labels: Mapping[int, Label],
    *,
    should_stop: Callable[[], bool] | None = None,
) -> tuple[Doubt, ...]:
    """Return the answers that models contradict which have not seen them nor their artist, most doubtful first.

    An answer that was confirmed when it was doubted, or repeated, is not doubted again.

    Raises
    ------
    Cancelled
        `should_stop` said so.
    """
    about = targets.get(workspace, target)
    data = _answers(workspace, target, analysed, labels)
    if data is None:
        return ()
    ids, X, y, groups = data
    classes = [name for name in about.classes or sorted(set(y)) if name in set(y)]
    try:
        proba = _out_of_fold(lambda: quick_build(about), X, y, groups, classes, should_stop)
    except Cancelled:
        raise
    except EarmarkError:  # one artist or one class only: nothing to contradict
        return ()
    settled = _settled(workspace, about.name)
    found = contradictions.doubts(y, proba, classes, ordered=about.kind == "ordered")
    by_track = [(int(ids[doubt.row]), doubt) for doubt in found]
    return tuple(
        Doubt(i, doubt.given, doubt.instead, doubt.score, labels[i].source, labels[i].said)
        for i, doubt in by_track
        if i not in settled
    )


def _answers(
    workspace: Workspace, target: str, analysed: Analysed, labels: Mapping[int, Label]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    """Return ids, features, answers and groups of the newest answers, oldest first; None where there are too few."""
    values = learned_values(workspace, target, dict(labels))
    place = {track_id: order for order, track_id in enumerate(sorted(values, key=lambda i: labels[i].created_at))}
    rows = analysed.rows(values)
    rows = rows[np.argsort([place[int(i)] for i in analysed.ids[rows]], kind="stable")][-MOST:]
    if len(rows) < contradictions.MIN_LABELS:
        return None
    ids = analysed.ids[rows]
    return ids, analysed.X[rows], np.array([values[int(i)] for i in ids], dtype=str), analysed.groups[rows]


def _out_of_fold(
    build: Callable[[], Any],
    X: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    classes: list[str],
    should_stop: Callable[[], bool] | None,
) -> np.ndarray:
    from models.evaluation import grouped_folds, out_of_fold

    return out_of_fold(build, X, y, groups, grouped_folds(y, groups), classes=classes, should_stop=should_stop)


# -- agreement with oneself ---------------------------------------------------------------------------------


def consistency(workspace: Workspace, target: str) -> contradictions.Consistency:
    """Say how often a blind repeat got the answer that was given before: the ceiling for every model."""
    about = targets.get(workspace, target)
    pairs = [(plain(about.name, one), plain(about.name, two)) for one, two in workspace.labels.repeats(about.name)]
    if about.kind == "nominal":
        return contradictions.consistency(pairs)
    known = [pair for pair in pairs if set(pair) <= set(about.classes or ())]  # answers may have been changed since
    return contradictions.consistency(known, order=about.classes)


# -- what more ratings bring ----------------------------------------------------------------------------------


def curve(workspace: Workspace, target: str, *, progress: Callable[[int, int], None] | None = None) -> LearningCurve:
    """Measure how the guesses got better with the answers, and what 20 more would bring.

    Raises
    ------
    NotEnoughLabelsError
        Too few answers; the message counts what is missing.
    """
    from threadpoolctl import threadpool_limits

    from models.learning_curve import learning_curve
    from services.datasets import dataset

    about = targets.get(workspace, target)
    data = dataset(workspace, target)
    labels = workspace.labels.current(about.name)
    order = sorted(range(len(data.ids)), key=lambda row: labels[int(data.ids[row])].created_at)
    with threadpool_limits(1):  # many small fits: more threads only wait for each other, and twice as long
        return learning_curve(
            lambda: quick_build(about),
            data.X[order],
            data.y[order],
            data.groups[order],
            classes=data.classes,
            ordered=data.ordered,
            noun=about.noun,
            progress=progress,
        )
