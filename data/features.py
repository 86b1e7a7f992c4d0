"""Feature vectors: float32, one per track, feature set and version; heard in passing, their version is negative."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

import numpy as np

from data.db import Database, chunks, marks

NOT_HEARD = ("lyrics",)  # sets that come from elsewhere than the sound: a track may have them and wait to be heard
NEARLY_ALL = 0.95  # of the tracks that are there: a few may have become unreadable, which must not hold up the others


class FeatureStore:
    """Vectors by track; a new version of a set leaves the old one in use until it covers nearly as many tracks.

    Version n is heard from the whole track, version -n from a few seconds of it. Vectors of two versions are never put
    into one matrix: to a model they are different things.
    """

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
            The one in use by default.
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
            version = _in_use(connection, feature_set) if version is None else version
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

    def version(self, feature_set: str) -> int | None:
        """Return the version in use: the newest that nearly as many tracks have as any; None without any vector."""
        with self._database.read() as connection:
            return _in_use(connection, feature_set)

    def versions(self) -> dict[str, dict[int, int]]:
        """Return for each set its versions, and how many tracks have each."""
        sql = "SELECT feature_set, version, COUNT(*) FROM features GROUP BY feature_set, version"
        found: dict[str, dict[int, int]] = {}
        with self._database.read() as connection:
            for feature_set, version, count in connection.execute(sql):
                found.setdefault(feature_set, {})[version] = count
        return found

    def due(self, versions: Mapping[str, int], outline_version: int | None = None) -> dict[int, tuple[str, ...]]:
        """Return for each track that has vectors which sets of `versions` it lacks.

        Parameters
        ----------
        versions : mapping
            Feature set -> the version wanted.
        outline_version : int, optional
            The version of an outline that is wanted too; tracks without it lack "outline".
        """
        with self._database.read() as connection:
            sql = f"""SELECT DISTINCT track_id FROM features
                      WHERE version > 0 AND feature_set NOT IN ({marks(len(NOT_HEARD))})"""
            everyone = {row[0] for row in connection.execute(sql, NOT_HEARD)}
            sql = "SELECT track_id FROM features WHERE feature_set = ? AND version = ?"
            having = {wish[0]: {row[0] for row in connection.execute(sql, wish)} for wish in versions.items()}
            if outline_version is not None:
                sql = "SELECT track_id FROM outlines WHERE version = ?"
                having["outline"] = {row[0] for row in connection.execute(sql, [outline_version])}
        lacking = set().union(*(everyone - those for those in having.values()))
        return {i: tuple(name for name, those in having.items() if i not in those) for i in sorted(lacking)}

    def drop(self, versions: Mapping[str, Iterable[int]]) -> int:
        """Delete versions nobody needs any more; return how many vectors went."""
        with self._database.write() as connection:
            return sum(
                connection.execute(
                    "DELETE FROM features WHERE feature_set = ? AND version = ?", [name, version]
                ).rowcount
                for name, gone in versions.items()
                for version in gone
            )

    def drop_broken(self) -> int:
        """Delete vectors that hold numbers that are none (NaN or infinite), so that they are measured again.

        Returns
        -------
        int
            How many vectors went.
        """
        with self._database.read() as connection:
            rows = connection.execute("SELECT id, vector FROM features")
            broken = [[row["id"]] for row in rows if not np.isfinite(np.frombuffer(row["vector"], "<f4")).all()]
        with self._database.write() as connection:
            connection.executemany("DELETE FROM features WHERE id = ?", broken)
        return len(broken)

    def of_track(self, track_id: int) -> dict[str, np.ndarray]:
        """Return the newest vector of each set for one track; one heard in passing only where there is no other."""
        sql = "SELECT feature_set, vector FROM features WHERE track_id = ? ORDER BY version"
        with self._database.read() as connection:
            rows = connection.execute(sql, [track_id]).fetchall()
        return {row["feature_set"]: np.frombuffer(row["vector"], "<f4") for row in rows}

    def vectors(self, feature_set: str, track_ids: Iterable[int]) -> dict[int, np.ndarray]:
        """Return the newest vector of one set for some tracks, those that have one; not what was heard in passing."""
        found: dict[int, np.ndarray] = {}
        with self._database.read() as connection:
            for part in chunks(list(track_ids)):
                rows = connection.execute(
                    f"""SELECT track_id, vector FROM features
                        WHERE feature_set = ? AND version > 0 AND track_id IN ({marks(len(part))}) ORDER BY version""",
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
        sql = f"""SELECT id FROM features WHERE feature_set NOT IN ({marks(len(NOT_HEARD))})
                  ORDER BY id DESC LIMIT 1"""
        with self._database.read() as connection:
            row = connection.execute(sql, NOT_HEARD).fetchone()
        return 0 if row is None else int(row[0])

    def remove(self, feature_set: str, track_ids: Iterable[int]) -> None:
        """Delete the vectors of one set for some tracks: what they described is gone."""
        with self._database.write() as connection:
            connection.executemany(
                "DELETE FROM features WHERE feature_set = ? AND track_id = ?", [(feature_set, i) for i in track_ids]
            )

    def has(self, track_id: int, sets: Iterable[str]) -> bool:
        """Tell whether a track was heard whole for each of these sets, by whatever version."""
        sql = "SELECT DISTINCT feature_set FROM features WHERE track_id = ? AND version > 0"
        with self._database.read() as connection:
            return set(sets) <= {row[0] for row in connection.execute(sql, [track_id])}

    def lacks(self, feature_set: str, version: int) -> bool:
        """Tell whether an analysed track whose file is there has vectors of a set, but not of this version."""
        sql = f"""SELECT EXISTS (
                     SELECT 1 FROM features f JOIN tracks t ON t.id = f.track_id
                     WHERE f.feature_set = ? AND f.version <> ? AND t.state IN ('analysed', 'partly')
                       AND f.track_id IN ({_THERE})
                       AND NOT EXISTS (SELECT 1 FROM features g
                                       WHERE g.track_id = f.track_id AND g.feature_set = ? AND g.version = ?))"""
        with self._database.read() as connection:
            return bool(connection.execute(sql, [feature_set, version, feature_set, version]).fetchone()[0])


# Tracks with a file that can be heard now.
_THERE = """SELECT x.track_id FROM files x LEFT JOIN roots r ON r.id = x.root_id
            WHERE x.missing_since IS NULL AND r.away_since IS NULL"""


def _in_use(connection: sqlite3.Connection, feature_set: str) -> int | None:
    """Return the newest version that nearly all tracks have that are there, and at least half of all."""
    sql = "SELECT version, COUNT(*) FROM features WHERE feature_set = ? GROUP BY version ORDER BY version DESC"
    everywhere: dict[int, int] = dict(connection.execute(sql, [feature_set]).fetchall())
    if len(everywhere) < 2:
        return next(iter(everywhere), None)
    sql = f"""SELECT version, COUNT(*) FROM features
              WHERE feature_set = ? AND track_id IN ({_THERE}) GROUP BY version"""
    there: dict[int, int] = dict(connection.execute(sql, [feature_set]).fetchall())
    enough, half = NEARLY_ALL * max(there.values(), default=0), max(everywhere.values()) / 2
    fit = (version for version, count in everywhere.items() if there.get(version, 0) >= enough and count >= half)
    return next(fit, max(everywhere, key=lambda version: (everywhere[version], version)))


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
