"""Learning after every answer: the analysed library in memory, and the quick models."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.records import ANALYSED_STATES, Label, Prediction, Track
from core.vocabulary import TAG_NAMES
from labeling.targets import Target, quick_ready
from services import genres, scope, targets
from services.genres import genre_table as genre_table
from services.workspace import Workspace

LEARNED = 3_000  # answers that the nearest neighbours are looked for among
HEARD = 20_000  # tracks whose neighbours are looked for, and that say what is usual: more than are ever ranked at once
BLOCK = 2_000  # tracks predicted at a time


@dataclass(frozen=True)
class Analysed:
    """Every analysed track that can be learned from, in one order."""

    ids: np.ndarray  # (n,) int64
    X: np.ndarray  # (n, d) float32: the embedding, or descriptors where there is no TensorFlow
    tags: np.ndarray | None  # (n, 100) float32, NaN rows where a track has none
    groups: np.ndarray  # (n,) str, the artist
    feature_set: str

    def rows(self, track_ids: Iterable[int]) -> np.ndarray:
        """Return the rows of those tracks that are here."""
        return np.flatnonzero(np.isin(self.ids, np.fromiter(track_ids, dtype=np.int64)))

    @classmethod
    def nothing(cls) -> Analysed:
        """Return a library without any track."""
        return cls(np.empty(0, np.int64), np.empty((0, 0), np.float32), None, np.empty(0, str), "musicnn")

    def with_one_more(self, features: dict[str, np.ndarray]) -> Analysed | None:
        """Return the same with a file that is not in the library as track -1; None where it lacks the features."""
        own = self.feature_set if len(self.ids) else next((s for s in ("musicnn", "descriptors") if s in features), "")
        if own not in features:
            return None
        x = features[own][None, :]
        return Analysed(
            np.append(self.ids, -1),
            np.vstack([self.X, x]) if len(self.ids) else x,
            self._tags_and(features.get("tags")),
            np.append(self.groups, "track:-1"),
            own,
        )

    def _tags_and(self, one_more: np.ndarray | None) -> np.ndarray | None:
        """Return the tags with another row, NaN where there are none; None where nothing has any."""
        if self.tags is None and one_more is None:
            return None
        unheard = np.full(len(TAG_NAMES), np.nan)
        tags = np.tile(unheard, (len(self.ids), 1)) if self.tags is None else self.tags
        return np.vstack([tags, unheard if one_more is None else one_more])


@dataclass(frozen=True)
class Quick:
    """What the quick models think of every analysed track."""

    target: str
    classes: tuple[str, ...]
    ids: np.ndarray  # (n,)
    proba: np.ndarray  # (n, k)
    name: str  # "ordered", "logistic + prior", "prior", ...
    neighbours: np.ndarray | None = None  # (n, k): KNN beside it
    row_of: dict[int, int] = field(default_factory=dict)

    def of(self, track_id: int) -> dict[str, float]:
        """Return class -> probability for one track, the likeliest first; empty when it is not analysed."""
        row = self.row_of.get(track_id)
        return {} if row is None else _sorted_proba(self.classes, self.proba[row])

    def neighbours_of(self, track_id: int) -> dict[str, float]:
        """Return the same from the nearest neighbours, empty where they cannot say."""
        row = self.row_of.get(track_id)
        return {} if row is None or self.neighbours is None else _sorted_proba(self.classes, self.neighbours[row])


# -- reading ------------------------------------------------------------------------------------------


class FeatureCache:
    """The analysed library in memory, read once and then only what is new."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._kept: dict[tuple[str, int], tuple[np.ndarray, np.ndarray, int]] = {}  # by set and version
        self._newest: tuple[object, Analysed] | None = None

    def read(self) -> Analysed:
        """Return the analysed tracks as they are now; nothing is read again while nothing changed."""
        stamp = (self._workspace.features.newest_id(), self._workspace.tracks.count())
        if self._newest is None or self._newest[0] != stamp:
            self._newest = (stamp, self._read())
        return self._newest[1]

    def _read(self) -> Analysed:
        ids, X = self._grow("musicnn")
        feature_set = "musicnn"
        if len(ids) == 0:
            ids, X = self._grow("descriptors")
            feature_set = "descriptors"
        tracks = self._workspace.tracks.all(states=ANALYSED_STATES)
        known = {track.id: track for track in tracks}
        keep = np.array([int(i) in known for i in ids], dtype=bool)
        if not keep.all():  # else the cache's own arrays: a copy of 100,000 tracks is 80 MB
            ids, X = ids[keep], X[keep]
        return Analysed(ids, X, self._tags(ids), group_names([known[int(i)] for i in ids]), feature_set)

    def _grow(self, feature_set: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the vectors of the version in use: those kept here and what came since."""
        version = self._workspace.features.version(feature_set)
        nothing = (np.empty(0, np.int64), np.empty((0, 0), np.float32), 0)
        if version is None:
            return nothing[:2]
        old_ids, old_X, mark = self._kept.get((feature_set, version), nothing)
        ids, X, mark = self._workspace.features.matrix(feature_set, version=version, after=mark)
        if len(ids):
            stays = ~np.isin(old_ids, ids)  # a track analysed again replaces its old row
            if not stays.all():
                old_ids, old_X = old_ids[stays], old_X[stays]
            old_ids = np.concatenate([old_ids, ids])
            old_X = np.vstack([old_X, X]) if old_X.size else X
            self._kept = {kept: value for kept, value in self._kept.items() if kept[0] != feature_set}
            self._kept[feature_set, version] = (old_ids, old_X, mark)
        return old_ids, old_X

    def _tags(self, ids: np.ndarray) -> np.ndarray | None:
        tag_ids, tags = self._grow("tags")
        if len(tag_ids) == 0:
            return None
        if np.array_equal(tag_ids, ids):
            return tags
        place = {int(track_id): row for row, track_id in enumerate(tag_ids)}
        rows = np.array([place.get(int(i), -1) for i in ids])
        return np.where(rows[:, None] >= 0, tags[rows], np.nan) if len(ids) else tags[:0]


def group_names(tracks: list[Track]) -> np.ndarray:
    """Return each track's group: artist, else album artist, else album folder, else the track alone."""
    from models.groups import groups

    return groups(
        [t.artist for t in tracks],
        [t.album_artist for t in tracks],
        [os.path.dirname(t.path) if t.album and t.path else None for t in tracks],
        [t.id for t in tracks],
    )


def _sorted_proba(classes: tuple[str, ...], proba: np.ndarray) -> dict[str, float]:
    return {classes[i]: round(float(proba[i]), 4) for i in np.argsort(-proba, kind="stable")}


# -- quick models --------------------------------------------------------------------------------------


def quick_model(workspace: Workspace, target: str, analysed: Analysed, labels: dict[int, Label]) -> Quick | None:
    """Fit the quick models of a target to the labels there are; None while nothing can be said.

    Classes with an order: the ordered model. Without: logistic regression, mixed with a prior from MusiCNN's tags that
    fades as labels come, where tags speak of at least two classes. Nearest neighbours are fitted beside both. Labels of
    what is left out, and of genres that are not to be trained, are not learned from.
    """
    about = targets.get(workspace, target)
    values = learned_values(workspace, target, labels)
    rows = analysed.rows(values)
    y = np.array([values[int(i)] for i in analysed.ids[rows]], dtype=object)
    quick = fit_quick(about, analysed, rows, y)
    if about.kind == "nominal" and analysed.tags is not None and len(analysed.ids):
        quick = _with_prior(quick, analysed, *guessed(workspace, about, set(y)), target, len(y))
    if quick is None:
        return None
    return replace(quick, row_of={int(track_id): row for row, track_id in enumerate(analysed.ids)})


def guessed(
    workspace: Workspace, target: Target, used: Collection[str]
) -> tuple[list[str], Mapping[str, tuple[str, ...]]]:
    """Return the classes a prior chooses from, and the words that speak for them."""
    if target.classes is None:
        table = genres.first_guesses(workspace, used)
        return sorted({*table, *used}), table
    return list(target.classes), targets.tag_table(workspace, target)


def learned_values(workspace: Workspace, target: str, labels: dict[int, Label]) -> dict[int, str]:
    """Return the values that are learned from by track; of genres each in one spelling, whatever was typed."""
    values = {i: label.value for i, label in scope.learnable(workspace, target, labels).items()}
    if target != "genre":  # answers of an own target may have been changed since
        classes = targets.get(workspace, target).classes or ()
        return {track_id: value for track_id, value in values.items() if value in classes}
    spelt = genres.one_spelling(values.values(), genres.names(workspace))
    return {track_id: spelt[value] for track_id, value in values.items()}


def fit_quick(target: Target, analysed: Analysed, rows: np.ndarray, y: np.ndarray) -> Quick | None:
    """Fit the model that speaks and the nearest neighbours to some rows, and predict all; None with one class only."""
    if not quick_ready(list(y)):
        return None
    from models.evaluation import fit

    model = fit(quick_build(target), analysed.X[rows], y, analysed.groups[rows])
    classes = tuple(str(c) for c in model.classes_)
    proba = _in_blocks(model.predict_proba, analysed.X)
    neighbours = proba.copy()
    heard, opinion = _neighbours(target, analysed, rows, y, classes)
    neighbours[heard] = opinion
    return Quick(target.name, classes, analysed.ids, proba, model.name_, neighbours)


def _neighbours(
    target: Target, analysed: Analysed, rows: np.ndarray, y: np.ndarray, classes: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return some rows and what the nearest neighbours think of them: of a large library not all, drawn by lot.

    Every track against every answer would take gigabytes with 100,000 and 20,000 of them.
    """
    from models.evaluation import fit

    learned, heard = _some(len(rows), LEARNED), _some(len(analysed.ids), HEARD)
    model = fit(quick_build(target, "knn"), analysed.X[rows[learned]], y[learned], analysed.groups[rows[learned]])
    return heard, _in_blocks(lambda X: _aligned(model, X, classes), analysed.X, heard)


def _in_blocks(
    predict: Callable[[np.ndarray], np.ndarray], X: np.ndarray, rows: np.ndarray | None = None
) -> np.ndarray:
    """Predict some rows, or all, a block at a time: what a model computes on the way stays small."""
    rows = np.arange(len(X)) if rows is None else rows
    return np.vstack([predict(X[block]) for block in np.array_split(rows, max(1, len(rows) // BLOCK))])


def _some(n: int, most: int) -> np.ndarray:
    """Return the rows of a lot that is the same every time, all of them where there are few."""
    return np.arange(n) if n <= most else np.sort(np.random.default_rng(0).permutation(n)[:most])


def network_opinion(analysed: Analysed, rows: np.ndarray, y: np.ndarray, classes: Collection[str]) -> np.ndarray | None:
    """Return what a small network thinks, a third voice for the strategy `committee`; None with one class only."""
    if not quick_ready(list(y)):
        return None
    from models.perceptron import PerceptronClassifier

    return _aligned(PerceptronClassifier().fit(analysed.X[rows], y), analysed.X, tuple(classes))


def quick_build(target: Target, family: str | None = None) -> Any:
    """Return the untrained quick model that speaks for a target, or another family that suits it."""
    from models.registry import build_for

    name = family or ("ordered" if target.kind == "ordered" else "logistic")
    options: dict[str, Any] = (
        {"metrics": ("euclidean",)} if name == "knn" else {}
    )  # a second distance takes twice as long
    return build_for(name, target.kind, target.classes, **options)


def _aligned(model: object, X: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    from models.prior import align

    return align(model.predict_proba(X), [str(c) for c in model.classes_], classes)  # type: ignore[attr-defined]


def _with_prior(
    quick: Quick | None,
    analysed: Analysed,
    classes: list[str],
    table: Mapping[str, tuple[str, ...]],
    target: str,
    n_labels: int,
) -> Quick | None:
    from models.prior import GenrePrior, align, blend, tagged

    assert analysed.tags is not None
    if len(tagged(classes, table)) < 2:
        return quick  # the tags say nothing about this
    heard = ~np.isnan(analysed.tags).any(axis=1)
    first_guess = np.full((len(analysed.ids), len(classes)), 1 / len(classes))
    if heard.any():
        rows = np.flatnonzero(heard)
        prior = GenrePrior(classes, table).fit(analysed.tags[rows[_some(len(rows), HEARD)]])
        onto = prior.classes_.tolist()
        first_guess[rows] = _in_blocks(
            lambda tags: align(prior.predict_proba(tags), onto, classes), analysed.tags, rows
        )
    if quick is None:
        return Quick(target, tuple(classes), analysed.ids, first_guess, "prior")
    proba = blend(align(quick.proba, quick.classes, classes), first_guess, n_labels)
    neighbours = None if quick.neighbours is None else align(quick.neighbours, quick.classes, classes)
    return replace(quick, classes=tuple(classes), proba=proba, name=f"{quick.name} + prior", neighbours=neighbours)


def quick_predictions(workspace: Workspace, target: str) -> dict[int, Prediction]:
    """Return what the quick model thinks of each analysed track; empty while it cannot say."""
    quick = quick_model(workspace, target, FeatureCache(workspace).read(), workspace.labels.current(target))
    if quick is None:
        return {}
    best = quick.proba.argmax(axis=1)
    return {
        int(track_id): Prediction(
            int(track_id), target, quick.classes[best[row]], _sorted_proba(quick.classes, quick.proba[row])
        )
        for row, track_id in enumerate(quick.ids)
    }
