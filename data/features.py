"""Feature vectors: float32, one per track, feature set and version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from data.db import Database, chunks, marks


class FeatureStore:
    """Vectors by track; a new version of a set leaves the old one usable until then."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, track_id: int, features: Mapping[str, np.ndarray], versions: Mapping[str, int]) -> None:
        """Keep the vectors of one track, in one transaction."""
        rows = [
            (track_id, name, versions[name], np.asarray(vector, dtype="<f4").tobytes())
            for name, vector in features.items()
        ]
        with self._database.write() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO features (track_id, feature_set, version, vector) VALUES (?, ?, ?, ?)", rows
            )

    def matrix(
        self, feature_set: str, *, version: int | None = None, after: int = 0
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """Return the vectors of one set, for every track that has them.

        Parameters
        ----------
        feature_set : str
            The set's name.
        version : int, optional
            The newest kept by default; versions are never mixed.
        after : int
            Only rows written after this mark: for caches that grow.

        Returns
        -------
        ids : np.ndarray, shape (n,), int64
        X : np.ndarray, shape (n, d), float32
        mark : int
            The newest row's number, for `after`.
        """
        with self._database.read() as connection:
            if version is None:
                version = connection.execute(
                    "SELECT MAX(version) FROM features WHERE feature_set = ?", [feature_set]
                ).fetchone()[0]
            rows = connection.execute(
                """SELECT id, track_id, vector FROM features
                   WHERE feature_set = ? AND version = ? AND id > ? ORDER BY id""",
                [feature_set, version, after],
            ).fetchall()
        if not rows:
            return np.empty(0, np.int64), np.empty((0, 0), np.float32), after
        ids = np.array([row["track_id"] for row in rows], np.int64)
        X = np.frombuffer(b"".join(row["vector"] for row in rows), "<f4").reshape(len(rows), -1)
        return ids, X, int(rows[-1]["id"])

    def of_track(self, track_id: int) -> dict[str, np.ndarray]:
        """Return the newest vector of each set for one track."""
        sql = "SELECT feature_set, vector FROM features WHERE track_id = ? ORDER BY version"
        with self._database.read() as connection:
            rows = connection.execute(sql, [track_id]).fetchall()
        return {row["feature_set"]: np.frombuffer(row["vector"], "<f4") for row in rows}

    def vectors(self, feature_set: str, track_ids: Iterable[int]) -> dict[int, np.ndarray]:
        """Return the newest vector of one set for some tracks, those that have one."""
        found: dict[int, np.ndarray] = {}
        with self._database.read() as connection:
            for part in chunks(list(track_ids)):
                rows = connection.execute(
                    f"""SELECT track_id, vector FROM features WHERE feature_set = ? AND track_id IN ({marks(len(part))})
                        ORDER BY version""",
                    [feature_set, *part],
                )
                found |= {row["track_id"]: np.frombuffer(row["vector"], "<f4") for row in rows}
        return found

    def sets(self) -> dict[str, int]:
        """Return each feature set kept and for how many tracks."""
        sql = "SELECT feature_set, COUNT(DISTINCT track_id) FROM features GROUP BY feature_set"
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(sql)}

    def newest_id(self) -> int:
        """Return a number that grows with every track analysed, also again: for caches."""
        with self._database.read() as connection:
            return int(connection.execute("SELECT COALESCE(MAX(id), 0) FROM features").fetchone()[0])

    def complete(self, track_id: int, versions: Mapping[str, int]) -> bool:
        """Tell whether a track has every set of `versions` at that version."""
        sql = "SELECT feature_set, version FROM features WHERE track_id = ?"
        with self._database.read() as connection:
            kept = {(row[0], row[1]) for row in connection.execute(sql, [track_id])}
        return set(versions.items()) <= kept


def join(parts: Iterable[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Join feature sets side by side for the tracks that have all of them.

    Parameters
    ----------
    parts : iterable of (ids, X)
        Shapes (n,) and (n, d); the order of ids may differ.

    Returns
    -------
    ids : np.ndarray, shape (m,), ascending
    X : np.ndarray, shape (m, sum of d)
    """
    parts = list(parts)
    common = parts[0][0]
    for ids, _ in parts[1:]:
        common = np.intersect1d(common, ids)
    common = np.sort(common)
    columns = []
    for ids, X in parts:
        order = np.argsort(ids)
        columns.append(X[order[np.searchsorted(ids[order], common)]] if len(common) else X[:0])
    return common, np.hstack(columns)
