"""Learning after every answer: the analysed library in memory, the quick models, and the order of asking."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from core.records import ANALYSED_STATES, Label, Prediction, Track
from core.vocabulary import TAG_NAMES
from labeling.strategies import Clusters
from services import genres, scope
from services.genres import genre_table as genre_table
from services.workspace import Workspace

log = logging.getLogger(__name__)

RANKED = 60  # questions kept ready per target: a minute of the fastest answering
LATER = 20  # answers after which a track put aside may come back


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
        self._kept: dict[str, tuple[np.ndarray, np.ndarray, int]] = {}
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
        ids, X = ids[keep], X[keep]
        return Analysed(ids, X, self._tags(ids), group_names([known[int(i)] for i in ids]), feature_set)

    def _grow(self, feature_set: str) -> tuple[np.ndarray, np.ndarray]:
        old_ids, old_X, mark = self._kept.get(feature_set, (np.empty(0, np.int64), np.empty((0, 0), np.float32), 0))
        ids, X, mark = self._workspace.features.matrix(feature_set, after=mark)
        if len(ids):
            stays = ~np.isin(old_ids, ids)  # a track analysed again replaces its old row
            old_ids = np.concatenate([old_ids[stays], ids])
            old_X = np.vstack([old_X[stays], X]) if old_X.size else X
            self._kept[feature_set] = (old_ids, old_X, mark)
        return old_ids, old_X

    def _tags(self, ids: np.ndarray) -> np.ndarray | None:
        tag_ids, tags = self._grow("tags")
        if len(tag_ids) == 0:
            return None
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

    Rating: the ordered model. Genre: logistic regression, mixed with a prior from MusiCNN's tags that fades as labels
    come. Nearest neighbours are fitted beside both. Labels of what is left out, and of genres that are not to be
    trained, are not learned from.
    """
    values = learned_values(workspace, target, labels)
    rows = analysed.rows(values)
    y = np.array([values[int(i)] for i in analysed.ids[rows]], dtype=object)
    quick = _fit(target, analysed, rows, y)
    if target == "genre" and analysed.tags is not None and len(analysed.ids):
        table = genres.first_guesses(workspace, set(y))
        quick = _with_prior(quick, analysed, sorted({*table, *y}), table, len(y))
    if quick is None:
        return None
    return replace(quick, row_of={int(track_id): row for row, track_id in enumerate(analysed.ids)})


def learned_values(workspace: Workspace, target: str, labels: dict[int, Label]) -> dict[int, str]:
    """Return the values that are learned from by track; of genres each in one spelling, whatever was typed."""
    values = {i: label.value for i, label in scope.learnable(workspace, target, labels).items()}
    if target != "genre":
        return values
    spelt = genres.one_spelling(values.values(), genres.names(workspace))
    return {track_id: spelt[value] for track_id, value in values.items()}


def _fit(target: str, analysed: Analysed, rows: np.ndarray, y: np.ndarray) -> Quick | None:
    from labeling.targets import TARGETS, quick_ready

    if not quick_ready(list(y)):
        return None
    from models.evaluation import fit
    from models.registry import build

    kind = TARGETS[target].kind
    family = "ordered" if kind == "ordered" else "logistic"
    model = fit(build(family, kind), analysed.X[rows], y, analysed.groups[rows])
    neighbours = fit(build("knn", kind), analysed.X[rows], y, analysed.groups[rows])
    classes = tuple(str(c) for c in model.classes_)
    proba = model.predict_proba(analysed.X)
    return Quick(target, classes, analysed.ids, proba, family, _aligned(neighbours, analysed.X, classes))


