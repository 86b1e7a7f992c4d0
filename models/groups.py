"""Which tracks belong together when a model is measured: those of one artist."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

from core.vocabulary import NO_ARTIST


def groups(
    artists: Sequence[str | None],
    album_artists: Sequence[str | None],
    folders: Sequence[str | None],
    ids: Sequence[int],
) -> np.ndarray:
    """Name the group of each track: its artist, else album artist, else album folder, else the track alone.

    Tracks of one group never stand on both sides of a train and test split, because a model that recognises an artist
    looks better than it is.

    Parameters
    ----------
    artists, album_artists, folders : sequence of str or None
        One entry per track; "Various Artists", "Unknown" and the like count as none.
    ids : sequence of int

    Returns
    -------
    np.ndarray of str, shape (tracks,)

    >>> groups(["ABBA", "Various Artists", None], [None, "abba ", None], [None, None, "/m/x"], [1, 2, 3]).tolist()
    ['abba', 'abba', 'folder:/m/x']
    """
    rows = zip(artists, album_artists, folders, ids, strict=True)
    return np.array([_group(*row) for row in rows], dtype=str)


def _group(artist: str | None, album_artist: str | None, folder: str | None, track: int) -> str:
    for name in (artist, album_artist):
        known = _name(name)
        if known not in NO_ARTIST:
            return known
    return f"folder:{folder}" if isinstance(folder, str) and folder else f"track:{track}"


def _name(text: str | None) -> str:
    """Fold case, width and spaces, so that two spellings of one artist are one group."""
    if not isinstance(text, str):  # None, or NaN from a data frame
        return ""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
