"""What deep families look at: a track's course as arrays of one shape, read from what is kept or made on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import EarmarkError
from services import arrays
from services.sizes import size_text
from services.workspace import Workspace

SLICES, SLICE_TIME, SLICE_BANDS = 12, 108, 64  # of a spectrogram, halved both ways
STEPS, CHANNELS = 64, 72  # of a sequence
PATCHES, EMBEDDING = 8, 200
PARTS = 24  # of about 5 s: two minutes, spread over a longer track
HANDFUL = 6  # tracks listened to where it is not known how long that takes

Progress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class TimeInput:
    """One way to look at a track's course."""

    shape: tuple[int, ...]  # of one track
    dtype: type
    fit: Callable[[np.ndarray], np.ndarray]  # what is kept of a track -> that shape
    about: str
    kind: str | None = None  # of `audio.slices.KINDS`, made of the file; None: the analysis has kept it

    @property
    def segments(self) -> int:
        """How many segments a track has at most, each a row to learn from; 0 where a track is one row."""
        return self.shape[0] if len(self.shape) > 1 else 0


def _mel(slices: np.ndarray) -> np.ndarray:
    """Return levels in dB, time first, halved both ways by averaging: (slices, 128, 216) -> (12, 108, 64)."""
    from audio.slices import decibels

    levels = decibels(np.asarray(slices[:SLICES])).transpose(0, 2, 1)
    halved = levels.reshape(-1, SLICE_TIME, 2, SLICE_BANDS, 2).mean(axis=(2, 4))
    return _padded(halved, SLICES, np.float16)


