"""Listening to every track that waits: children hear, the coordinator keeps, and a stop loses nothing.

Three passes, each only where it has something to do: a few seconds of every track of a large new library, so that all
of it can be asked about early; every track whole; and what an older version measured, measured anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, Literal

from core.errors import DecodeError, EarmarkError
from core.records import Analysis, Task
from core.settings import default_cores
from data.tracks import Pending
from services import datasets, drives, identity, predicting, targets
from services.jobs import Report, carry_out, submit
from services.meter import Meter
from services.pool import map_unordered, reason_of
from services.waiting import Waiting
from services.workspace import Workspace

GIVEN_UP = "not_measured_anew"  # setting: path -> what the file was when measuring it anew failed
QUICK_FROM = 300  # tracks nobody has heard: fewer are soon heard whole
LOOK_EVERY = 50  # tasks handed out between two looks whether a quick pass has become worth it
LIMIT_SECONDS = 120.0  # for any file, however short
SLOWEST_DISK = 0.5e6  # bytes a second: a larger file may take longer
CHILD_MB = 4_000  # TensorFlow and an hour of sound take 1,700

Outcome = tuple[Task, Analysis | BaseException]
Kept = Literal["kept", "a copy", "no longer here"]
Keep = Callable[[Workspace, Pending, Analysis], Kept]
GiveUp = Callable[[Workspace, Pending, str], list[dict[str, str]]]  # returns what to list as failed


def analyze(
    workspace: Workspace,
    *,
    cores: int | None = None,
    limit: int | None = None,
    retry: bool = False,
    scheduler: str | None = None,
    progress: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Analyse every track that waits, here or in the coordinator that is already running.

    Parameters
    ----------
    cores : int, optional
        Files heard at once on this computer.
    limit : int, optional
        Hear no more than so many.
    retry : bool
        Try what could not be read, too.
    scheduler : str, optional
        Address of a dask.distributed scheduler whose workers do the hearing: "tcp://192.168.1.5:8786".

    Returns
    -------
    dict
        analyzed, failed [{path, reason}], seconds, audio_seconds, realtime_factor, in_passing (tracks of which a few
        seconds were heard first), renewed (tracks of which something was measured anew), copies (files among the
        analysed that hold a recording already known, and are now one track with it).

    Raises
    ------
    EarmarkError
        The scheduler's address is none, it cannot be reached, or an analysis without it is under way.
    """
    if scheduler is not None:
        _check_scheduler(workspace, scheduler)
    params = {"cores": cores, "limit": limit, "retry": retry, "scheduler": scheduler}
    return carry_out(workspace, "analyze", {k: v for k, v in params.items() if v}, progress)


def _check_scheduler(workspace: Workspace, address: str) -> None:
    if not re.fullmatch(r"[a-z]+://\S+:\d+", address):
        raise EarmarkError(f"{address!r} is no address of a scheduler. Write it as tcp://HOST:8786.")
    if any(job.params.get("scheduler") != address for job in workspace.jobs.open(kind="analyze")):
        raise EarmarkError("An analysis is under way on this computer. Stop it first, then start it with --scheduler.")


def has_embedding() -> bool:
    """Tell whether tracks get the MusiCNN embedding here, or descriptors only; TensorFlow is not imported for it."""
    from audio import musicnn

    return musicnn.available()


def start(workspace: Workspace) -> int | None:
    """Queue the analysis of what waits, unless it is queued or running; return the job's number."""
    open_jobs = workspace.jobs.open(kind="analyze")
    if open_jobs:
        return open_jobs[0].id
    if not Waiting.whole(workspace).count() and not workspace.tracks.unverified() and not outdated(workspace):
        return None
    return workspace.jobs.add("analyze", "analysis")


def was_stopped(workspace: Workspace) -> bool:
    """Say whether the person stopped or paused the newest analysis: then none starts by itself."""
    job = workspace.jobs.latest("analyze")
    return job is not None and job.state in ("cancelled", "paused")


