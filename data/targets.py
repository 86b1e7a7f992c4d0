"""The person's own targets, and those that ship when their classes were changed."""

from __future__ import annotations

import json
from typing import Any

from data.db import Database, now

Row = dict[str, Any]


class TargetStore:
    """What can be asked beside rating and genre; what an answer means is for labeling.targets to say."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Row]:
        """Return name, kind, classes and question of each, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT name, kind, classes, question FROM targets ORDER BY created_at, name")
            return [{**dict(row), "classes": tuple(json.loads(row["classes"]))} for row in rows]

    def put(self, name: str, kind: str, classes: tuple[str, ...], question: str) -> None:
        """Keep a target, or other classes of one that is there."""
        with self._database.write() as connection:
            connection.execute(
                """INSERT INTO targets (name, kind, classes, question, created_at) VALUES (?, ?, ?, ?, ?)
                   ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, classes = excluded.classes,
                   question = excluded.question""",
                [name, kind, json.dumps(classes), question, now()],
            )

    def remove(self, name: str) -> bool:
        """Forget a target, its answers stay; False when it was not there."""
        with self._database.write() as connection:
            return connection.execute("DELETE FROM targets WHERE name = ?", [name]).rowcount == 1

    def stamp(self) -> str:
        """Return a value that changes with every target: for caches."""
        with self._database.read() as connection:
            return json.dumps([tuple(row) for row in connection.execute("SELECT name, kind, classes FROM targets")])
