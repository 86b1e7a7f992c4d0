"""Other versions of what was answered: live, remixed, encoded again. They are asked about only as a check."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from audio.signature import ALIKE, NAME
from core.matching import artist_key, versions_key
from services.workspace import Workspace

COMPARED = 1_000  # answered tracks whose sound is compared, the newest: reading their signatures takes milliseconds
GROUPED = 5_000  # answered tracks whose sound is compared when models are measured: a second
NAMED = 1_000  # answered tracks of the candidates' artists whose titles are compared, the newest


class Twin(NamedTuple):
    """The answered track that a candidate is another version of."""

    track_id: int
    what: str  # "live version"


def twins(workspace: Workspace, candidates: Collection[int], answered: Collection[int]) -> dict[int, Twin]:
    """Return the candidates that are another version of an answered track: by their names, or by their sound.

    Parameters
    ----------
    candidates : collection of int
        Tracks that may be asked about; a few dozen.
    answered : collection of int
        Oldest answer first.
    """
    by_sound = _by_sound(workspace, candidates, list(answered)[-COMPARED:])
    return by_sound | _by_name(workspace, candidates, answered)


def _by_name(workspace: Workspace, candidates: Collection[int], answered: Collection[int]) -> dict[int, Twin]:
    answered = _of_their_artists(workspace, candidates, answered)[-NAMED:]
    tracks = workspace.tracks.many({*candidates, *answered})
    keys = {i: versions_key(track.artist or track.album_artist, track.title) for i, track in tracks.items()}
    known = {key[0]: i for i in answered if (key := keys.get(i)) is not None}
    return {
        i: Twin(known[key[0]], key[1])
        for i in candidates
        if (key := keys.get(i)) is not None and known.get(key[0], i) != i
    }


def _of_their_artists(workspace: Workspace, candidates: Collection[int], answered: Collection[int]) -> list[int]:
    """Leave out the answered tracks of other artists: they are no versions, and reading all would take a second."""
    names = (track.artist or track.album_artist for track in workspace.tracks.many(candidates).values())
    wanted = {artist_key(name) for name in names if name}
    theirs = workspace.tracks.of_artists([name for name in workspace.tracks.artists() if artist_key(name) in wanted])
    return [i for i in answered if i in theirs]


def _by_sound(workspace: Workspace, candidates: Collection[int], answered: Collection[int]) -> dict[int, Twin]:
    vectors = workspace.features.vectors(NAME, {*candidates, *answered})
    ours, theirs = [i for i in candidates if i in vectors], [i for i in answered if i in vectors]
    if not ours or not theirs:
        return {}
    alike = _unit([vectors[i] for i in ours]) @ _unit([vectors[i] for i in theirs]).T
    return {
        track_id: Twin(theirs[int(row.argmax())], "other recording")
        for track_id, row in zip(ours, alike, strict=True)
        if row.max() >= ALIKE and theirs[int(row.argmax())] != track_id
    }


def joined_groups(workspace: Workspace, track_ids: Sequence[int], groups: np.ndarray) -> np.ndarray:
    """Return the groups that models are measured by, those joined that share a recording under two artists' names.

    A copy on a sampler, or another spelling of the artist, would otherwise stand on the other side of a split.

    Parameters
    ----------
    track_ids : sequence of int
    groups : np.ndarray of str, shape (tracks,)

    Returns
    -------
    np.ndarray of str, shape (tracks,)
    """
    vectors = workspace.features.vectors(NAME, list(track_ids)[-GROUPED:])
    rows = [row for row, track_id in enumerate(track_ids) if track_id in vectors]
    if len(rows) < 2:
        return groups
    unit = _unit([vectors[track_ids[row]] for row in rows])
    parent = {name: name for name in groups.tolist()}

    def root(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    for begin in range(0, len(rows), COMPARED):
        alike = unit[begin : begin + COMPARED] @ unit.T >= ALIKE
        for one, other in np.argwhere(alike):
            a, b = root(str(groups[rows[begin + one]])), root(str(groups[rows[other]]))
            parent[max(a, b)] = min(a, b)
    return np.array([root(name) for name in groups.tolist()], dtype=str)


def _unit(vectors: list[np.ndarray]) -> np.ndarray:
    X = np.stack(vectors).astype(np.float32)
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    return np.divide(X, lengths, out=np.zeros_like(X), where=lengths > 0)
