"""Model runs: which family was trained on what, how good it was, which one speaks."""

from __future__ import annotations

import sqlite3
from typing import Any

from core.errors import EarmarkError
from core.records import ModelRun
from data.db import Database, from_json, now, to_json


class ModelRunStore:
    """Every training ever made; at most one run per target is current."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        *,
        target: str,
        family: str,
        features: str,
        labels: int,
        classes: list[str],
        scores: dict[str, Any],
        versions: dict[str, int] | None = None,
        settings: dict[str, Any] | None = None,
        seed: int = 0,
        why: str | None = None,
    ) -> int:
        """Write a run that has not become current and return its number."""
        described = [target, family, features, labels, to_json(classes), to_json(scores), to_json(versions or {})]
        with self._database.write() as connection:
            cursor = connection.execute(
                """INSERT INTO model_runs
                       (target, family, features, labels, classes, scores, versions, settings, seed, why, created_at)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                [*described, to_json(settings or {}), seed, why, now()],
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid

    def set_path(self, run_id: int, path: str) -> None:
        """Record where a run's model file lies, relative to the home."""
        with self._database.write() as connection:
            connection.execute("UPDATE model_runs SET path = ? WHERE id = ?", [path, run_id])

    def set_seconds(self, run_id: int, seconds: float) -> None:
        """Record what a run took."""
        with self._database.write() as connection:
            connection.execute("UPDATE model_runs SET seconds = ? WHERE id = ?", [seconds, run_id])

    def mark_deleted(self, run_id: int) -> None:
        """Record that a run's files are gone; what it was and the answers that name it stay."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE model_runs SET path = NULL, deleted_at = ?, is_current = 0 WHERE id = ?", [now(), run_id]
            )

    def make_current(self, run_id: int) -> None:
        """Let this run speak for its target."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE model_runs SET is_current = 0 WHERE target = (SELECT target FROM model_runs WHERE id = ?)",
                [run_id],
            )
            connection.execute("UPDATE model_runs SET is_current = 1, became_current = 1 WHERE id = ?", [run_id])

    def current(self, target: str) -> ModelRun | None:
        """Return the run that speaks for a target, None before the first training."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT * FROM model_runs WHERE target = ? AND is_current = 1", [target]
            ).fetchone()
        return None if row is None else _run(row)

    def get(self, run_id: int) -> ModelRun:
        """Return one run.

        Raises
        ------
        EarmarkError
            No run has this number.
        """
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM model_runs WHERE id = ?", [run_id]).fetchone()
        if row is None:
            raise EarmarkError(f"No model run has the number {run_id}.")
        return _run(row)

    def all(self, target: str | None = None) -> list[ModelRun]:
        """Return the runs that are not deleted, newest first."""
        sql = "SELECT * FROM model_runs WHERE (? IS NULL OR target = ?) AND deleted_at IS NULL ORDER BY id DESC"
        with self._database.read() as connection:
            return [_run(row) for row in connection.execute(sql, [target, target])]


def _run(row: sqlite3.Row) -> ModelRun:
    return ModelRun(
        id=row["id"],
        target=row["target"],
        family=row["family"],
        features=row["features"],
        labels=row["labels"],
        classes=tuple(from_json(row["classes"], [])),
        scores=from_json(row["scores"], {}),
        path=row["path"],
        created_at=row["created_at"],
        became_current=bool(row["became_current"]),
        versions=from_json(row["versions"], {}),
        settings=from_json(row["settings"], {}),
        seed=row["seed"],
        seconds=row["seconds"],
        why=row["why"],
        deleted_at=row["deleted_at"],
    )
