"""Looking again at every place music came from: what is new, changed, moved or gone since."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.records import FoundFile
from data.exchange.folder import Skipped
from data.settings import Root
from services import drives, identity, library
from services.drives import Sight
from services.imported import Imported
from services.workspace import Workspace

Progress = Callable[[dict[str, Any]], None]


def rescan(
    workspace: Workspace, *, progress: Progress | None = None, should_stop: Callable[[], bool] | None = None
) -> dict[str, Any]:
    """Look through every folder of the library and at every other known file; only what changed is opened.

    Files on a drive that is not connected, or in a folder that may not be opened, stay as they are. What is gone is
    only marked, and found again when it is back.

    Parameters
    ----------
    progress : callable, optional
        Called now and then with {"tracks", "added", "path"}.
    should_stop : callable, optional
        Asked before every batch; nothing is marked as gone by a scan that was stopped.

    Returns
    -------
    dict
        added, changed, missing (newly gone), found, moved: numbers. seconds. unreadable [{path, reason}] of what was
        read now. away [{path, tracks, sentence}], problems [{path, sentence}], libraries [{path, changed}] of Apple
        libraries, back [path] of folders and drives that are connected again.
    """
    began = time.monotonic()
    stop = should_stop or (lambda: False)
    sight, skipped, result = drives.look(workspace), Skipped(), Imported()
    with ThreadPoolExecutor(library.READERS) as pool:
        taker = library.Taker(workspace, pool, result, progress or _silent, stop)
        seen = _walk(taker, sight.here, skipped)
        missing = 0 if stop() else _look_at_the_rest(workspace, taker, sight, seen)
    if result.added or result.updated:
        identity.recognise(workspace)
    _note_problems(workspace, sight.here, skipped)
    return {
        "added": result.added,
        "changed": result.updated,
        "missing": missing,
        "found": taker.found,
        "moved": result.moved,
        "seconds": round(time.monotonic() - began, 2),
        "unreadable": [{"path": path, "reason": reason} for path, reason in [*taker.refused, *_nameless(skipped)]],
        "away": [asdict(away) for away in drives.away(workspace)],
        "problems": _problems(workspace, skipped),
        "libraries": libraries(workspace),
        "back": list(sight.back),
    }


def run(workspace: Workspace, params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Do a rescan job: the runner that the coordinator calls; what is new or still waits is analysed after it."""
    from services import analysis

    result = rescan(workspace, progress=report)
    news = any(result[name] for name in ("added", "changed", "found", "moved", "back"))
    if news or not analysis.was_stopped(workspace):
        analysis.start(workspace)
    return result


def libraries(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the Apple libraries that were imported, and whether their file has changed since: [{path, changed}]."""
    roots = [root for root in workspace.roots.records() if root.kind == "library"]
    return [{"path": root.path, "changed": stamp_of(root.path) not in (None, root.stamp)} for root in roots]


def stamp_of(path: str) -> str | None:
    """Return the size and time of a file as roots keep them, None when it is not there."""
    try:
        info = os.stat(path)
    except OSError:
        return None
    return f"{info.st_size}:{info.st_mtime}"


def _silent(progress: dict[str, Any]) -> None:
    """Show nothing."""


# -- looking ------------------------------------------------------------------------------------------


def _walk(taker: library.Taker, roots: Iterable[Root], skipped: Skipped) -> set[str]:
    """Take in what the folders hold and return the paths met."""
    seen: set[str] = set()
    for path in outermost([root.path for root in roots]):
        seen |= taker.walk(Path(path), skipped)
    return seen


def outermost(folders: Sequence[str]) -> list[str]:
    """Return the folders that are not walked with another: those in no other one, or hidden in it.

    >>> outermost(["/a/b", "/a", "/a/.c", "/d"])
    ['/a', '/a/.c', '/d']
    """
    return [
        folder
        for folder in sorted(set(folders))
        if not any(folder != other and _is_walked_with(folder, other) for other in folders)
    ]


def _is_walked_with(folder: str, other: str) -> bool:
    hidden = any(part.startswith(".") for part in os.path.relpath(folder, other).split(os.sep))  # ".." too
    return drives.is_below(folder, [other]) and not hidden


def _look_at_the_rest(workspace: Workspace, taker: library.Taker, sight: Sight, seen: set[str]) -> int:
    """Look at the known files no walk has met and return how many are newly gone."""
    known = workspace.tracks.known_files()  # again: some have moved since
    rest = [path for path in known if path not in seen and not sight.hides(path)]
    there, gone = drives.stat_all(rest)
    for batch in _batches(there):
        taker.take_files(batch)
    fresh = set(gone) - workspace.tracks.missing_files()
    lost = drives.certainly_gone(workspace, sorted(fresh))
    workspace.tracks.mark_files_missing(lost)
    return len(lost)


def _batches(files: Sequence[FoundFile]) -> Iterator[list[FoundFile]]:
    for start in range(0, len(files), library.BATCH):
        yield list(files[start : start + library.BATCH])


# -- what could not be looked at ------------------------------------------------------------------------


def _note_problems(workspace: Workspace, roots: Iterable[Root], skipped: Skipped) -> None:
    """Remember for each folder why a part of it could not be opened; those walked with another have theirs too."""
    for root in roots:
        workspace.roots.set_problem(root.id, drives.trouble_below(root.path, skipped))


def _problems(workspace: Workspace, skipped: Skipped) -> list[dict[str, str]]:
    """Return one sentence for each folder that could not be opened."""
    closed = [(root.path, root.problem) for root in workspace.roots.records() if root.problem is not None]
    inside = [(folder, drives.trouble(folder)) for folder, _ in skipped.problems]
    said = {sentence: path for path, sentence in [*closed, *inside] if sentence is not None}
    return [{"path": path, "sentence": sentence} for sentence, path in said.items()]


def _nameless(skipped: Skipped) -> list[tuple[str, str]]:
    """Return the files that could not be taken in for their names; folders are told of in sentences."""
    return [(path, reason) for path, reason in skipped.problems if not os.path.isdir(path)]


# -- the places, in words -------------------------------------------------------------------------------


def places(workspace: Workspace) -> list[dict[str, Any]]:
    """Return every place music came from, oldest first, as it was when it was last looked at.

    Returns
    -------
    list of dict
        path, kind (folder, library or drive), tracks (with a file in it; None but for a folder), added_at (a library:
        when it was read last), changed (its file is newer than that), trouble (why nothing can be known of it now,
        None when it is there).
    """
    records = workspace.roots.records()
    tracks = drives.tracks_in(workspace, [root.path for root in records if root.kind == "folder"])
    away, changed = drives.away(workspace), {one["path"]: one["changed"] for one in libraries(workspace)}
    return [
        {
            "path": root.path,
            "kind": root.kind,
            "tracks": tracks.get(root.path),
            "added_at": root.scanned_at,
            "changed": changed.get(root.path, False),
            "trouble": _trouble(root, away),
        }
        for root in records
    ]


def forget(workspace: Workspace, path: str) -> None:
    """Look at a folder or library no more, as one act; its tracks stay in the library."""
    with workspace.acts.act("folders", f"Stopped looking at {path}"):
        workspace.roots.remove(path)


def _trouble(root: Root, away: Sequence[drives.Away]) -> str | None:
    if root.kind == "library":
        gone = stamp_of(root.path) is None
        return "The file is not there now. What came from it stays." if gone else None
    if root.away_since is None:
        return root.problem
    return next((place.sentence for place in away if drives.is_below(root.path, [place.path])), "It is not connected.")
