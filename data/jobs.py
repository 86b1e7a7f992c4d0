"""Long work: what waits, what runs, how far it is, what the person wishes of it."""

from __future__ import annotations

import sqlite3
from typing import Any

from core.errors import EarmarkError
from core.records import Job
from data.db import Database, from_json, now, to_json

OPEN_STATES = ("queued", "running", "paused")


class JobStore:
    """Jobs in lanes; the coordinator runs them, both front doors watch them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: str, lane: str, params: dict[str, Any] | None = None) -> int:
        """Queue a job and return its number."""
        with self._database.write() as connection:
            cursor = connection.execute(
                "INSERT INTO jobs (kind, lane, params, created_at) VALUES (?, ?, ?, ?)",
                [kind, lane, to_json(params or {}), now()],
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid

    def get(self, job_id: int) -> Job:
        """Return one job."""
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM jobs WHERE id = ?", [job_id]).fetchone()
        if row is None:
            raise EarmarkError(f"No job has the number {job_id}.")
        return _job(row)

    def open(self, *, kind: str | None = None, lane: str | None = None) -> list[Job]:
        """Return the jobs that are not over, oldest first."""
        sql = """SELECT * FROM jobs WHERE state IN ('queued', 'running', 'paused')
                 AND (? IS NULL OR kind = ?) AND (? IS NULL OR lane = ?) ORDER BY id"""
        with self._database.read() as connection:
            return [_job(row) for row in connection.execute(sql, [kind, kind, lane, lane])]

    def latest(self, kind: str) -> Job | None:
        """Return the newest job of a kind, whatever became of it."""
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM jobs WHERE kind = ? ORDER BY id DESC LIMIT 1", [kind]).fetchone()
        return None if row is None else _job(row)

    def latest_done(self, kind: str, target: str) -> Job | None:
        """Return the newest finished job of a kind about a target."""
        sql = """SELECT * FROM jobs WHERE kind = ? AND state = 'done'
                 AND COALESCE(json_extract(params, '$.target'), 'rating') = ? ORDER BY id DESC LIMIT 1"""
        with self._database.read() as connection:
            row = connection.execute(sql, [kind, target]).fetchone()
        return None if row is None else _job(row)

    def take(self, lane: str) -> Job | None:
        """Start the oldest queued job of a lane and return it."""
        with self._database.write() as connection:
            row = connection.execute(
                "SELECT id FROM jobs WHERE state = 'queued' AND lane = ? ORDER BY id LIMIT 1", [lane]
            ).fetchone()
            if row is None:
                return None
            connection.execute("UPDATE jobs SET state = 'running', started_at = ? WHERE id = ?", [now(), row["id"]])
            return _job(connection.execute("SELECT * FROM jobs WHERE id = ?", [row["id"]]).fetchone())

    def requeue_interrupted(self) -> int:
        """Queue again what a coordinator that died was running; only the holder of the lock may call this."""
        with self._database.write() as connection:
            return connection.execute("UPDATE jobs SET state = 'queued' WHERE state = 'running'").rowcount

    def requeue_interrupted_job(self, job_id: int) -> None:
        """Queue one running job again, because its coordinator ends."""
        with self._database.write() as connection:
            connection.execute("UPDATE jobs SET state = 'queued' WHERE id = ? AND state = 'running'", [job_id])

    def report(self, job_id: int, progress: dict[str, Any]) -> str | None:
        """Write how far a job is and return what the person wishes of it: 'pause', 'cancel' or None."""
        with self._database.write() as connection:
            connection.execute("UPDATE jobs SET progress = ? WHERE id = ?", [to_json(progress), job_id])
            row = connection.execute("SELECT wish FROM jobs WHERE id = ?", [job_id]).fetchone()
        return None if row is None else row["wish"]

    def wish(self, job_id: int, wish: str | None) -> None:
        """Ask for a pause or the end of a job; a job that has not started obeys at once."""
        with self._database.write() as connection:
            connection.execute("UPDATE jobs SET wish = ? WHERE id = ?", [wish, job_id])
            if wish == "cancel":
                connection.execute(
                    """UPDATE jobs SET state = 'cancelled', finished_at = ?
                       WHERE id = ? AND state IN ('queued', 'paused')""",
                    [now(), job_id],
                )
            if wish is None:
                connection.execute("UPDATE jobs SET state = 'queued' WHERE id = ? AND state = 'paused'", [job_id])

    def finish(
        self, job_id: int, state: str, *, result: dict[str, Any] | None = None, error: str | None = None
    ) -> None:
        """Close a job (done, failed, cancelled) or put it to rest (paused)."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE jobs SET state = ?, result = ?, error = ?, wish = NULL, finished_at = ? WHERE id = ?",
                [state, to_json(result), error, None if state == "paused" else now(), job_id],
            )


def _job(row: sqlite3.Row) -> Job:
    return Job(
        id=row["id"],
        kind=row["kind"],
        lane=row["lane"],
        state=row["state"],
        params=from_json(row["params"], {}),
        progress=from_json(row["progress"], {}),
        result=from_json(row["result"]),
        error=row["error"],
    )
