"""Drives and folders that are not connected, or may not be opened: what lies there waits, it is not missing."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

from core.records import FoundFile
from data.exchange.folder import Skipped
from data.settings import Root
from services.workspace import Workspace

# What lies in these folders are drives: macOS, desktops of Linux, by hand. Windows has letters.
MOUNT_FOLDERS = ("/Volumes", "/media/*", "/run/media/*", "/mnt")
MAC_HELP = "On a Mac: System Settings > Privacy & Security > Files and Folders."

Condition = Literal["here", "away", "closed"]


@dataclass(frozen=True)
class Sight:
    """Where music can be looked for now, and where it cannot."""

    here: tuple[Root, ...]  # folders that can be opened
    away: tuple[str, ...]  # folders and drives that are not connected
    closed: tuple[str, ...]  # those that may not be opened
    back: tuple[str, ...]  # those that are connected again

    def hides(self, path: str) -> bool:
        """Say whether nothing can be known of a file now, because of where it lies."""
        return is_below(path, [*self.away, *self.closed])


@dataclass(frozen=True)
class Away:
    """A drive or folder that is not connected, and how many tracks wait for it."""

    path: str
    tracks: int
    sentence: str


# -- looking ------------------------------------------------------------------------------------------


def look(workspace: Workspace) -> Sight:
    """Look which folders and drives are there, and remember it; one folder is read for each."""
    files = workspace.tracks.known_files()
    missing = workspace.tracks.missing_files()
    records = workspace.roots.records()
    folders = [root for root in records if root.kind == "folder"]
    filled = {os.path.dirname(path) for path in files if path not in missing}
    conditions = {root: condition(root.path, filled=_any_below(filled, root.path)) for root in folders}
    for root, found in conditions.items():
        _remember(workspace, root, found)
    drives = _look_at_drives(workspace, {os.path.dirname(path) for path in files}, records)
    every = {**{root.path: found for root, found in conditions.items()}, **drives}
    away = tuple(path for path, found in every.items() if found == "away")
    return Sight(
        here=tuple(root for root, found in conditions.items() if found == "here"),
        away=away,
        closed=tuple(path for path, found in every.items() if found == "closed"),
        back=tuple(root.path for root in records if root.away_since is not None and root.path not in away),
    )


def condition(folder: str, *, filled: bool) -> Condition:
    """Say whether a folder can be looked through.

    Parameters
    ----------
    folder : str
    filled : bool
        Music is known to be in it: when there is nothing at all, it is where a drive appears once it is connected.
    """
    try:
        with os.scandir(folder) as entries:
            empty = all(entry.name.startswith(".") for entry in entries)
    except PermissionError:
        return "closed"
    except OSError:  # not there, or a disk that does not answer
        return "away"
    return "away" if empty and filled else "here"


def drive_of(folder: str) -> str | None:
    """Return the folder at which the drive of a folder appears, None when it is the computer's own.

    >>> drive_of("/Volumes/Music/Jazz"), drive_of("/media/ann/USB"), drive_of("/home/ann/Music")
    ('/Volumes/Music', '/media/ann/USB', None)
    """
    if letter := os.path.splitdrive(folder)[0]:
        return letter + os.sep
    parts = Path(folder).parts
    for pattern in MOUNT_FOLDERS:
        depth = len(Path(pattern).parts)
        if len(parts) > depth and fnmatch(str(Path(*parts[:depth])), pattern):
            return str(Path(*parts[: depth + 1]))
    return None


def is_below(path: str, folders: Iterable[str]) -> bool:
    """Say whether a path is one of the folders or lies in one.

    >>> is_below("/a/b", ["/a"]), is_below("/ab", ["/a"]), is_below("/a", ["/a"])
    (True, False, True)
    """
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def _any_below(folders: Collection[str], root: str) -> bool:
    return any(is_below(folder, [root]) for folder in folders)


def _remember(workspace: Workspace, root: Root, found: Condition) -> None:
    """Write what was seen of a folder, where it is news; a problem goes when the folder was looked through."""
    if (found == "away") != (root.away_since is not None):
        workspace.roots.set_away(root.id, found == "away")
    problem = {"here": root.problem, "away": None, "closed": trouble(root.path)}[found]
    if problem != root.problem:
        workspace.roots.set_problem(root.id, problem)


def _look_at_drives(workspace: Workspace, known: set[str], records: list[Root]) -> dict[str, Condition]:
    """Look at the drives of files that lie in no folder of the person's, such as those of an Apple library."""
    folders = [root.path for root in records if root.kind == "folder"]
    outside = (folder for folder in known if not is_below(folder, folders))
    drives = {drive for folder in outside if (drive := drive_of(folder)) is not None}
    conditions = {drive: condition(drive, filled=True) for drive in sorted(drives)}
    noted = {root.path for root in records if root.kind == "drive"}
    away = {drive for drive, found in conditions.items() if found == "away"}
    for drive in away - noted:
        workspace.roots.set_away(workspace.roots.add(drive, kind="drive"), True)
    for drive in noted - away:
        workspace.roots.remove(drive)
    return conditions


