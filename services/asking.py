"""What to ask next: the order of asking, ranked again behind the screen after every answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from core.errors import Cancelled
from core.records import Question
from core.vocabulary import MSD_TAGS
from labeling import queue
from labeling.queue import Pick
from labeling.reasons import Facts, why
from labeling.strategies import Clusters, distances
from services import figures, scope, targets
from services.learning import Analysed, FeatureCache, Quick, learned_values, network_opinion, quick_model
from services.versions import Twin, twins
from services.workspace import Workspace

log = logging.getLogger(__name__)

FIRST = "rating"
RANKED = 60  # questions kept ready per target: a minute of the fastest answering
SPARE = 20  # ranked beyond these, because other versions of what was answered fall out
LATER = {"not now": 20, "don't know": 100}  # answers after which a track put aside may come back
NAMELESS = frozenset({"60s", "70s", "80s", "90s", "00s", "beautiful", "sexy", "catchy", "guitar"})  # no part sounds so


@dataclass(frozen=True)
class Part:
    """A part of the library that sounds alike."""

    name: str | None  # the word of MusiCNN that stands out in it: "ambient"
    tracks: int


@dataclass(frozen=True)
class Parts:
    """The library cut into parts, and what they sound like."""

    clusters: Clusters
    of: tuple[Part, ...]

    def near(self, x: np.ndarray) -> Part:
        """Return the part a track lies in."""
        return self.of[int(distances(self.clusters.standardise(np.atleast_2d(x)), self.clusters.centres).argmin())]


@dataclass(frozen=True)
class Ranked:
    """The next questions of a target, best first, and what the quick models thought then."""

    questions: tuple[Question, ...]
    quick: Quick | None
    analysed: int  # tracks that could be learned from
    generation: int
    heard: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))  # their ids
    versions: Mapping[int, Twin] = field(default_factory=dict)  # other versions of what was answered
    doubts: tuple[figures.Doubt, ...] = ()


# -- the order --------------------------------------------------------------------------------------------


def rank_now(
    workspace: Workspace,
    target: str,
    analysed: Analysed,
    *,
    n: int = RANKED,
    strategy: str = "earmark",
    parts: Parts | None = None,
    generation: int = 0,
    doubts: tuple[figures.Doubt, ...] = (),
) -> Ranked:
    """Refit the quick models and order the tracks that could be asked next.

    None that is left out, out of scope or put aside, and no other version of what was answered.
    """
    labels = workspace.labels.current(target)
    quick = quick_model(workspace, target, analysed, labels)
    if len(analysed.ids) == 0:
        return Ranked((), quick, 0, generation)
    parts = parts or cut(workspace, analysed)
    learned = scope.learnable(workspace, target, labels)
    unwanted = scope.not_asked(workspace, target) | put_aside(workspace, target) | (labels.keys() - learned.keys())
    picks = queue.rank(
        analysed.X,
        analysed.ids,
        analysed.groups,
        list(learned),
        target=targets.get(workspace, target),
        proba=None if quick is None else quick.proba,
        committee=_committee(strategy, quick, analysed, learned_values(workspace, target, labels)),
        exclude_ids=unwanted,
        clusters=parts.clusters,
        strategy=strategy,
        n=n + SPARE,
    )
    versions = twins(workspace, [pick.id for pick in picks], list(labels))
    chosen = [pick for pick in picks if pick.id not in versions][:n]
    questions = tuple(_in_words(chosen, target, quick, parts, analysed, strategy))
    return Ranked(questions, quick, len(analysed.ids), generation, analysed.ids, versions, doubts)


def _committee(
    strategy: str, quick: Quick | None, analysed: Analysed, values: Mapping[int, str]
) -> tuple[np.ndarray, ...]:
    """Return what other models think: the nearest neighbours, and a network where the strategy asks them all."""
    if quick is None or quick.neighbours is None:
        return ()
    if strategy != "committee":
        return (quick.neighbours,)
    rows = analysed.rows(values)
    y = np.array([values[int(i)] for i in analysed.ids[rows]], dtype=object)
    network = network_opinion(analysed, rows, y, quick.classes)
    return (quick.neighbours,) if network is None else (quick.neighbours, network)


def _in_words(
    picks: Sequence[Pick], target: str, quick: Quick | None, parts: Parts, analysed: Analysed, strategy: str
) -> list[Question]:
    """Give each pick its sentence and the guess of this moment."""
    rows = {int(track_id): row for row, track_id in enumerate(analysed.ids)} if picks else {}
    questions = []
    for pick in picks:
        proba = {} if quick is None else quick.of(pick.id)
        neighbours = {} if quick is None else quick.neighbours_of(pick.id)
        facts = Facts(target, proba, neighbours, like=pick.like)
        if pick.reason == "cover":
            part = parts.near(analysed.X[rows[pick.id]])
            facts = Facts(target, like=part.tracks, part=part.name)
        reason = "disagree" if pick.reason == "torn" and _disagree(proba, neighbours) else pick.reason
        questions.append(Question(pick.id, target, why(reason, facts), proba, strategy, float(pick.score), reason))
    return questions


def _disagree(proba: Mapping[str, float], neighbours: Mapping[str, float]) -> bool:
    """Say whether the model that speaks and its neighbours name different classes."""
    return bool(proba and neighbours) and next(iter(proba)) != next(iter(neighbours))


def put_aside(workspace: Workspace, target: str, *, recent: bool = True) -> set[int]:
    """Return the tracks not to ask now: never wanted, or (recent) put aside within the last answers."""
    events = workspace.labels.history(limit=max(LATER.values()), undone=False, source="person") if recent else []
    ago = {event.event_id: answers for answers, event in enumerate(events)}
    return workspace.labels.never() | {
        track_id
        for track_id, event in workspace.labels.skipped(target).items()
        if event.event_id in ago and ago[event.event_id] < LATER.get(event.value, 0)
    }


# -- parts of the library -----------------------------------------------------------------------------------


def cut(workspace: Workspace, analysed: Analysed) -> Parts:
    """Cut what is not left out into parts that sound alike, and name each by the word that stands out in it."""
    rows = taken_in(workspace, analysed)
    clusters = queue.cluster(analysed.X[rows])
    part = distances(clusters.standardise(analysed.X[rows]), clusters.centres).argmin(axis=1)
    tags = None if analysed.tags is None else _standing_out(analysed.tags[rows])
    of = [Part(_name(tags, part == number), int((part == number).sum())) for number in range(len(clusters.centres))]
    return Parts(clusters, tuple(of))


def taken_in(workspace: Workspace, analysed: Analysed) -> np.ndarray:
    """Return the rows that are not left out; all of them when everything is."""
    left = scope.left_out(workspace, patient=True)
    if not left:
        return np.arange(len(analysed.ids))
    rows = np.flatnonzero(~np.isin(analysed.ids, np.fromiter(left, dtype=np.int64)))
    return rows if len(rows) else np.arange(len(analysed.ids))


def _standing_out(tags: np.ndarray) -> np.ndarray:
    """Return how far each of MusiCNN's words stands out in each track, in standard deviations of the library."""
    logs = np.log(np.clip(tags[:, : len(MSD_TAGS)].astype(float), 1e-6, 1.0))
    heard = ~np.isnan(logs).any(axis=1)
    if not heard.any():
        return np.full_like(logs, np.nan)
    mean, spread = logs[heard].mean(axis=0), logs[heard].std(axis=0)
    return (logs - mean) / np.where(spread > 1e-6, spread, 1.0)


