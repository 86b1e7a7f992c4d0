"""Long work: one coordinator per home runs it in lanes, either front door may become the coordinator."""

from __future__ import annotations

import importlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from filelock import FileLock, Timeout

from core.errors import Cancelled, EarmarkError, HomeBusyError, StorageError
from core.records import Job
from services.workspace import Workspace

log = logging.getLogger(__name__)

LANES: dict[str, tuple[str, ...]] = {  # one job at a time in each, so that an import never waits for hours of analysis
    "import": ("import", "demo", "rescan"),
    "analysis": ("analyze",),
    "training": ("retrain", "use_run"),
    "lyrics": ("lyrics",),  # waits for the internet most of the time
}
RUNNERS: dict[str, tuple[str, str]] = {  # kind -> module and function (workspace, params, report), imported when needed
    "import": ("services.library", "run"),
    "demo": ("services.library", "run_demo"),
    "rescan": ("services.rescan", "run"),
    "analyze": ("services.analysis", "run"),
    "retrain": ("services.training", "run"),
    "use_run": ("services.runs", "run"),
    "lyrics": ("services.lyrics_search", "run"),
}
REPORT_EVERY = 0.4  # seconds between two writes of progress
POLL = 0.25  # seconds between two looks for work

Report = Callable[[dict[str, Any]], None]


class _PausedError(Exception):
    """The person asked for a pause: the job goes on later from what is kept."""


class _InterruptedError(Exception):
    """The coordinator ends: the job is queued again and goes on at the next start."""


def lane_of(kind: str) -> str:
    """Return the lane a kind of job runs in."""
    return next(lane for lane, kinds in LANES.items() if kind in kinds)


def submit(workspace: Workspace, kind: str, params: dict[str, Any] | None = None) -> int:
    """Queue a job, or return the one already open with the same wish."""
    for job in workspace.jobs.open(kind=kind):
        if job.params == (params or {}):
            if job.state == "paused":
                workspace.jobs.wish(job.id, None)
            return job.id
    return workspace.jobs.add(kind, lane_of(kind), params)


def carry_out(
    workspace: Workspace, kind: str, params: dict[str, Any], progress: Report | None = None
) -> dict[str, Any]:
    """Queue a job and wait for its end, as the coordinator when no other process is.

    Raises
    ------
    EarmarkError
        What the job failed with.
    Cancelled
        The person stopped it.
    """
    job_id = submit(workspace, kind, params)
    while True:
        try:
            Coordinator(workspace).run(until=job_id, progress=progress)
        except HomeBusyError:
            time.sleep(POLL)
        job = workspace.jobs.get(job_id)
        if progress is not None and job.progress:
            progress(job.progress)
        if job.state == "done":
            return job.result or {}
        if job.state == "cancelled":
            raise Cancelled("Stopped. Everything done so far is kept.")
        if job.state == "failed":
            raise EarmarkError(job.error or "It failed without saying why.")


class Coordinator:
    """The one process of a home that runs jobs and writes what they find."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stop = threading.Event()
        self._busy: dict[str, int] = {}

    def run(
        self,
        *,
        until: int | None = None,
        idle: float | None = None,
        alive: Callable[[], bool] = lambda: True,
        progress: Report | None = None,
    ) -> None:
        """Run jobs until told to stop.

        Parameters
        ----------
        until : int, optional
            Return when this job is over.
        idle : float, optional
            Return after so many seconds without work.
        alive : callable
            Return when it says False.
        progress : callable, optional
            Called with the progress of job `until`.

        Raises
        ------
        HomeBusyError
            Another process is the coordinator.
        """
        lock = FileLock(self._workspace.home / "coordinator.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise HomeBusyError(f"Another Earmark is working in {self._workspace.home}.") from None
        threads = [threading.Thread(target=self._work, args=(lane,), name=lane, daemon=True) for lane in LANES]
        try:
            self._workspace.jobs.requeue_interrupted()
            for thread in threads:
                thread.start()
            self._watch(until, idle, alive, progress)
        except KeyboardInterrupt:
            if until is not None:
                self._workspace.jobs.wish(until, "cancel")
            raise
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(timeout=4)
            lock.release()

    def stop(self) -> None:
        """End soon; what runs is queued again."""
        self._stop.set()

    def _watch(self, until: int | None, idle: float | None, alive: Callable[[], bool], progress: Report | None) -> None:
        last_busy = time.monotonic()
        while not self._stop.wait(POLL) and alive():
            if until is not None:
                job = self._workspace.jobs.get(until)
                if progress is not None and job.progress:
                    progress(job.progress)
                if job.state not in ("queued", "running"):
                    return
            if self._busy or self._workspace.jobs.open():
                last_busy = time.monotonic()
            elif idle is not None and time.monotonic() - last_busy > idle:
                return

    def _work(self, lane: str) -> None:
        while not self._stop.is_set():
            try:
                job = self._workspace.jobs.take(lane)
                if job is None:
                    self._stop.wait(POLL)
                    continue
                self._busy[lane] = job.id
                self._run(job)
            except StorageError:  # a full disk, say: end, so that the next coordinator queues it again
                log.exception("The %s lane could not read or write", lane)
                self._stop.set()
            finally:
                self._busy.pop(lane, None)

    def _run(self, job: Job) -> None:
        finish = self._workspace.jobs.finish
        try:
            module, function = RUNNERS[job.kind]
            runner = getattr(importlib.import_module(module), function)
            finish(job.id, "done", result=runner(self._workspace, job.params, self._reporter(job.id)))
        except Cancelled:
            finish(job.id, "cancelled")
        except _PausedError:
            finish(job.id, "paused")
        except _InterruptedError:
            self._workspace.jobs.requeue_interrupted_job(job.id)
        except EarmarkError as error:
            finish(job.id, "failed", error=str(error))
        except Exception as error:
            log.exception("Job %s (%s) failed", job.id, job.kind)
            message = f"{job.kind} stopped ({type(error).__name__}: {error}). What was done is kept; try again."
            finish(job.id, "failed", error=message)

    def _reporter(self, job_id: int) -> Report:
        last = -REPORT_EVERY

        def report(progress: dict[str, Any]) -> None:
            nonlocal last
            if self._stop.is_set():
                raise _InterruptedError
            if time.monotonic() - last < REPORT_EVERY:
                return
            last = time.monotonic()
            wish = self._workspace.jobs.report(job_id, progress)
            if wish == "cancel":
                raise Cancelled("Stopped.")
            if wish == "pause":
                raise _PausedError

        return report
