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

    @property
    def key(self) -> str:
        """What names it also after it was imported anew."""
        return self.external_id or str(self.id)


@dataclass(frozen=True)
class NewPlaylist:
    """A playlist as another program wrote it."""

    name: str
    kind: str
    external_id: str
    parent: str | None  # the external id of its folder
    tracks: Sequence[int]


NAMED = "name:"  # how the external id of a playlist begins that came without one


class PlaylistStore:
    """Playlists and their tracks, in order."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, source: str, playlists: Iterable[NewPlaylist], *, complete: bool = False) -> int:
        """Write the playlists of a source as they are now and return how many changed.

        One that another source brought before, by its external id, is the same playlist.

        Parameters
        ----------
        complete : bool
            True: the source names all it has. Those it no longer names are removed, those of others become its own.
            False lets both be.
        """
        playlists = list(playlists)
        with self._database.write() as connection:
            if complete:
                _adopt(connection, source, playlists)
                _remove_others(connection, source, {playlist.external_id for playlist in playlists})
            placed = [(_source_of(connection, source, playlist), playlist) for playlist in playlists]
            changed = sum(_put(connection, holder, playlist) for holder, playlist in placed)
            for holder, playlist in placed:
                if holder == source:  # only it knows the folders
                    _put_into_folder(connection, source, playlist)
        return changed

    def all(self) -> list[Playlist]:
        """Return every playlist, by name."""
        sql = """SELECT p.id, p.name, p.kind, p.parent_id, p.external_id,
                        (SELECT COUNT(*) FROM playlist_tracks WHERE playlist_id = p.id) AS tracks
                 FROM playlists p ORDER BY p.name COLLATE NOCASE, p.id"""
        with self._database.read() as connection:
            return [Playlist(**dict(row)) for row in connection.execute(sql)]

    def numbers(self) -> dict[str, int]:
        """Return the number of each playlist by what stays when it is imported anew: its external id, else itself."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT id, external_id FROM playlists ORDER BY id")
            return {row["external_id"] or str(row["id"]): row["id"] for row in rows}

    def tracks(self, playlist_id: int) -> list[int]:
        """Return the tracks of a playlist in order; of a folder those of all lists in it."""
        sql = """WITH RECURSIVE inside (id) AS (
                     SELECT ? UNION SELECT p.id FROM playlists p JOIN inside ON p.parent_id = inside.id)
                 SELECT track_id FROM playlist_tracks WHERE playlist_id IN (SELECT id FROM inside)
                 ORDER BY playlist_id, position"""
        with self._database.read() as connection:
            return [row["track_id"] for row in connection.execute(sql, [playlist_id])]


def _adopt(connection: sqlite3.Connection, source: str, playlists: Sequence[NewPlaylist]) -> None:
    connection.executemany(
        "UPDATE OR IGNORE playlists SET source = ? WHERE external_id = ? AND source <> ?",
        [(source, p.external_id, source) for p in playlists if not p.external_id.startswith(NAMED)],
    )


def _source_of(connection: sqlite3.Connection, source: str, playlist: NewPlaylist) -> str:
    """Return the source a playlist belongs to: Apple's ids are the same in every file, names may be chance."""
    if playlist.external_id.startswith(NAMED):
        return source
    row = connection.execute(
        "SELECT source FROM playlists WHERE external_id = ? ORDER BY source <> ? LIMIT 1",
        [playlist.external_id, source],
    ).fetchone()
    return source if row is None else row["source"]


def _put_into_folder(connection: sqlite3.Connection, source: str, playlist: NewPlaylist) -> None:
    connection.execute(
        """UPDATE playlists SET parent_id = (SELECT id FROM playlists WHERE source = ? AND external_id = ?)
           WHERE source = ? AND external_id = ?""",
        [source, playlist.parent, source, playlist.external_id],
    )


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
