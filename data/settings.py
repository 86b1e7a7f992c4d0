"""Small facts of a home: choices, the places music came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from data.db import Database, from_json, now, to_json


class SettingsStore:
    """Key and value, the value any JSON."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str, default: Any = None) -> Any:
        """Return a setting, or `default` when it was never set."""
        with self._database.read() as connection:
            row = connection.execute("SELECT value FROM settings WHERE key = ?", [key]).fetchone()
        return default if row is None else from_json(row["value"])

    def set(self, key: str, value: Any) -> None:
        """Keep a setting."""
        with self._database.write() as connection:
            connection.execute(
                """INSERT INTO settings (key, value) VALUES (?, ?)
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value""",
                [key, to_json(value)],
            )


@dataclass(frozen=True)
class Root:
    """A place music came from, and what was seen when it was last looked at."""

    id: int
    path: str
    kind: str  # folder; library: an Apple library's file; drive: holds files of no folder and is not connected
    away_since: str | None = None  # not connected: its files wait, they are not missing
    problem: str | None = None  # why it could not be looked through, in plain words
    scanned_at: str | None = None
    stamp: str | None = None  # size and time of a library's file when it was imported


class RootStore:
    """The places music was imported from."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, path: str, kind: str = "folder", stamp: str | None = None) -> int:
        """Remember a place and return its number; the time of its last scan is now."""
        with self._database.write() as connection:
            connection.execute(
                """INSERT INTO roots (path, kind, stamp, added_at, scanned_at) VALUES (?, ?, ?, ?, ?)
                   ON CONFLICT (path) DO UPDATE
                   SET kind = excluded.kind, stamp = excluded.stamp, scanned_at = excluded.scanned_at""",
                [path, kind, stamp, now(), now()],
            )
            return int(connection.execute("SELECT id FROM roots WHERE path = ?", [path]).fetchone()[0])

    def all(self) -> list[str]:
        """Return the folders, oldest first."""
        return [root.path for root in self.records() if root.kind == "folder"]

    def records(self) -> list[Root]:
        """Return every place with what is known of it, oldest first."""
        sql = "SELECT id, path, kind, away_since, problem, scanned_at, stamp FROM roots ORDER BY id"
        with self._database.read() as connection:
            return [Root(**dict(row)) for row in connection.execute(sql)]

    def away(self) -> list[str]:
        """Return the folders and drives that were not connected when they were last looked at."""
        return [root.path for root in self.records() if root.away_since is not None]

    def set_away(self, root_id: int, away: bool) -> None:
        """Remember whether a place is connected; the moment it went stays the first one."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE roots SET away_since = CASE WHEN ? THEN COALESCE(away_since, ?) END WHERE id = ?",
                [away, now(), root_id],
            )

    def set_problem(self, root_id: int, problem: str | None) -> None:
        """Remember why a place could not be looked through, None when it could."""
        with self._database.write() as connection:
            connection.execute("UPDATE roots SET problem = ? WHERE id = ?", [problem, root_id])

    def remove(self, path: str) -> None:
        """Forget a place; its tracks stay in the library, only nothing new is looked for there."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM roots WHERE path = ?", [path])
