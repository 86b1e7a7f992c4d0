"""Listening to every track that waits: children hear, the coordinator keeps, and a stop loses nothing."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from core.errors import DecodeError
from core.records import Analysis
from core.settings import default_cores
from data.tracks import Pending
from services import drives, identity, training
from services.jobs import Report, carry_out
from services.pool import map_unordered
from services.workspace import Workspace

WINDOW = 30.0  # seconds over which speed is measured, so that time left settles and still follows
ASLEEP = 10.0  # seconds without a look at the clock: the computer slept, or the process was stopped


def analyze(
    workspace: Workspace,
    *,
    cores: int | None = None,
    limit: int | None = None,
    retry: bool = False,
    progress: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Analyse every track that waits, here or in the coordinator that is already running.

    Returns
    -------
    dict
        analyzed, failed [{path, reason}], seconds, audio_seconds, realtime_factor.
    """
    params = {"cores": cores, "limit": limit, "retry": retry}
    return carry_out(workspace, "analyze", {k: v for k, v in params.items() if v}, progress)


def has_embedding() -> bool:
    """Tell whether tracks get the MusiCNN embedding here, or descriptors only; TensorFlow is not imported for it."""
    from audio import musicnn

    return musicnn.available()


def start(workspace: Workspace) -> int | None:
    """Queue the analysis of what waits, unless it is queued or running; return the job's number."""
    open_jobs = workspace.jobs.open(kind="analyze")
    if open_jobs:
        return open_jobs[0].id
    if not Waiting(workspace, retry=False, limit=1).count() and not workspace.tracks.unverified():
        return None
    return workspace.jobs.add("analyze", "analysis")


def was_stopped(workspace: Workspace) -> bool:
    """Say whether the person stopped or paused the newest analysis: then none starts by itself."""
    job = workspace.jobs.latest("analyze")
    return job is not None and job.state in ("cancelled", "paused")


