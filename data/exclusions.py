"""What the person leaves out of asking, training and exports: folders, genres, playlists, single tracks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from data.db import Database, now

ExclusionKind = Literal["folder", "genre", "playlist", "track"]
KINDS: tuple[ExclusionKind, ...] = ("folder", "genre", "playlist", "track")


@dataclass(frozen=True)
class Exclusion:
    """One thing left out: a folder's path, a genre's name, the number of a playlist or a track."""

    id: int
    kind: ExclusionKind
    value: str
    created_at: str


class ExclusionStore:
    """Exclusions; which tracks they mean is for the services to say."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: ExclusionKind, value: str) -> bool:
        """Leave something out; False when it already was."""
        with self._database.write() as connection:
            cursor = connection.execute(
                "INSERT OR IGNORE INTO exclusions (kind, value, created_at) VALUES (?, ?, ?)", [kind, value, now()]
            )
            return cursor.rowcount == 1

    def remove(self, kind: ExclusionKind, value: str) -> bool:
        """Take something in again; False when it was not left out."""
        with self._database.write() as connection:
            cursor = connection.execute("DELETE FROM exclusions WHERE kind = ? AND value = ?", [kind, value])
            return cursor.rowcount == 1

    def all(self) -> list[Exclusion]:
        """Return everything left out, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT id, kind, value, created_at FROM exclusions ORDER BY id")
            return [Exclusion(**dict(row)) for row in rows]

    def stamp(self) -> tuple[int, int]:
        """Return a value that changes with every exclusion added or removed: for caches."""
        with self._database.read() as connection:
            row = connection.execute("SELECT COUNT(*), COALESCE(SUM(id), 0) FROM exclusions").fetchone()
        return int(row[0]), int(row[1])
