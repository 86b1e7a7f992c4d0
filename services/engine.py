"""What one app process holds for its home: the workspace, the learner, the desk and the coordinator's process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.errors import HomeBusyError, StorageError
from core.settings import home_path
from data.jobs import OPEN_STATES
from services import jobs, lyrics_search, lyrics_sources, visits
from services.asking import Learner
from services.backup import RESTORED
from services.desk import Desk
from services.mirror import mirror
from services.workspace import Workspace

LAUNCHER = "EARMARK_LAUNCHER"  # environment: the process that ends this one with itself
LOCK_SECONDS = 5.0  # for a server that is just ending
STAY_EVERY = 10.0  # seconds between two notes that the person is still here
MIRROR_EVERY = 5.0  # seconds at least between two looks whether a label changed
MIRROR_REST = 20  # times what the last one took: writing 100,000 labels must not slow the answers
MUSIC_COMES = ("import", "rescan", "demo", "analyze")  # jobs after which there may be words to look for
AT_START = {"at_start": True}  # the rescan nobody asked for: pages need not speak of it when nothing changed
PROJECT = Path(__file__).resolve().parent.parent


class Engine:
    """Everything the browser side works with; one per home and process."""

    def __init__(self, home: Path) -> None:
        self.workspace = Workspace(home)
        self._lock = FileLock(self.workspace.home / "server.lock")
        try:
            self._lock.acquire(timeout=LOCK_SECONDS)
        except Timeout:
            raise HomeBusyError(f"Another Earmark has {self.workspace.home} open. Use that one, or end it.") from None
        self.home_id = self.workspace.home_id
        self.learner = Learner(self.workspace)
        self.desk = Desk(self.workspace, self.learner)
        self.learner.wake()
        self._child: subprocess.Popen[bytes] | None = None
        self._stayed = 0.0  # when it was last noted that the person is here
        self._mirror_at = 0.0  # when to look next whether labels.csv is behind
        self._restored = self.workspace.settings.get(RESTORED)
        self._music_came: list[int | None] | None = None  # the jobs that brought music when lyrics were last looked for
        self._begin_visit()
        self._closed = threading.Event()
        self._guard = threading.Thread(target=self._look_after, name="coordinator-guard", daemon=True)
        self._guard.start()

    def submit(self, kind: str, params: dict[str, Any] | None = None) -> None:
        """Queue a job; a coordinator is started within half a second when none runs."""
        jobs.submit(self.workspace, kind, params)

    def begin_anew(self) -> None:
        """Drop all that is kept in memory of the library: a backup was put in its place."""
        self._restored = self.workspace.settings.get(RESTORED)
        self.workspace.memo.forget()
        self.learner.forget()
        self.desk.forget()

    def close(self) -> None:
        """End the coordinator and its children; what they were doing is queued again."""
        self._closed.set()
        self.learner.close()
        with suppress(StorageError):
            self._note_visit()
        mirror(self.workspace)
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(timeout=4)
            except subprocess.TimeoutExpired:
                self._child.kill()
        self._lock.release()

    def _begin_visit(self) -> None:
        """Note that the person is here, and look for what is new behind the screen."""
        with suppress(StorageError):  # neither is worth not starting
            visits.arrive(self.workspace)
            if self.workspace.roots.records() and self.workspace.settings.get("rescan_at_start", True):
                self.submit("rescan", AT_START)

    def _note_visit(self) -> None:
        """Note that the person is still here when a tab has spoken since the last note."""
        if self.desk.heard_from > self._stayed:
            self._stayed = time.monotonic()
            visits.stay(self.workspace)

    def _look_after(self) -> None:
        launcher = int(os.environ.get(LAUNCHER, "0"))
        while not self._closed.wait(0.5):
            if launcher and os.getppid() != launcher:  # it is gone: two servers of one home must not be
                os.kill(os.getpid(), signal.SIGTERM)
                return
            with suppress(StorageError):  # a busy or full disk may be better at the next look
                self._look_for_lyrics()
                self._keep_coordinator()
                if time.monotonic() - self._stayed > STAY_EVERY:
                    self._note_visit()
                if self.workspace.settings.get(RESTORED) != self._restored:  # by the terminal
                    self.begin_anew()
            self._mirror_labels()

    def _look_for_lyrics(self) -> None:
        """Look for the words of tracks that came, at the start and when a job that brings music has ended."""
        latest = [self.workspace.jobs.latest(kind) for kind in MUSIC_COMES]
        came = [None if job is None else job.id for job in latest]
        if came == self._music_came or any(job is not None and job.state in OPEN_STATES for job in latest):
            return
        self._music_came = came
        if lyrics_sources.by_itself(self.workspace) and lyrics_search.due(self.workspace):
            self.submit(lyrics_search.KIND, lyrics_search.BY_ITSELF)

    def _mirror_labels(self) -> None:
        """Bring labels.csv up to date now and then, here, where no answer waits for it."""
        began = time.monotonic()
        if began >= self._mirror_at:
            mirror(self.workspace)
            took = time.monotonic() - began
            self._mirror_at = began + max(MIRROR_EVERY, MIRROR_REST * took)

    def _keep_coordinator(self) -> None:
        """Start a coordinator when there is work and none runs."""
        runs = self._child is not None and self._child.poll() is None
        if not runs and any(job.state != "paused" for job in self.workspace.jobs.open()):
            self._child = self._start_coordinator()

    def _start_coordinator(self) -> subprocess.Popen[bytes]:
        with open(self.workspace.home / "coordinator.log", "ab") as log:  # the child keeps its own handle
            return subprocess.Popen(
                [sys.executable, "-m", "services.coordinator", str(self.workspace.home), str(os.getpid())],
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )


@cache
def _engine(home: Path) -> Engine:
    return Engine(home)


_lock = threading.Lock()


def engine() -> Engine:
    """Return this process's engine for the home that EARMARK_HOME or the platform names."""
    with _lock:
        return _engine(home_path())
