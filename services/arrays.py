"""Time arrays on demand: made of the files, kept beside the database by content id and version, cleared in one go."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import EarmarkError
from core.settings import default_cores
from data.exchange.files import replacing
from services.pool import map_unordered, reason_of
from services.sizes import size_text
from services.workspace import Workspace

if TYPE_CHECKING:
    from audio.slices import Wanted

FOLDER = "arrays"
ENDING = ".npy"
LIMIT_SECONDS = 300.0  # for one file; a 2-hour one takes 10
CHILD_MB = 2_000  # memory of a child; an hour of sound is a sixth of it
NETWORK_MB = 4_000  # of one that holds TensorFlow and the networks
PACE = "seconds_per_array"  # setting: kind -> seconds a track took, all children together
ENOUGH = 4  # tracks from which a pace says something

Progress = Callable[[dict[str, Any]], None]


def make(
    workspace: Workspace,
    track_ids: Collection[int] | None = None,
    *,
    kinds: Sequence[str] | None = None,
    limit: int | None = None,
    cores: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Make the time arrays of analysed tracks that are not there yet; stopped, it goes on where it was.

    Parameters
    ----------
    track_ids : collection of int, optional
        Every analysed track by default.
    kinds : sequence of str, optional
        Of `audio.slices.KINDS`; by default all that can be made here: "patches" need TensorFlow.
    limit : int, optional
        Make those of at most so many tracks.
    cores : int, optional
        Files at once.
    progress : callable, optional
        Called with {"done", "total"} in tracks.

    Returns
    -------
    dict
        tracks: how many have all they should now; made: how many of them just got it; failed [{path, reason}];
        files, bytes: what was written; seconds; sentence: what is there now ("812 tracks, 96 MB").

    Raises
    ------
    EarmarkError
        There is no such kind, it cannot be made here, or the folder cannot be written.
    """
    from audio import slices
    from audio.analyse import one_thread

    began, tell = time.monotonic(), progress or _silent
    chosen = _known(kinds) if kinds else slices.kinds_here()
    slices.require(chosen)
    wanted, names, there = _missing(workspace, track_ids, chosen)
    wanted = wanted[:limit]
    result: dict[str, Any] = {"tracks": there, "made": 0, "failed": [], "files": 0, "bytes": 0}

    def tick() -> None:
        tell({"done": result["made"] + len(result["failed"]), "total": len(wanted)})

    tick()
    one_thread()  # the children inherit it
    children = max(1, min(cores or workspace.settings.get("cores") or default_cores(), len(wanted)))
    outcomes = map_unordered(
        slices.make,
        wanted,
        children=children,
        start=partial(slices.start_child, chosen),
        tick=tick,
        limit_seconds=lambda _: LIMIT_SECONDS,
        memory_mb=NETWORK_MB if any(slices.KINDS[kind].network for kind in chosen) else CHILD_MB,
    )
    first: float | None = None
    for item, outcome in outcomes:
        first = time.monotonic() if first is None else first
        if isinstance(outcome, BaseException):
            result["failed"].append({"path": item.path, "reason": reason_of(outcome)})
            continue
        sizes = [_write(_file(workspace, kind, names[item.path]), array) for kind, array in outcome.items()]
        result["made"], result["tracks"] = result["made"] + 1, result["tracks"] + 1
        result["files"], result["bytes"] = result["files"] + len(sizes), result["bytes"] + sum(sizes)
    if first is not None and len(chosen) == 1 and result["made"] >= ENOUGH:
        _keep_pace(workspace, chosen[0], (time.monotonic() - first) / (result["made"] - 1))
    return {**result, "seconds": round(time.monotonic() - began, 2), "sentence": size(workspace)["sentence"]}


def _keep_pace(workspace: Workspace, kind: str, seconds: float) -> None:
    """Remember how long a track took from the first one on: before it, the children start."""
    kept = workspace.settings.get(PACE) or {}
    workspace.settings.set(PACE, {**kept, kind: round(seconds, 4)})


def pace(workspace: Workspace, kind: str) -> float | None:
    """Return how many seconds a track took when arrays of a kind were last made; None where that is not known."""
    return (workspace.settings.get(PACE) or {}).get(kind)


def lacking(workspace: Workspace, kind: str, track_ids: Collection[int] | None = None) -> list[int]:
    """Return the analysed tracks whose array of a kind is still to be made, artists in turn."""
    wanted, _, _ = _missing(workspace, track_ids, _known([kind]))
    paths = {item.path for item in wanted}
    return [pending.track_id for pending in workspace.tracks.analysed_files() if pending.path in paths]