def _frames(rows: np.ndarray) -> np.ndarray:
    """Return 64 equal parts of a sequence one after the other: means of rows, or rows repeated where there are fewer.

    >>> _frames(np.arange(32.0)[:, None] * np.ones(72))[[0, 72, 144]].tolist()
    [0.0, 0.0, 1.0]
    """
    rows = np.asarray(rows, dtype=np.float32)
    if len(rows) < STEPS:
        return rows[np.arange(STEPS) * len(rows) // STEPS].ravel()
    edges = np.linspace(0, len(rows), STEPS + 1).astype(int)
    return (np.add.reduceat(rows, edges[:-1], axis=0) / np.diff(edges)[:, None]).astype(np.float32).ravel()


def _patches(embeddings: np.ndarray) -> np.ndarray:
    return _padded(np.asarray(embeddings), PATCHES, np.float16)


def _parts(parts: np.ndarray) -> np.ndarray:
    """Return up to 24 parts, evenly chosen."""
    chosen = np.linspace(0, len(parts) - 1, min(PARTS, len(parts))).round().astype(int)
    return _padded(parts[chosen], PARTS, np.float32)


def _padded(segments: np.ndarray, count: int, dtype: type) -> np.ndarray:
    """Return segments followed by such of NaN, (count, ...)."""
    padded = np.full((count, *segments.shape[1:]), np.nan, dtype=dtype)
    padded[: len(segments)] = segments[:count]
    return padded


TIME_INPUTS: dict[str, TimeInput] = {
    "mel": TimeInput((SLICES, SLICE_TIME, SLICE_BANDS), np.float16, _mel, "mel spectrograms of 5 s", "mel"),
    "frames": TimeInput((STEPS * CHANNELS,), np.float32, _frames, "the course of all features", "frames"),
    "patches": TimeInput((PATCHES, EMBEDDING), np.float16, _patches, "the embedding of each passage", "patches"),
    "parts": TimeInput((PARTS, CHANNELS), np.float32, _parts, "features of parts of about 5 s"),
}


def get(name: str) -> TimeInput:
    """Return the input of that name.

    Raises
    ------
    EarmarkError
        There is none; the message names those there are.
    """
    if name not in TIME_INPUTS:
        raise EarmarkError(f"There is no input {name!r}. Choose from: {', '.join(TIME_INPUTS)}.")
    return TIME_INPUTS[name]


def matrix(
    workspace: Workspace, name: str, track_ids: Sequence[int], *, make: bool, progress: Progress | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return what tracks look like, of those that have it.

    Parameters
    ----------
    name : str
        Of TIME_INPUTS.
    track_ids : sequence of int
    make : bool
        Listen first to the tracks that lack what is needed; what cannot be read is left out.
    progress : callable, optional
        Called with {"done", "total", "sentence"} meanwhile.

    Returns
    -------
    ids : np.ndarray, shape (m,), int64, ascending
    X : np.ndarray, shape (m, ...)
        Segments that a track does not have are NaN.
    """
    about = get(name)
    wanted = sorted({int(i) for i in track_ids})
    if make:
        listen(workspace, name, wanted, progress)
    kept = _kept(workspace, about, wanted)
    found = [(i, array) for i in wanted if (array := kept(i)) is not None]
    X: np.ndarray = np.empty((len(found), *about.shape), dtype=about.dtype)
    for row, (_, array) in zip(X, found, strict=True):
        row[...] = about.fit(array)
    return np.array([i for i, _ in found], dtype=np.int64), X


def _kept(workspace: Workspace, about: TimeInput, track_ids: list[int]) -> Callable[[int], np.ndarray | None]:
    """Return a function from a track to what is kept of it."""
    kind = about.kind
    if kind is None:
        parts = {i: outline.parts for i, outline in workspace.outlines.many(track_ids).items() if len(outline.parts)}
        return parts.get
    names = {track.id: track.content_id for track in workspace.tracks.many(track_ids).values()}

    def load(track_id: int) -> np.ndarray | None:
        content_id = names.get(track_id)
        return None if content_id is None else arrays.load(workspace, kind, content_id)

    return load


def listen(workspace: Workspace, name: str, track_ids: list[int], progress: Progress | None = None) -> None:
    """Listen to the tracks that lack the array of an input; nothing is started where none does, or none is needed."""
    about = get(name)
    if about.kind is None:
        return
    waiting = arrays.lacking(workspace, about.kind, set(track_ids))
    if not waiting:
        return

    def tell(numbers: dict[str, Any]) -> None:
        if progress is not None:
            sentence = f"Listening for {about.about}: {numbers['done']:,} of {numbers['total']:,} tracks"
            progress({**numbers, "sentence": sentence})

    arrays.make(workspace, set(waiting), kinds=[about.kind], progress=tell)


def of_file(name: str, path: str) -> np.ndarray | None:
    """Return what a file looks like that need not be in the library; None where what it takes is not installed.

    Raises
    ------
    DecodeError
        No sound can be had from the file.
    """
    from audio import descriptors, outline, slices
    from audio.decode import decode

    about = get(name)
    if about.kind is not None and about.kind not in slices.kinds_here():
        return None
    if about.kind is not None:
        return about.fit(slices.make_from(path, (about.kind,))[about.kind])
    heard = decode(path)
    return about.fit(outline.parts(descriptors.frame_features(heard.y, heard.sr), heard.sr))


def estimate(workspace: Workspace, name: str) -> dict[str, Any]:
    """Say what it takes to have an input of every analysed track, by what was made before.

    Where it is not known how long a track takes, a handful are listened to, which takes seconds: not for a page.

    Returns
    -------
    dict
        tracks: still to be listened to; seconds; bytes; sentence.
    """
    kind = get(name).kind
    waiting = [] if kind is None else arrays.lacking(workspace, kind)
    if kind is not None and waiting and _unknown(workspace, kind):
        arrays.make(workspace, set(waiting[:HANDFUL]), kinds=[kind])
        waiting = arrays.lacking(workspace, kind)
    if kind is None or not waiting:
        return {"tracks": 0, "seconds": 0.0, "bytes": 0, "sentence": "Every track has been listened to for it."}
    kept = arrays.size(workspace)["kinds"][kind]
    seconds = round(len(waiting) * (arrays.pace(workspace, kind) or 0.0), 1)
    room = round(len(waiting) * kept["bytes"] / max(kept["tracks"], 1))
    return {"tracks": len(waiting), "seconds": seconds, "bytes": room, "sentence": _said(len(waiting), seconds, room)}


def _unknown(workspace: Workspace, kind: str) -> bool:
    return arrays.pace(workspace, kind) is None or not arrays.size(workspace)["kinds"][kind]["tracks"]


def _said(tracks: int, seconds: float, room: int) -> str:
    """Say an estimate.

    >>> _said(9_812, 11_500, 3_900_000_000)
    '9,812 tracks must be listened to for it: about 3.2 hours and 3.9 GB.'
    """
    subject = "1 track" if tracks == 1 else f"{tracks:,} tracks"
    return f"{subject} must be listened to for it: about {_duration(seconds)} and {size_text(room)}."


def _duration(seconds: float) -> str:
    """Say a duration.

    >>> _duration(0.2), _duration(95), _duration(6_000)
    ('1 second', '2 minutes', '1.7 hours')
    """
    if seconds < 90:
        whole = max(1, round(seconds))
        return f"{whole} second{'' if whole == 1 else 's'}"
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
