"""One recording under several names: what is surely the same becomes one track, what may be is asked."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audio.decode import decode
from audio.identity import content_id
from audio.metadata import read_tags
from audio.signature import ALIKE, NAME, SAME, likeness, signature
from core.errors import DecodeError, EarmarkError
from core.matching import plain, recording_key
from core.records import FoundFile, Label, Tags, Track
from data.external_ids import APPLE_ID
from data.labels import Event
from services.workspace import Workspace

SAME_LENGTH = 1.0  # seconds two encodings, or a library and a file, may differ by
NEAR_LENGTH = 3.0  # seconds within which it is worth asking
BLOCK = 256  # tracks compared at once by sound alone


@dataclass(frozen=True)
class Pair:
    """Two tracks that may be one recording, the one to keep first."""

    first: Track
    second: Track
    reason: str
    likeness: float | None = None  # of their sound, where both were heard

    def as_json(self) -> dict[str, Any]:
        """Return the pair for the terminal."""
        return {
            "keep": self.first.id,
            "other": self.second.id,
            "title": self.first.title,
            "artist": self.first.artist,
            "paths": [self.first.path, self.second.path],
            "likeness": None if self.likeness is None else round(self.likeness, 3),
            "reason": self.reason,
        }


# -- what is sure -------------------------------------------------------------------------------------


def recognise(workspace: Workspace, *, act: int | None = None) -> int:
    """Merge what is surely one recording and return how many tracks went into another.

    A track without a file (in a cloud, or missing) and a file: the same artist, title, album, track number where both
    say one, and length, and neither fits anything else. Two files: the same names, the same length, and the same
    course of the sound. Everything less is left to `doubts`.

    Parameters
    ----------
    act : int, optional
        The act these merges belong to; by default one of their own.
    """
    known = _Known(workspace)
    pairs = [pair for group in known.groups() for pair in _sure(known, group)]
    if not pairs:
        return 0
    own = act is None
    number = workspace.acts.begin("merge", _title(len(pairs))) if act is None else act
    try:
        with workspace.acts.recording(number):
            for keep, gone in pairs:
                workspace.tracks.merge(keep.id, gone.id)
    finally:
        if own:
            workspace.acts.finish(number)
    return len(pairs)


def _title(pairs: int) -> str:
    return f"Recognised {pairs:,} cop{'y' if pairs == 1 else 'ies'} of known recordings"


class _Known:
    """The tracks of a library as they are compared: names, files, sound."""

    def __init__(self, workspace: Workspace) -> None:
        self.tracks = workspace.tracks.all()
        self.filed = workspace.tracks.with_files()
        self.different = workspace.tracks.different_pairs()
        ids, vectors, _ = workspace.features.matrix(NAME)
        self.row_of = {int(track_id): row for row, track_id in enumerate(ids)}
        self.vectors = vectors

    def groups(self) -> Iterator[list[Track]]:
        """Yield the tracks that share artist and title, two or more."""
        by_key: dict[str, list[Track]] = {}
        for track in self.tracks:
            if (key := recording_key(track.artist or track.album_artist or "", track.title)) is not None:
                by_key.setdefault(key, []).append(track)
        yield from (group for group in by_key.values() if len(group) > 1)

    def heard(self, track: Track) -> bool:
        """Say whether a track's sound was taken in."""
        return track.content_id is not None

    def provisional(self, track: Track) -> bool:
        """Say whether a track is only known by name: no file here, never heard."""
        return not self.heard(track) and track.id not in self.filed

    def waits(self, track: Track) -> bool:
        """Say whether a track has a file here that will be listened to."""
        return (track.state == "new" or track.quick) and track.id in self.filed

    def likeness(self, a: Track, b: Track) -> float | None:
        """Return how alike two tracks sound, None where one was not heard."""
        rows = self.row_of.get(a.id), self.row_of.get(b.id)
        if rows[0] is None or rows[1] is None:
            return None
        return likeness(self.vectors[rows[0]], self.vectors[rows[1]])

    def apart(self, a: Track, b: Track) -> bool:
        """Say whether a person said that these are two recordings."""
        return (min(a.id, b.id), max(a.id, b.id)) in self.different


def _sure(known: _Known, group: Sequence[Track]) -> Iterator[tuple[Track, Track]]:
    """Yield (keep, gone) within tracks of one artist and title."""
    gone: set[int] = set()
    for keep, other in [*_sure_names(known, group), *_sure_sounds(known, group)]:
        if not {keep.id, other.id} & gone:
            gone.add(other.id)
            yield keep, other