def load(workspace: Workspace, kind: str, content_id: str) -> np.ndarray | None:
    """Return a time array, read from the disk as it is used; None where it was not made, or is damaged.

    Parameters
    ----------
    kind : str
        Of `audio.slices.KINDS`; only its newest version is looked for.
    content_id : str
        Of the track.
    """
    _known([kind])
    try:
        return np.load(_file(workspace, kind, content_id), mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None


def size(workspace: Workspace) -> dict[str, Any]:
    """Say what the arrays take.

    Returns
    -------
    dict
        kinds {name: {about, version, tracks, bytes, stale_files, stale_bytes}}, where stale is what older versions
        left; tracks: how many have any array; bytes: all in all; sentence: "812 tracks, 96 MB".
    """
    from audio.slices import KINDS

    kinds = {name: _size(workspace, name) for name in KINDS}
    tracks = {path.stem for name in KINDS for path in _files(_version_folder(workspace, name))}
    total = _bytes(_files(_folder(workspace)))
    sentence = f"{len(tracks):,} track{'' if len(tracks) == 1 else 's'}, {size_text(total)}"
    return {"kinds": kinds, "tracks": len(tracks), "bytes": total, "sentence": sentence}


def clear(workspace: Workspace, kinds: Sequence[str] | None = None) -> dict[str, Any]:
    """Delete arrays of every version: they can be made again.

    Parameters
    ----------
    kinds : sequence of str, optional
        Only these; by default everything, whatever is in the folder.

    Returns
    -------
    dict
        files, bytes: what was freed; freed: the same in words.
    """
    folders = [_folder(workspace) / kind for kind in _known(kinds)] if kinds else [_folder(workspace)]
    freed = []
    for folder in folders:
        freed += [_delete(path) for path in list(_files(folder))]
        _remove_empty(folder)
    sizes = [size for size in freed if size is not None]
    return {"files": len(sizes), "bytes": sum(sizes), "freed": size_text(sum(sizes))}


# -- where they lie ---------------------------------------------------------------------------------


def _folder(workspace: Workspace) -> Path:
    return workspace.home / FOLDER


def _version_folder(workspace: Workspace, kind: str) -> Path:
    from audio.slices import KINDS

    return _folder(workspace) / kind / f"v{KINDS[kind].version}"


def _file(workspace: Workspace, kind: str, content_id: str) -> Path:
    """Return the file of an array; two digits of the id keep folders short."""
    return _version_folder(workspace, kind) / content_id[:2] / f"{content_id}{ENDING}"


def _known(kinds: Sequence[str] | None) -> tuple[str, ...]:
    """Return the kinds named, or all; refuse what is none."""
    from audio.slices import KINDS

    for kind in kinds or ():
        if kind not in KINDS:
            raise EarmarkError(f"There are no arrays called {kind!r}. Choose from: {', '.join(KINDS)}.")
    return tuple(dict.fromkeys(kinds or KINDS))


def _missing(
    workspace: Workspace, track_ids: Collection[int] | None, kinds: tuple[str, ...]
) -> tuple[list[Wanted], dict[str, str], int]:
    """Return what is still to be made, path -> content id of its track, and how many tracks have everything.

    A track's arrays bear the track's id also where they are made from a file that encodes the recording in another way.
    """
    from audio.slices import Wanted

    files = [
        (pending.path, pending.content_id, pending.track_id)
        for pending in workspace.tracks.analysed_files()
        if pending.content_id is not None and (track_ids is None or pending.track_id in track_ids)
    ]
    tracks = workspace.tracks.many(track_id for _, _, track_id in files)
    names = {path: tracks[track_id].content_id or content_id for path, content_id, track_id in files}
    lacking = [
        Wanted(path, content_id, tuple(kind for kind in kinds if not _file(workspace, kind, names[path]).exists()))
        for path, content_id, _ in files
    ]
    wanted = [item for item in lacking if item.kinds]
    return wanted, names, len(files) - len(wanted)


def _write(path: Path, array: np.ndarray) -> int:
    """Keep an array, whole or not at all; return its bytes."""
    with replacing(path) as draft:
        np.save(draft, array, allow_pickle=False)
    return path.stat().st_size


def _files(folder: Path) -> Iterable[Path]:
    """Yield every file below a folder, drafts of a broken run among them; nothing where there is no folder."""
    return (path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else ()


def _bytes(files: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in files)


def _size(workspace: Workspace, kind: str) -> dict[str, Any]:
    from audio.slices import KINDS

    current = _version_folder(workspace, kind)
    every = list(_files(_folder(workspace) / kind))
    valid = [path for path in every if current in path.parents and path.suffix == ENDING]
    return {
        "about": KINDS[kind].about,
        "version": KINDS[kind].version,
        "tracks": len(valid),
        "bytes": _bytes(valid),
        "stale_files": len(every) - len(valid),
        "stale_bytes": _bytes(every) - _bytes(valid),
    }


def _delete(path: Path) -> int | None:
    """Delete a file and return its bytes; None for one that is in use."""
    try:
        size = path.stat().st_size
        path.unlink()
    except OSError:
        return None
    return size


def _remove_empty(folder: Path) -> None:
    """Remove a folder and those in it that are empty, the innermost first."""
    for inner in sorted(folder.rglob("*"), key=lambda path: -len(path.parts)):
        with suppress(OSError):  # not empty, or no folder
            inner.rmdir()
    with suppress(OSError):
        folder.rmdir()


def _silent(progress: dict[str, Any]) -> None:
    """Show nothing."""
