"""Outlines: each track's course in time, as the player draws it and its parts compare."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import numpy as np

from core.records import Outline
from data.db import Database, chunks, marks

COLUMNS = "track_id, loudness, peak, telling, bounds, waveform, parts"
HALF = float(np.finfo(np.float16).max)  # parts are kept in half precision, which is enough to compare them


class OutlineStore:
    """One outline per track, the newest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, track_id: int, outline: Outline, version: int) -> None:
        """Keep a track's outline in place of the one there was."""
        sql = f"INSERT OR REPLACE INTO outlines ({COLUMNS}, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        with self._database.write() as connection:
            connection.execute(sql, [track_id, *_values(outline), version])

    def get(self, track_id: int) -> Outline | None:
        """Return a track's outline, None where there is none."""
        return self.many([track_id]).get(track_id)

    def many(self, track_ids: Iterable[int]) -> dict[int, Outline]:
        """Return the outlines of some tracks, those that have one."""
        found: dict[int, Outline] = {}
        with self._database.read() as connection:
            for part in chunks(list(track_ids)):
                rows = connection.execute(
                    f"SELECT {COLUMNS} FROM outlines WHERE track_id IN ({marks(len(part))})", list(part)
                )
                found |= {row["track_id"]: _outline(row) for row in rows}
        return found

    def median_loudness(self) -> float | None:
        """Return the loudness in LUFS that half of the tracks exceed, None where none is known."""
        sql = """SELECT loudness FROM outlines WHERE loudness IS NOT NULL ORDER BY loudness
                 LIMIT 1 OFFSET (SELECT COUNT(loudness) FROM outlines) / 2"""
        with self._database.read() as connection:
            row = connection.execute(sql).fetchone()
        return None if row is None else float(row["loudness"])


def _values(outline: Outline) -> list[object]:
    parts = np.asarray(outline.parts, dtype="<f4")
    return [
        outline.loudness,
        outline.peak,
        outline.telling,
        np.asarray(outline.bounds, dtype="<f4").tobytes(),
        np.asarray(outline.waveform, dtype=np.uint8).tobytes(),
        np.array(parts.shape, dtype="<u2").tobytes() + parts.clip(-HALF, HALF).astype("<f2").tobytes(),
    ]


def _outline(row: sqlite3.Row) -> Outline:
    shape = np.frombuffer(row["parts"][:4], "<u2")
    return Outline(
        loudness=row["loudness"],
        peak=row["peak"],
        telling=row["telling"],
        bounds=np.frombuffer(row["bounds"], "<f4"),
        waveform=np.frombuffer(row["waveform"], np.uint8),
        parts=np.frombuffer(row["parts"][4:], "<f2").reshape(shape).astype(np.float32),
    )
