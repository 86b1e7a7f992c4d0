"""What the current model thinks of each track."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from core.records import Prediction
from data.db import Database, from_json, to_json


class PredictionStore:
    """One prediction per track and target: those of the current run."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, target: str, predictions: Iterable[Prediction]) -> int:
        """Replace all predictions of a target in one transaction and return how many there are."""
        rows = [
            (p.track_id, target, p.model_run, p.value, max(p.proba.values(), default=0.0), to_json(p.proba), p.novelty)
            for p in predictions
        ]
        with self._database.write() as connection:
            connection.execute("DELETE FROM predictions WHERE target = ?", [target])
            connection.executemany(
                """INSERT INTO predictions (track_id, target, model_run_id, value, confidence, proba, novelty)
                   SELECT ?, ?, ?, ?, ?, ?, ? WHERE 1""",
                rows,
            )
        return len(rows)

    def all(self, target: str) -> dict[int, Prediction]:
        """Return the predictions of a target by track."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT * FROM predictions WHERE target = ?", [target]).fetchall()
        return {row["track_id"]: _prediction(row) for row in rows}

    def of_track(self, track_id: int, target: str) -> Prediction | None:
        """Return the prediction of one track, None while no model has made one."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT * FROM predictions WHERE target = ? AND track_id = ?", [target, track_id]
            ).fetchone()
        return None if row is None else _prediction(row)

    def values(self, target: str) -> dict[int, str]:
        """Return only the predicted class of each track: cheap, for counting and comparing."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT track_id, value FROM predictions WHERE target = ?", [target])
            return {row[0]: row[1] for row in rows}

    def unlike(self, target: str) -> list[tuple[int, float]]:
        """Return the tracks unlike anything that was answered and how far they lie, the farthest first."""
        sql = """SELECT track_id, novelty FROM predictions WHERE target = ? AND novelty > 1
                 ORDER BY novelty DESC, track_id"""
        with self._database.read() as connection:
            return [(row[0], row[1]) for row in connection.execute(sql, [target])]

    def count(self) -> dict[str, int]:
        """Return target -> how many tracks are predicted."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT target, COUNT(*) FROM predictions GROUP BY target ORDER BY target")
            return {row[0]: row[1] for row in rows}


def _prediction(row: sqlite3.Row) -> Prediction:
    return Prediction(
        row["track_id"], row["target"], row["value"], from_json(row["proba"], {}), row["model_run_id"], row["novelty"]
    )