def run(workspace: Workspace, params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Do the job: the runner that the coordinator calls; moved files are compared with what was heard of them."""
    from audio.analyse import one_thread

    one_thread()  # the children inherit it; later would be too late for their numpy
    job = _Listening(workspace, params, report)
    job.settle_unchanged()
    while True:
        job.hear_all()
        if identity.verify(workspace, report)["parted"] and job.waits():
            continue
        identity.recognise(workspace)
        job.renew()
        if not job.waits():
            break
    forget_unneeded(workspace)
    predicting.predict_new(workspace)
    for target in predicting.outdated(workspace):
        if datasets.missing(workspace, target) is None:
            submit(workspace, "retrain", {"target": target})
    return job.result()


@dataclass
class _Pass:
    """Files that are heard in one way, what becomes of them, and how far that has come."""

    queue: Waiting
    meter: Meter
    keep: Keep
    give_up: GiveUp


class _Listening:
    """One job under way: its wishes, and how far each pass has come."""

    def __init__(self, workspace: Workspace, params: dict[str, Any], report: Report) -> None:
        self.workspace = workspace
        self.params = params
        self.report = report
        self.limit: int | None = params.get("limit")
        if params.get("retry"):
            workspace.features.drop_broken()  # numbers that are none are measured again
        whole = Waiting.whole(workspace, retry=bool(params.get("retry")), limit=self.limit)
        unheard = Waiting(workspace, partial(_for_quick_pass, workspace), quick=True)
        older = Waiting(workspace, partial(outdated, workspace, retry=bool(params.get("retry"))))
        self.quick = _Pass(unheard, Meter(0, "quick"), keep_quick, _ignored)
        self.whole = _Pass(whole, Meter(whole.count()), keep, _unreadable)
        self.anew = _Pass(older, Meter(0, "anew"), keep_renewed, _as_it_was)
        self.copies = 0  # files that turned out to hold a recording already known
        self.remark: dict[str, str] = {}  # said instead of the numbers, while there is something to say
        report(self.whole.meter.progress())

    def settle_unchanged(self) -> None:
        """Let files whose sound is still the same be as they were, without decoding: retagged, copied, restored."""
        if self.limit is None:
            self.whole.meter.done += _settle_unchanged(self.workspace, self.report)

    def waits(self) -> bool:
        """Say whether something is to be heard whole, perhaps because it came in meanwhile."""
        return self.whole.queue.count() > 0

    def hear_all(self) -> None:
        """Hear and keep everything that waits, first in passing where that is worth it."""
        while self.waits():
            self.hear([self.quick, self.whole] if self.worth_a_quick_pass() else [self.whole])
        self.report(self.whole.meter.progress())

    def renew(self) -> None:
        """Measure anew what an older version measured, unless something new waits; meanwhile the older serves."""
        while self.limit is None and self.anew.queue.count() and not self.waits():
            self.hear([self.anew])

    def worth_a_quick_pass(self) -> bool:
        """Say whether most of the library was never heard, and that is much; or whether such a pass was broken off."""
        if self.limit is not None:
            return False
        counts = self.workspace.tracks.count()
        in_passing = counts.get("quick", 0)
        heard = counts.get("analysed", 0) + counts.get("partly", 0) - in_passing
        if in_passing and counts.get("new") and _serves_in_passing(self.workspace):
            return self.quick.queue.count() > 0
        return counts.get("new", 0) >= max(QUICK_FROM, heard) and self.quick.queue.count() >= QUICK_FROM

    def hear(self, passes: Sequence[_Pass]) -> None:
        """Hear what waits, pass after pass in the same children, as long as nothing else is wished for."""
        waiting = [each.queue.count() for each in passes]
        for each, count in zip(passes, waiting, strict=True):
            each.meter.total = max(each.meter.total, each.queue.seen + count)
        cores, now = self.cores(), passes[0]
        of_task = {each.queue.quick: each for each in passes}
        go_on = self._as_wished(cores, passes[0])
        tasks = chain.from_iterable(each.queue.tasks(go_on) for each in passes)

        def tick() -> None:
            self.whole.meter.look()
            self.report(now.meter.progress() | self.remark)

        for task, outcome in self._outcomes(tasks, min(cores, max(waiting)), tick):
            now = of_task[task.quick]
            self._take(now, task, outcome)

    def _take(self, now: _Pass, task: Task, outcome: Analysis | BaseException) -> None:
        """Keep what was heard of a file, or say why there is nothing."""
        pending = now.queue.taken(task.path)
        if isinstance(outcome, Analysis):
            kept = now.keep(self.workspace, pending, outcome)
            self.copies += kept == "a copy"
            if kept != "no longer here":
                now.meter.heard(outcome.duration)
        elif not os.path.exists(task.path):
            now.meter.failed += _gone(self.workspace, task.path, now.queue)
        else:
            now.meter.failed += now.give_up(self.workspace, pending, reason_of(outcome))
        now.meter.total = max(now.meter.total, now.queue.seen)

    def cores(self) -> int:
        """Return how many files are heard at once, as the job or else the person wishes it now."""
        return max(1, int(self.params.get("cores") or self.workspace.settings.get("cores") or default_cores()))

    def _as_wished(self, cores: int, first: _Pass) -> Callable[[], bool]:
        """Return what says whether to go on as now: as many cores, and nothing came that goes before."""
        asked = 0

        def go_on() -> bool:
            nonlocal asked
            asked += 1
            return self.cores() == cores and not (asked % LOOK_EVERY == 0 and goes_before())

        def goes_before() -> bool:
            if first is self.anew:
                return self.waits()
            return first is self.whole and self.worth_a_quick_pass()

        return go_on

    def _outcomes(self, tasks: Iterable[Task], children: int, tick: Callable[[], None]) -> Iterator[Outcome]:
        """Hear tasks in children here, or on a cluster."""
        from audio.analyse import analyse_in_worker, start_worker

        if address := self.params.get("scheduler"):
            from services.cluster import map_on_cluster

            return map_on_cluster(address, tasks, tick=tick, note=self._remark, limit_seconds=_limit_seconds)
        return map_unordered(
            analyse_in_worker,
            tasks,
            children=children,  # no more than there are files: each takes some seconds to start
            start=start_worker,
            tick=tick,
            limit_seconds=_limit_seconds,
            memory_mb=CHILD_MB,
        )

    def _remark(self, sentence: str | None) -> None:
        self.remark = {} if sentence is None else {"sentence": sentence}

    def result(self) -> dict[str, Any]:
        """Return the figures of the whole run."""
        self.whole.meter.failed += self.anew.meter.failed
        self.whole.meter.audio_seconds += self.anew.meter.audio_seconds
        return {
            **self.whole.meter.result(),
            "in_passing": self.quick.meter.done,
            "renewed": self.anew.meter.done,
            "copies": self.copies,
        }


def _limit_seconds(task: Task) -> float:
    """Return how long a file may take before it is given up."""
    try:
        return LIMIT_SECONDS + os.stat(task.path).st_size / SLOWEST_DISK
    except OSError:
        return LIMIT_SECONDS


def _settle_unchanged(workspace: Workspace, report: Report) -> int:
    from audio.identity import content_id

    sets = {*wanted_versions()} - {"signature"}  # what lacks something is measured anew later, without a new hearing
    known = [pending for pending in workspace.tracks.to_analyse() if pending.content_id is not None]
    settled = 0
    for done, pending in enumerate(known):
        report({"done": done, "total": len(known), "sentence": f"Checking changed files: {done:,} of {len(known):,}"})
        if not workspace.features.has(pending.track_id, sets):
            continue
        try:
            found = content_id(pending.path)
        except DecodeError:
            continue
        if found == pending.content_id:
            track = workspace.tracks.get(pending.track_id)
            seconds = track.duration or 0.0
            workspace.tracks.mark_analysed(track.id, found, duration=seconds, note=track.reason, path=pending.path)
            settled += 1
    return settled


# -- what waits ----------------------------------------------------------------------------------------


def wanted_versions() -> dict[str, int]:
    """Return the feature sets a track should have here, and their versions."""
    from audio.analyse import FEATURE_VERSIONS

    without = () if has_embedding() else ("musicnn", "tags")
    return {name: version for name, version in FEATURE_VERSIONS.items() if name not in without}


def outdated(workspace: Workspace, *, retry: bool = False) -> list[Pending]:
    """Return the files of tracks of which something was never measured, or by an older version.

    Those that could not be measured anew are left out until they change, or with `retry`.
    """
    from audio import outline

    due = workspace.features.due(wanted_versions(), outline.VERSION)
    files = [pending for pending in workspace.tracks.analysed_files() if pending.track_id in due] if due else []
    given_up = {} if retry else workspace.settings.get(GIVEN_UP, {})
    return [
        Pending(pending.track_id, pending.path, pending.content_id, due[pending.track_id])
        for pending in files
        if os.path.exists(pending.path) and given_up.get(pending.path) != _stamp(pending.path)
    ]


def _for_quick_pass(workspace: Workspace) -> list[Pending]:
    """Return what was never heard, and before it what was heard whole but not in passing: a model needs both alike."""
    from audio.analyse import QUICK_VERSIONS

    wanted = wanted_versions()
    lacking = workspace.features.due({name: version for name, version in QUICK_VERSIONS.items() if name in wanted})
    heard = [pending for pending in workspace.tracks.analysed_files() if pending.track_id in lacking]
    return heard + workspace.tracks.unheard()


def _serves_in_passing(workspace: Workspace) -> bool:
    """Say whether the models learn from what was heard in passing now."""
    return any((workspace.features.version(name) or 0) < 0 for name in ("musicnn", "descriptors"))


def forget_unneeded(workspace: Workspace) -> int:
    """Delete versions that nothing needs: all that can be heard has the newest, and no current model knows another."""
    used = [run.versions for run in map(workspace.model_runs.current, targets.every(workspace)) if run is not None]
    gone: dict[str, list[int]] = {}
    for name, newest in wanted_versions().items():
        kept = {newest, *(versions[name] for versions in used if name in versions)}
        if workspace.features.version(name) == newest and not workspace.features.lacks(name, newest):
            gone[name] = [other for other in workspace.features.versions().get(name, {}) if other not in kept]
    return workspace.features.drop(gone)


# -- keeping -------------------------------------------------------------------------------------------


def keep(workspace: Workspace, heard: Pending, analysis: Analysis) -> Kept:
    """Write what was heard; a row that turns out to be a known recording is merged with it."""
    track = workspace.tracks.by_path(heard.path)
    if track is None:  # it went out of the library meanwhile, with an act that was taken back
        return "no longer here"
    assert analysis.content_id is not None
    # Vectors first: a track killed between the two would count as analysed and never be heard again.
    _put(workspace, track.id, analysis)
    kept_id = workspace.tracks.mark_analysed(
        track.id, analysis.content_id, duration=analysis.duration, note=analysis.note, path=heard.path
    )
    if kept_id != track.id:  # merged: its vectors went with the row
        _put(workspace, kept_id, analysis)
    copy = len(workspace.tracks.paths_of(kept_id)) > 1 and kept_id != track.id
    return "a copy" if copy else "kept"


def keep_quick(workspace: Workspace, heard: Pending, analysis: Analysis) -> Kept:
    """Write what was heard in passing; the track waits for the whole."""
    from audio.analyse import QUICK_VERSIONS

    track = workspace.tracks.by_path(heard.path)
    if track is None:
        return "no longer here"
    workspace.features.put(track.id, analysis.features, QUICK_VERSIONS)
    workspace.tracks.mark_quick(track.id, duration=analysis.duration)
    return "kept"


def keep_renewed(workspace: Workspace, heard: Pending, analysis: Analysis) -> Kept:
    """Write what was measured anew, where the file still holds what was heard then; else it is to be looked into."""
    track = workspace.tracks.by_path(heard.path)  # not by its number: it may be another track's file by now
    if track is None:
        return "no longer here"
    if analysis.content_id != heard.content_id:
        workspace.tracks.mark_verified(heard.path, None)
        return "no longer here"
    _put(workspace, track.id, analysis)
    return "kept"


def _put(workspace: Workspace, track_id: int, analysis: Analysis) -> None:
    from audio import outline
    from audio.analyse import FEATURE_VERSIONS

    workspace.features.put(track_id, analysis.features, FEATURE_VERSIONS)
    if analysis.outline is not None:
        workspace.outlines.put(track_id, analysis.outline, outline.VERSION)


# -- giving up -----------------------------------------------------------------------------------------


def _unreadable(workspace: Workspace, pending: Pending, reason: str) -> list[dict[str, str]]:
    workspace.tracks.mark(pending.track_id, "unreadable", reason)
    return [{"path": pending.path, "reason": reason}]


def _as_it_was(workspace: Workspace, pending: Pending, reason: str) -> list[dict[str, str]]:
    """Leave what was heard of a file that cannot be heard anew, and do not try again before it changes."""
    given_up = workspace.settings.get(GIVEN_UP, {})
    workspace.settings.set(GIVEN_UP, {**given_up, pending.path: _stamp(pending.path)})
    return [{"path": pending.path, "reason": reason}]


def _stamp(path: str) -> list[float]:
    """Return what changes with a file, and with what would be measured in it; nothing where it is not there."""
    from audio.analyse import VERSIONS

    with suppress(OSError):
        about = os.stat(path)
        return [about.st_size, about.st_mtime, *VERSIONS.values()]
    return []


def _ignored(workspace: Workspace, pending: Pending, reason: str) -> list[dict[str, str]]:
    """Leave the verdict to the whole hearing: what cannot be heard in passing may still be read from its beginning."""
    return []


def _gone(workspace: Workspace, path: str, queue: Waiting) -> list[dict[str, str]]:
    """Leave a file that is not there now waiting; say so only when its drive is there and the file is not."""
    queue.avoid(drives.look(workspace).closed)
    gone = drives.certainly_gone(workspace, drives.stat_all([path])[1])
    workspace.tracks.mark_files_missing(gone)
    return [{"path": path, "reason": "it is no longer there"} for path in gone]
