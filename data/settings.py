"""Small facts of a home: choices, the folders music came from."""

from __future__ import annotations

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
            connection.execute("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", [key, to_json(value)])


class RootStore:
    """The folders music was imported from."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, path: str) -> int:
        """Remember a folder and return its number; the time of its last scan is now."""
        with self._database.write() as connection:
            connection.execute(
                """INSERT INTO roots (path, added_at, scanned_at) VALUES (?, ?, ?)
                   ON CONFLICT (path) DO UPDATE SET scanned_at = excluded.scanned_at""",
                [path, now(), now()],
            )
            return int(connection.execute("SELECT id FROM roots WHERE path = ?", [path]).fetchone()[0])

    def all(self) -> list[str]:
        """Return the folders, oldest first."""
        with self._database.read() as connection:
            return [row["path"] for row in connection.execute("SELECT path FROM roots ORDER BY id")]