def _name(standing_out: np.ndarray | None, members: np.ndarray) -> str | None:
    """Return the word that stands out most in a part, None where none does."""
    if standing_out is None or not members.any():
        return None
    inside = standing_out[members]
    inside = inside[~np.isnan(inside).any(axis=1)]
    if len(inside) == 0:
        return None
    mean = np.array([-np.inf if tag in NAMELESS else m for tag, m in zip(MSD_TAGS, inside.mean(axis=0), strict=True)])
    best = int(mean.argmax())
    return MSD_TAGS[best].lower() if mean[best] > 0.5 else None  # half a deviation: less is nobody's word for it


# -- behind the screen ----------------------------------------------------------------------------------------


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
        self._parts: tuple[int, Parts] | None = None
        self._generation = 0
        self._stamps: dict[str, object] = {}
        self._doubts: dict[str, tuple[int, tuple[figures.Doubt, ...]]] = {}
        self._first = FIRST
        self._thread = threading.Thread(target=self._run, name="learner", daemon=True)
        self._thread.start()

    def wake(self, first: str = FIRST) -> None:
        """Say that there are new labels or tracks; `first` is the target the person waits for."""
        self._first = first
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
            self._cache, self._parts, self._stamps = FeatureCache(self._workspace), None, {}
            self._doubts = {}
        analysed = self._cache.read()
        if len(analysed.ids) == 0:
            return
        with threadpool_limits(1):
            parts = self._parts_for(analysed)
            wanted = self._targets()
            for place, target in enumerate(wanted):
                stamp = (len(analysed.ids), self._workspace.labels.newest_id(target), scope.stamp(self._workspace))
                if place > 0 and self._stamps.get(target) == stamp:
                    continue  # nothing new to learn for what is not being asked
                self._generation += 1
                self._learn_about(target, analysed, parts)
                self._stamps[target] = stamp
                if self._wanted.is_set():
                    return
            self._look_for_doubts(wanted[0], analysed)

    def _learn_about(self, target: str, analysed: Analysed, parts: Parts) -> None:
        """Rank one target; what is wrong with one must not end the asking about the others."""
        doubts = self._doubts.get(target, (0, ()))[1]
        try:
            self._ranked[target] = rank_now(
                self._workspace, target, analysed, parts=parts, generation=self._generation, doubts=doubts
            )
        except Exception:
            log.exception("The quick models of %s could not be refitted", target)

    def _targets(self) -> list[str]:
        """Return the targets to learn, the one the person waits for first."""
        known = targets.every(self._workspace)
        first = self._first if self._first in known else FIRST
        return list(dict.fromkeys([first, *targets.in_use(self._workspace)]))

    def _look_for_doubts(self, target: str, analysed: Analysed) -> None:
        """Look again, after every few answers, which answers all the others contradict."""
        labels = self._workspace.labels.current(target)
        looked, _ = self._doubts.get(target, (0, ()))
        if abs(len(labels) - looked) < figures.DOUBTS_EVERY:
            return
        with suppress(Cancelled):  # an answer came: it goes first, and the next look is not far
            found = figures.doubts_among(self._workspace, target, analysed, labels, should_stop=self._wanted.is_set)
            self._doubts[target] = (len(labels), found)
            if (ranked := self._ranked.get(target)) is not None:
                self._ranked[target] = replace(ranked, doubts=found)

    def _parts_for(self, analysed: Analysed) -> Parts:
        """Return the parts of what is not left out, cut anew whenever that is half as much again or less by a third."""
        rows = taken_in(self._workspace, analysed)
        if self._parts is None or not self._parts[0] / 1.5 <= len(rows) <= 1.5 * self._parts[0]:
            self._parts = (len(rows), cut(self._workspace, analysed))
        return self._parts[1]