def _sure_names(known: _Known, group: Sequence[Track]) -> list[tuple[Track, Track]]:
    """Return file and nameless row, where each fits the other and nothing else."""
    fits = [
        (filed, row)
        for row in group
        if known.provisional(row)
        for filed in group
        if filed.id in known.filed and _same_place(row, filed, strict=True) and not known.apart(row, filed)
    ]
    files, rows = Counter(filed.id for filed, _ in fits), Counter(row.id for _, row in fits)
    return [(filed, row) for filed, row in fits if files[filed.id] == rows[row.id] == 1]


def _sure_sounds(known: _Known, group: Sequence[Track]) -> list[tuple[Track, Track]]:
    """Return two heard tracks of one name, length and course of sound, the elder first."""
    heard = sorted((track for track in group if known.heard(track)), key=lambda track: track.id)
    return [
        (elder, younger)
        for place, elder in enumerate(heard)
        for younger in heard[place + 1 :]
        if _same_place(elder, younger, strict=False)
        and not known.apart(elder, younger)
        and (known.likeness(elder, younger) or 0.0) >= SAME
    ]


def _same_place(a: Track, b: Track, *, strict: bool) -> bool:
    """Say whether album, track number and length agree; not strict lets a blank album agree with any."""
    albums = plain(a.album or ""), plain(b.album or "")
    same_album = (albums[0] == albums[1] and (bool(albums[0]) or not strict)) or (not strict and "" in albums)
    numbers = {(t.disc_number or 1, t.track_number) for t in (a, b) if t.track_number}
    return same_album and len(numbers) < 2 and _gap(a, b) <= SAME_LENGTH


def _gap(a: Track, b: Track) -> float:
    """Return by how many seconds two tracks differ in length, infinity where one has none."""
    if a.duration is None or b.duration is None:
        return float("inf")
    return abs(a.duration - b.duration)


# -- what is asked --------------------------------------------------------------------------------------


def doubts(workspace: Workspace) -> list[Pair]:
    """Return the pairs a person should decide about, the likeliest first; nothing is merged by looking."""
    known = _Known(workspace)
    pairs = {(p.first.id, p.second.id): p for group in known.groups() for p in _doubtful(known, group)}
    for pair in _alike(known):
        pairs.setdefault((pair.first.id, pair.second.id), pair)
    return sorted(pairs.values(), key=lambda p: (-(p.likeness or 0.0), _gap(p.first, p.second), p.first.id))


def _doubtful(known: _Known, group: Sequence[Track]) -> Iterator[Pair]:
    sure = {(keep.id, gone.id) for keep, gone in _sure(known, group)}
    tracks = sorted(group, key=lambda track: (not known.heard(track), track.id not in known.filed, track.id))
    for place, first in enumerate(tracks):
        for second in tracks[place + 1 :]:
            if (first.id, second.id) in sure or known.apart(first, second) or _gap(first, second) > NEAR_LENGTH:
                continue
            if known.provisional(first) and known.provisional(second):
                continue  # nothing to listen to: it can wait for a file
            alike = known.likeness(first, second)
            if alike is None and (known.waits(first) or known.waits(second)):
                continue  # listening to it may tell
            if alike is None or alike >= ALIKE:
                yield Pair(first, second, _reason(known, first, second, alike), alike)


def _reason(known: _Known, first: Track, second: Track, alike: float | None) -> str:
    if known.provisional(second):
        return "The same artist and title; one has no file here."
    if alike is None:
        return "The same artist and title, and nearly the same length."
    if alike >= SAME:
        return "The same artist and title, and the same sound, in two places."
    return "The same artist and title, and nearly the same sound: perhaps another version."


def _alike(known: _Known) -> Iterator[Pair]:
    """Yield heard tracks of other names but one length and one course of sound."""
    tracks = [t for t in known.tracks if t.id in known.row_of and t.duration is not None]
    tracks.sort(key=lambda track: track.duration or 0.0)
    X = known.vectors[[known.row_of[track.id] for track in tracks]] if tracks else known.vectors[:0]
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    X = np.divide(X, lengths, out=np.zeros_like(X), where=lengths > 0)
    durations = np.array([track.duration for track in tracks])
    for start in range(0, len(tracks), BLOCK):
        stop = min(start + BLOCK, len(tracks))
        end = int(np.searchsorted(durations, durations[stop - 1] + SAME_LENGTH, side="right"))
        for i, j in zip(*np.nonzero(X[start:stop] @ X[start:end].T >= SAME), strict=True):
            a, b = sorted((tracks[start + int(i)], tracks[start + int(j)]), key=lambda track: track.id)
            if i < j and _gap(a, b) <= SAME_LENGTH and not known.apart(a, b) and not _same_names(a, b):
                alike = likeness(known.vectors[known.row_of[a.id]], known.vectors[known.row_of[b.id]])
                yield Pair(a, b, "Other names, but the same length and the same sound.", alike)


