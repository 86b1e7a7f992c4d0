"""The tracks that wait for an answer, kept so that closing the browser loses nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from core.records import Question
from data.db import Database, from_json, marks, now, to_json


class QuestionStore:
    """Questions put before the person and not yet answered, in the order they wait."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, target: str) -> list[Question]:
        """Return the questions of a target, the one that waits longest first."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT * FROM questions WHERE target = ? ORDER BY place", [target])
            return [_question(row) for row in rows]

    def get(self, track_id: int, target: str) -> Question | None:
        """Return one waiting question, None when this track is not being asked."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT * FROM questions WHERE track_id = ? AND target = ?", [track_id, target]
            ).fetchone()
        return None if row is None else _question(row)

    def ask(self, questions: Iterable[Question], *, first: bool = False) -> None:
        """Put questions at the end of the line, or before all others."""
        with self._database.write() as connection:
            for question in questions:
                edge = "MIN(place) - 1" if first else "MAX(place) + 1"
                connection.execute(
                    f"""INSERT OR REPLACE INTO questions
                        (track_id, target, reason, proba, strategy, score, asked_at, asked, guess_hidden, place)
                        SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, COALESCE({edge}, 0) FROM questions WHERE target = ?""",
                    [
                        question.track_id, question.target, question.reason, to_json(question.proba), question.strategy,
                        question.score, now(), question.asked, question.guess_hidden, question.target,
                    ],
                )  # fmt: skip

    def guess(self, track_id: int, target: str, proba: dict[str, float]) -> None:
        """Keep a newer prediction with a question that waits; its place stays."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE questions SET proba = ? WHERE track_id = ? AND target = ?", [to_json(proba), track_id, target]
            )

    def close(self, track_ids: Iterable[int], target: str) -> None:
        """Take tracks out of the line."""
        ids = list(track_ids)
        with self._database.write() as connection:
            connection.execute(
                f"DELETE FROM questions WHERE target = ? AND track_id IN ({marks(len(ids))})", [target, *ids]
            )


def _question(row: sqlite3.Row) -> Question:
    return Question(
        track_id=row["track_id"],
        target=row["target"],
        reason=row["reason"],
        proba=from_json(row["proba"], {}),
        strategy=row["strategy"],
        score=row["score"],
        asked=row["asked"],
        guess_hidden=bool(row["guess_hidden"]),
    )
