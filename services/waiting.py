"""The files that wait to be heard, handed out one by one while more may come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from core.records import Task
from data.tracks import Pending
from services import drives
from services.workspace import Workspace

Look = Callable[[], list[Pending]]


class Waiting:
    """Files that wait, looked up again when all are taken: an import may have added more meanwhile.

    Parameters
    ----------
    look : callable
        Returns what waits now, the first to be heard first.
    quick : bool
        A few seconds of each are to be heard.
    limit : int, optional
        Hand out no more than so many.
    """

    def __init__(self, workspace: Workspace, look: Look, *, quick: bool = False, limit: int | None = None) -> None:
        self._workspace = workspace
        self._look = look
        self.quick = quick
        self._limit = limit
        self._tried: set[int] = set()
        self._taken: dict[str, Pending] = {}
        self._avoided: tuple[str, ...] = ()
        self._looks_again = False
        self.seen = 0

    @classmethod
    def whole(cls, workspace: Workspace, *, retry: bool = False, limit: int | None = None) -> Waiting:
        """Hand out what is to be heard whole, with `retry` also what could not be read."""
        return cls(workspace, partial(workspace.tracks.to_analyse, retry=retry), limit=limit)

    def count(self) -> int:
        """Return how many wait now and were not handed out."""
        return len(self._fresh())

    def tasks(self, go_on: Callable[[], bool] = lambda: True) -> Iterator[Task]:
        """Yield a task for each file once, while `go_on` says so."""
        while fresh := self._fresh():
            for pending in fresh:
                if not go_on():
                    return
                if self._looks_again:
                    break
                self._tried.add(pending.track_id)
                self._taken[pending.path] = pending
                self.seen += 1
                yield Task(pending.path, pending.sets, self.quick)

    def avoid(self, folders: tuple[str, ...]) -> None:
        """Hand out no more files of these folders, nor of drives that turned out to be away."""
        self._avoided = folders
        self._looks_again = True

    def taken(self, path: str) -> Pending:
        """Return what was handed out under this path."""
        return self._taken.pop(path)

    def _fresh(self) -> list[Pending]:
        self._looks_again = False
        left = None if self._limit is None else self._limit - self.seen
        if left is not None and left <= 0:
            return []
        avoided = [*self._workspace.roots.away(), *self._avoided]
        fresh = [pending for pending in self._look() if pending.track_id not in self._tried]
        return [pending for pending in fresh if not drives.is_below(pending.path, avoided)][:left]