def _same_names(a: Track, b: Track) -> bool:
    keys = [recording_key(t.artist or t.album_artist or "", t.title) for t in (a, b)]
    return keys[0] is not None and keys[0] == keys[1]


def merge(workspace: Workspace, keep_id: int, gone_id: int) -> dict[str, Any]:
    """Make two tracks one because a person said so; an act that can be taken back.

    Returns
    -------
    dict
        {"kept", "merged", "title"}: the ids, and what the track is called.
    """
    if keep_id == gone_id:
        raise EarmarkError(f"Track {keep_id} cannot be merged with itself. Name two tracks.")
    keep, gone = workspace.tracks.get(keep_id), workspace.tracks.get(gone_id)
    with workspace.acts.act("merge", f"Merged {gone.title} into {keep.title}"):
        workspace.tracks.merge(keep_id, gone_id)
    return {"kept": keep_id, "merged": gone_id, "title": keep.title}


def keep_apart(workspace: Workspace, first_id: int, second_id: int) -> None:
    """Remember that two tracks are two recordings; they are not asked about again."""
    for track_id in (first_id, second_id):
        workspace.tracks.get(track_id)
    workspace.tracks.say_different(first_id, second_id)


# -- files that came to another place -----------------------------------------------------------------


def verify(workspace: Workspace, report: Any = None) -> dict[str, int]:
    """Compare files found by name with what was heard of their track, and part what is another recording.

    Parameters
    ----------
    report : callable, optional
        Called after every file with {"done", "total", "sentence"}.

    Returns
    -------
    dict
        {"verified", "parted"}: how many files were as expected, and how many became tracks of their own.
    """
    files = workspace.tracks.unverified()
    counts = {"verified": 0, "parted": 0}
    for done, (_, path) in enumerate(files, 1):
        counts["verified" if _verify(workspace, path) else "parted"] += 1
        if report is not None:
            sentence = f"Checking moved files: {done:,} of {len(files):,}"
            report({"done": done, "total": len(files), "sentence": sentence})
    return counts


def _verify(workspace: Workspace, path: str) -> bool:
    """Say whether a file holds its track's recording; one that holds another gets a track of its own."""
    track = workspace.tracks.by_path(path)
    if track is None:  # it went meanwhile, with an act that was taken back
        return True
    try:
        found, tags = content_id(path), read_tags(path)
        same = found == track.content_id or _same_music(workspace, track, path, tags)
    except DecodeError as error:
        if os.path.exists(path):  # else the next rescan notices it
            workspace.tracks.mark(track.id, "unreadable", error.reason)
        return True
    if same:
        workspace.tracks.mark_verified(path, found)
        return True
    there = os.stat(path)
    workspace.tracks.part(FoundFile(path, there.st_size, there.st_mtime, tags))
    return False


def _same_music(workspace: Workspace, track: Track, path: str, tags: Tags) -> bool:
    """Say whether a file is a track's recording encoded again: its title, its length, its course of the sound."""
    if tags.duration is not None and track.duration is not None and abs(tags.duration - track.duration) > SAME_LENGTH:
        return False
    if plain(tags.title or track.title) != plain(track.title):
        return False
    heard = workspace.features.of_track(track.id).get(NAME)
    if heard is None:  # analysed by an earlier version
        return True
    waveform = decode(path)
    return likeness(heard, signature(waveform.y, waveform.sr)) >= SAME


# -- one track, everything known of it ------------------------------------------------------------------


@dataclass(frozen=True)
class About:
    """What is known of one track."""

    track: Track
    files: tuple[tuple[str, bool], ...]  # path, and whether it is there now
    labels: dict[str, Label]  # target -> the label that speaks
    history: tuple[Event, ...]  # answers and skips, newest first
    playlists: tuple[str, ...]
    apple: bool  # Apple's libraries know it


def about(workspace: Workspace, track_id: int) -> About:
    """Return everything known of one track.

    Raises
    ------
    UnknownTrackError
        It is not there, perhaps because it was merged into another.
    """
    playlists = [one for one in workspace.playlists.all() if one.kind != "folder"]
    return About(
        track=workspace.tracks.get(track_id),
        files=tuple((path, os.path.isfile(path)) for path in workspace.tracks.paths_of(track_id)),
        labels=workspace.labels.of_track(track_id),
        history=tuple(event for event in workspace.labels.history() if event.track_id == track_id),
        playlists=tuple(one.name for one in playlists if track_id in workspace.playlists.tracks(one.id)),
        apple=APPLE_ID in workspace.external_ids.of([track_id]).get(track_id, {}),
    )