def _aligned(model: object, X: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    from models.prior import align

    return align(model.predict_proba(X), [str(c) for c in model.classes_], classes)  # type: ignore[attr-defined]


def _with_prior(
    quick: Quick | None, analysed: Analysed, classes: list[str], table: dict[str, tuple[str, ...]], n_labels: int
) -> Quick:
    from models.prior import GenrePrior, align, blend

    assert analysed.tags is not None
    heard = ~np.isnan(analysed.tags).any(axis=1)
    first_guess = np.full((len(analysed.ids), len(classes)), 1 / len(classes))
    if heard.any():
        first_guess[heard] = GenrePrior(classes, table).fit(analysed.tags[heard]).predict_proba(analysed.tags[heard])
    if quick is None:
        return Quick("genre", tuple(classes), analysed.ids, first_guess, "prior")
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


# -- the order of asking -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ranked:
    """The next questions of a target, best first, and what the quick models thought then."""

    questions: tuple[tuple[int, float, str], ...]  # (track id, score, the sentence that says why)
    quick: Quick | None
    analysed: int  # tracks that could be learned from
    generation: int


def rank_now(
    workspace: Workspace,
    target: str,
    analysed: Analysed,
    *,
    n: int = RANKED,
    strategy: str = "auto",
    clusters: Clusters | None = None,
    generation: int = 0,
) -> Ranked:
    """Refit the quick models and order the tracks that could be asked next: none left out, none out of scope."""
    from labeling import queue

    labels = workspace.labels.current(target)
    quick = quick_model(workspace, target, analysed, labels)
    if len(analysed.ids) == 0:
        return Ranked((), quick, 0, generation)
    clusters = clusters or queue.cluster(analysed.X[taken_in(workspace, analysed)])
    learned = scope.learnable(workspace, target, labels)
    unwanted = scope.not_asked(workspace, target) | put_aside(workspace, target) | (labels.keys() - learned.keys())
    ranked = queue.rank(
        analysed.X,
        analysed.ids,
        analysed.groups,
        list(learned),
        target=target,
        proba=None if quick is None else quick.proba,
        exclude_ids=unwanted,
        clusters=clusters,
        strategy=strategy,
        n=n,
    )
    rows = {int(track_id): row for row, track_id in enumerate(analysed.ids)}
    first = [track_id for track_id, _, code in ranked if code == "cover"]
    like = {i: queue.tracks_like(clusters, analysed.X[rows[i]], len(rows)) for i in first}
    questions = tuple(
        (i, score, queue.why(code, proba=quick.of(i) if quick else None, like=like.get(i), target=target))
        for i, score, code in ranked
    )
    return Ranked(questions, quick, len(analysed.ids), generation)


def taken_in(workspace: Workspace, analysed: Analysed) -> np.ndarray:
    """Return the rows that are not left out; all of them when everything is."""
    left = scope.left_out(workspace, patient=True)
    if not left:
        return np.arange(len(analysed.ids))
    rows = np.flatnonzero(~np.isin(analysed.ids, np.fromiter(left, dtype=np.int64)))
    return rows if len(rows) else np.arange(len(analysed.ids))


def put_aside(workspace: Workspace, target: str, *, recent: bool = True) -> set[int]:
    """Return the tracks not to ask now: never wanted, or (recent) put aside within the last answers."""
    events = workspace.labels.history(limit=LATER, undone=False, source="person") if recent else []
    last = {event.event_id for event in events}
    return {
        track_id
        for track_id, event in workspace.labels.skipped(target).items()
        if event.value == "never" or event.event_id in last
    }


class Learner:
    """A thread that refits and re-ranks behind the screen; only the newest labels count.

    `wake` never waits. `ranked` returns the newest result for a target, None before the first.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._cache = FeatureCache(workspace)
        self._wanted = threading.Event()
        self._closed = False
        self._forgets = False
        self._ranked: dict[str, Ranked] = {}
        self._clusters: tuple[int, Clusters] | None = None
        self._generation = 0
        self._stamps: dict[str, object] = {}
        self._targets: tuple[str, ...] = ("rating", "genre")
        self._thread = threading.Thread(target=self._run, name="learner", daemon=True)
        self._thread.start()

    def wake(self, first: str = "rating") -> None:
        """Say that there are new labels or tracks; `first` is the target the person waits for."""
        self._targets = (first, *(t for t in ("rating", "genre") if t != first))
        self._wanted.set()

    def forget(self) -> None:
        """Begin anew: after a restore the same numbers may mean other tracks."""
        self._forgets = True
        self._ranked = {}
        self._wanted.set()

    def ranked(self, target: str) -> Ranked | None:
        """Return the newest order of asking for a target."""
        return self._ranked.get(target)

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._wanted.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._closed:
                return
            try:
                self._learn()
            except Exception:  # a model that cannot be fitted must not end the asking
                log.exception("The quick models could not be refitted")

    def _learn(self) -> None:
        from threadpoolctl import threadpool_limits

        if self._forgets:
            self._forgets = False
            self._cache, self._clusters, self._stamps = FeatureCache(self._workspace), None, {}
        analysed = self._cache.read()
        if len(analysed.ids) == 0:
            return
        with threadpool_limits(1):
            clusters = self._clusters_for(analysed)
            for place, target in enumerate(self._targets):
                stamp = (len(analysed.ids), self._workspace.labels.newest_id(target), scope.stamp(self._workspace))
                if place > 0 and self._stamps.get(target) == stamp:
                    continue  # nothing new to learn for what is not being asked
                self._stamps[target] = stamp
                self._generation += 1
                self._ranked[target] = rank_now(
                    self._workspace, target, analysed, clusters=clusters, generation=self._generation
                )
                if self._wanted.is_set():
                    return

    def _clusters_for(self, analysed: Analysed) -> Clusters:
        """Return the parts of what is not left out, cut anew whenever that is half as much again or less by a third."""
        from labeling import queue

        rows = taken_in(self._workspace, analysed)
        if self._clusters is None or not self._clusters[0] / 1.5 <= len(rows) <= 1.5 * self._clusters[0]:
            self._clusters = (len(rows), queue.cluster(analysed.X[rows]))
        return self._clusters[1]