# -- what is certain ----------------------------------------------------------------------------------


def stat_all(paths: Iterable[str]) -> tuple[list[FoundFile], list[str]]:
    """Return the files that are there, and the paths where certainly none is; of the others nothing is known now."""
    there, gone = [], []
    for path in paths:
        try:
            info = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            gone.append(path)
        except OSError:  # a folder above may not be opened, or the disk does not answer
            continue
        else:
            there.append(FoundFile(path, info.st_size, info.st_mtime))
    return there, gone


def certainly_gone(workspace: Workspace, gone: Iterable[str], *, emptied: str | None = None) -> list[str]:
    """Return, of files just seen to be gone, those that are so while their folder and drive are there.

    The drives are looked at after the files: one that was pulled out meanwhile explains what was not found.

    Parameters
    ----------
    gone : iterable of path
    emptied : str, optional
        A folder that is known to be empty, not to be unconnected, unless it is where a drive appears.
    """
    paths = list(gone)
    if not paths:
        return []
    sight = look(workspace)
    hiding = [folder for folder in (*sight.away, *sight.closed) if folder != emptied or drive_of(folder) is not None]
    return [path for path in paths if not is_below(path, hiding)]


def trouble(folder: str) -> str | None:
    """Say why a folder cannot be opened and what to do, None when it can or is not there."""
    try:
        with os.scandir(folder):
            return None
    except PermissionError:
        return f"{folder} cannot be opened: permission denied. {MAC_HELP}"
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return f"{folder} cannot be opened ({error.strerror or error}). What is known of it stays as it was."


def trouble_below(root: str, skipped: Skipped) -> str | None:
    """Say what could not be opened in a folder just walked, the first of several; None when all could."""
    inside = [folder for folder, _ in skipped.problems if is_below(folder, [root])]
    return next((sentence for folder in inside if (sentence := trouble(folder)) is not None), None)


# -- in words -----------------------------------------------------------------------------------------


def away(workspace: Workspace) -> list[Away]:
    """Return what is not connected, as it was last seen, with the tracks that wait for it.

    A drive with several folders is one; a place that no track waits for is left out.
    """
    paths = workspace.roots.away()
    places = {_place(path) for path in paths}
    waiting = _waiting(workspace, sorted(places), paths)
    return [Away(place, len(ids), _sentence(place, len(ids))) for place, ids in waiting.items() if ids]


def away_tracks(workspace: Workspace) -> set[int]:
    """Return the tracks that have no file anywhere else than on what is not connected."""
    paths = workspace.roots.away()
    return set().union(*_waiting(workspace, paths, paths).values())


def _place(path: str) -> str:
    """Return the drive of a folder when the whole drive is away, else the folder."""
    drive = drive_of(path)
    return drive if drive is not None and condition(drive, filled=True) == "away" else path


def _waiting(workspace: Workspace, places: Iterable[str], paths: list[str]) -> dict[str, set[int]]:
    """Return place -> the tracks that wait for it; `paths` is all that is away."""
    if not paths:
        return {}
    known, missing = workspace.tracks.known_files(), workspace.tracks.missing_files()
    below = {place: {entry[0] for path, entry in known.items() if is_below(path, [place])} for place in places}
    elsewhere = {entry[0] for path, entry in known.items() if path not in missing and not is_below(path, paths)}
    return {place: ids - elsewhere for place, ids in below.items()}


def _sentence(place: str, tracks: int) -> str:
    wait = f"Nothing is lost; {tracks:,} track{' waits' if tracks == 1 else 's wait'} for it."
    if drive_of(place) == place:
        return f"The drive '{os.path.basename(place) or place}' is not connected. {wait}"
    seen = (
        f"There is nothing in the folder {place} now." if os.path.isdir(place) else f"The folder {place} is not there."
    )
    return f"{seen} {wait} If it moved, add it at its new place."


def tracks_in(workspace: Workspace, folders: Iterable[str]) -> dict[str, int]:
    """Return folder -> how many tracks have a file in it, there or not."""
    files = [(path, track_id) for path, (track_id, _, _) in workspace.tracks.known_files().items()]
    return {folder: len({track_id for path, track_id in files if is_below(path, [folder])}) for folder in folders}
