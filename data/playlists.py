"""Playlists that came with a library, and the folders they lie in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from data.db import Database, now


@dataclass(frozen=True)
class Playlist:
    """A list, a smart list as it was when it came, or a folder of lists."""

    id: int
    name: str
    kind: str  # "list", "smart" or "folder"
    parent_id: int | None = None
    external_id: str | None = None
    tracks: int = 0  # how many


@dataclass(frozen=True)
class NewPlaylist:
    """A playlist as another program wrote it."""

    name: str
    kind: str
    external_id: str
    parent: str | None  # the external id of its folder
    tracks: Sequence[int]


class PlaylistStore:
    """Playlists and their tracks, in order."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, source: str, playlists: Iterable[NewPlaylist], *, complete: bool = False) -> int:
        """Write the playlists of a source as they are now and return how many changed.

        Parameters
        ----------
        complete : bool
            True removes those of this source that are not named; False lets them stay.
        """
        playlists = list(playlists)
        with self._database.write() as connection:
            if complete:
                _remove_others(connection, source, {playlist.external_id for playlist in playlists})
            changed = sum(_put(connection, source, playlist) for playlist in playlists)
            for playlist in playlists:
                connection.execute(
                    """UPDATE playlists SET parent_id = (SELECT id FROM playlists WHERE source = ? AND external_id = ?)
                       WHERE source = ? AND external_id = ?""",
                    [source, playlist.parent, source, playlist.external_id],
                )
        return changed

    def all(self) -> list[Playlist]:
        """Return every playlist, by name."""
        sql = """SELECT p.id, p.name, p.kind, p.parent_id, p.external_id,
                        (SELECT COUNT(*) FROM playlist_tracks WHERE playlist_id = p.id) AS tracks
                 FROM playlists p ORDER BY p.name COLLATE NOCASE, p.id"""
        with self._database.read() as connection:
            return [Playlist(**dict(row)) for row in connection.execute(sql)]

    def tracks(self, playlist_id: int) -> list[int]:
        """Return the tracks of a playlist in order; of a folder those of all lists in it."""
        sql = """WITH RECURSIVE inside (id) AS (
                     SELECT ? UNION SELECT p.id FROM playlists p JOIN inside ON p.parent_id = inside.id)
                 SELECT track_id FROM playlist_tracks WHERE playlist_id IN (SELECT id FROM inside)
                 ORDER BY playlist_id, position"""
        with self._database.read() as connection:
            return [row["track_id"] for row in connection.execute(sql, [playlist_id])]


def _remove_others(connection: sqlite3.Connection, source: str, named: set[str]) -> None:
    for row in connection.execute("SELECT id, external_id FROM playlists WHERE source = ?", [source]).fetchall():
        if row["external_id"] not in named:
            connection.execute("DELETE FROM playlist_tracks WHERE playlist_id = ?", [row["id"]])
            connection.execute("DELETE FROM playlists WHERE id = ?", [row["id"]])


def _put(connection: sqlite3.Connection, source: str, playlist: NewPlaylist) -> bool:
    known = connection.execute(
        "SELECT id, name, kind FROM playlists WHERE source = ? AND external_id = ?", [source, playlist.external_id]
    ).fetchone()
    if known is None:
        cursor = connection.execute(
            "INSERT INTO playlists (name, kind, source, external_id, created_at) VALUES (?, ?, ?, ?, ?)",
            [playlist.name, playlist.kind, source, playlist.external_id, now()],
        )
        playlist_id, before = cursor.lastrowid, None
    else:
        playlist_id = known["id"]
        before = [
            row["track_id"]
            for row in connection.execute(
                "SELECT track_id FROM playlist_tracks WHERE playlist_id = ? ORDER BY position", [playlist_id]
            )
        ]
        if (known["name"], known["kind"], before) == (playlist.name, playlist.kind, list(playlist.tracks)):
            return False
        connection.execute(
            "UPDATE playlists SET name = ?, kind = ? WHERE id = ?", [playlist.name, playlist.kind, playlist_id]
        )
    if before != list(playlist.tracks):
        connection.execute("DELETE FROM playlist_tracks WHERE playlist_id = ?", [playlist_id])
        connection.executemany(
            "INSERT INTO playlist_tracks (playlist_id, position, track_id) VALUES (?, ?, ?)",
            [(playlist_id, position, track_id) for position, track_id in enumerate(playlist.tracks)],
        )
    return True