def run(workspace: Workspace, params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Do the job: the runner that the coordinator calls; moved files are compared with what was heard of them."""
    from audio.analyse import one_thread

    queue = Waiting(workspace, retry=bool(params.get("retry")), limit=params.get("limit"))
    meter = Meter(total=queue.count())
    one_thread()  # the children inherit it; later would be too late for their numpy
    report(meter.progress())
    if params.get("limit") is None:
        _settle_unchanged(workspace, meter, report)
    _listen(workspace, params, queue, meter, report)
    if identity.verify(workspace, report)["parted"]:
        _listen(workspace, params, queue, meter, report)
    identity.recognise(workspace)
    training.predict_new(workspace)
    return meter.result()


def _settle_unchanged(workspace: Workspace, meter: Meter, report: Report) -> None:
    """Let files whose sound is still the same be as they were, without decoding them: retagged, copied, restored."""
    from audio.analyse import FEATURE_VERSIONS
    from audio.identity import content_id

    spared = {"signature"} if has_embedding() else {"signature", "musicnn", "tags"}  # not worth hours of listening
    versions = {name: version for name, version in FEATURE_VERSIONS.items() if name not in spared}
    known = [pending for pending in workspace.tracks.to_analyse() if pending.content_id is not None]
    for done, pending in enumerate(known):
        report({"done": done, "total": len(known), "sentence": f"Checking changed files: {done:,} of {len(known):,}"})
        if not workspace.features.complete(pending.track_id, versions):
            continue
        try:
            found = content_id(pending.path)
        except DecodeError:
            continue
        if found == pending.content_id:
            track = workspace.tracks.get(pending.track_id)
            seconds = track.duration or 0.0
            workspace.tracks.mark_analysed(track.id, found, duration=seconds, note=track.reason, path=pending.path)
            meter.done += 1


def _listen(workspace: Workspace, params: dict[str, Any], queue: Waiting, meter: Meter, report: Report) -> None:
    """Hear and keep everything that waits."""
    from audio.analyse import analyse_in_worker, start_worker

    while waiting := queue.count():  # again when an import added more meanwhile, or other cores are wished for
        cores = _cores(workspace, params)
        outcomes = map_unordered(
            analyse_in_worker,
            queue.paths(go_on=partial(_still, workspace, params, cores)),
            children=min(cores, waiting),  # each child takes some seconds to start
            start=start_worker,
            tick=lambda: report(meter.progress()),
        )
        for path, outcome in outcomes:
            pending = queue.taken(path)
            if isinstance(outcome, Analysis):
                keep(workspace, pending, outcome)
                meter.heard(outcome.duration)
            elif os.path.exists(path):
                reason = reason_of(outcome)
                workspace.tracks.mark(pending.track_id, "unreadable", reason)
                meter.failed.append({"path": path, "reason": reason})
            else:
                meter.failed += _gone(workspace, path, queue)
            meter.total = max(meter.total, queue.seen)
    report(meter.progress())


def _cores(workspace: Workspace, params: dict[str, Any]) -> int:
    """Return how many files are heard at once, as the job or else the person wishes it now."""
    return max(1, int(params.get("cores") or workspace.settings.get("cores") or default_cores()))


def _still(workspace: Workspace, params: dict[str, Any], cores: int) -> bool:
    return _cores(workspace, params) == cores


def _gone(workspace: Workspace, path: str, queue: Waiting) -> list[dict[str, str]]:
    """Leave a file that is not there now waiting; say so only when its drive is there and the file is not."""
    queue.avoid(drives.look(workspace).closed)
    gone = drives.certainly_gone(workspace, drives.stat_all([path])[1])
    workspace.tracks.mark_files_missing(gone)
    return [{"path": path, "reason": "it is no longer there"} for path in gone]


class Waiting:
    """The files that wait, looked up again when all are taken: an import may have added more meanwhile."""

    def __init__(self, workspace: Workspace, *, retry: bool, limit: int | None) -> None:
        self._workspace = workspace
        self._retry = retry
        self._limit = limit
        self._tried: set[int] = set()
        self._taken: dict[str, Pending] = {}
        self._avoided: tuple[str, ...] = ()
        self._looks_again = False
        self.seen = 0

    def count(self) -> int:
        """Return how many wait now and were not handed out."""
        return len(self._fresh())

    def paths(self, go_on: Callable[[], bool] = lambda: True) -> Iterator[str]:
        """Yield the path of each file once, while `go_on` says so."""
        while fresh := self._fresh():
            for pending in fresh:
                if not go_on():
                    return
                if self._looks_again:
                    break
                self._tried.add(pending.track_id)
                self._taken[pending.path] = pending
                self.seen += 1
                yield pending.path

    def avoid(self, folders: tuple[str, ...]) -> None:
        """Hand out no more files of these folders, nor of drives that turned out to be away."""
        self._avoided = folders
        self._looks_again = True

    def _fresh(self) -> list[Pending]:
        self._looks_again = False
        left = None if self._limit is None else self._limit - self.seen
        if left is not None and left <= 0:
            return []
        avoided = [*self._workspace.roots.away(), *self._avoided]
        batch = self._workspace.tracks.to_analyse(retry=self._retry, limit=None if avoided else self._limit)
        fresh = [pending for pending in batch if pending.track_id not in self._tried]
        return [pending for pending in fresh if not drives.is_below(pending.path, avoided)][:left]

    def taken(self, path: str) -> Pending:
        """Return what was handed out under this path."""
        return self._taken.pop(path)


@dataclass
class Meter:
    """How much was heard, how fast, and how long the rest will take."""

    total: int
    done: int = 0
    audio_seconds: float = 0.0
    failed: list[dict[str, str]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    first: float | None = None  # when the first track was done: before it the children were starting
    recent: deque[tuple[float, float]] = field(default_factory=deque)
    looked: float | None = None  # at the clock, last

    def heard(self, seconds: float) -> None:
        """Count one analysed track."""
        moment = self._awake()
        self.first = self.first or moment
        self.done += 1
        self.audio_seconds += seconds
        self.recent.append((moment, seconds))
        while self.recent and moment - self.recent[0][0] > WINDOW:
            self.recent.popleft()

    def progress(self) -> dict[str, Any]:
        """Return the numbers shown while it runs; speed and time left are None until they mean something."""
        moment = self._awake()
        finished = self.done + len(self.failed)
        numbers: dict[str, Any] = {"done": finished, "total": self.total, "failed": len(self.failed)}
        span = moment - self.recent[0][0] if len(self.recent) >= 3 else 0.0
        if self.first is None and not self.failed and self.total:
            numbers["sentence"] = f"Getting ready to listen to {self.total:,} track{'' if self.total == 1 else 's'}"
        if span > 1.0:
            per_second = (len(self.recent) - 1) / span
            numbers["tracks_per_second"] = round(per_second, 2)
            numbers["realtime_factor"] = round(sum(s for _, s in list(self.recent)[1:]) / span, 1)
            numbers["seconds_left"] = round((self.total - finished) / per_second, 1)
        return numbers

    def _awake(self) -> float:
        """Return this moment; after a sleep speed is measured anew, and the sleep is no time of work."""
        moment = time.monotonic()
        if self.looked is not None and (slept := moment - self.looked) > ASLEEP:
            self.recent.clear()
            self.started += slept
        self.looked = moment
        return moment

    def result(self) -> dict[str, Any]:
        """Return the figures of the whole run."""
        seconds = time.monotonic() - self.started
        return {
            "analyzed": self.done,
            "failed": self.failed,
            "seconds": round(seconds, 2),
            "audio_seconds": round(self.audio_seconds, 1),
            "realtime_factor": round(self.audio_seconds / seconds, 1) if seconds else 0.0,
        }


def keep(workspace: Workspace, heard: Pending, analysis: Analysis) -> None:
    """Write what was heard; a row that turns out to be a known recording is merged with it."""
    from audio.analyse import FEATURE_VERSIONS

    track = workspace.tracks.by_path(heard.path)
    if track is None:  # it went out of the library meanwhile, with an act that was taken back
        return
    # Vectors first: a track killed between the two would count as analysed and never be heard again.
    workspace.features.put(track.id, analysis.features, FEATURE_VERSIONS)
    kept_id = workspace.tracks.mark_analysed(
        track.id, analysis.content_id, duration=analysis.duration, note=analysis.note, path=heard.path
    )
    if kept_id != track.id:  # merged: its vectors went with the row
        workspace.features.put(kept_id, analysis.features, FEATURE_VERSIONS)


def reason_of(error: BaseException | Analysis) -> str:
    """Say in plain words why a file was not analysed."""
    if isinstance(error, DecodeError):
        return error.reason
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    if type(error).__name__ == "BrokenProcessPool":
        return "reading it makes the decoder crash"
    return f"something unexpected went wrong ({type(error).__name__}: {error})"
