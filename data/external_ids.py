"""What other services call a track: Apple's ids and addresses, Spotify's URI, the ISRC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from data.db import Database, chunks, marks, to_json

# Apple's: a number belongs to one Library.xml, the Persistent ID stays; all are given back as they came.
APPLE_NUMBER = "apple_track_id"
APPLE_ID = "apple_persistent_id"
APPLE_LOCATION = "apple_location"
SEVERAL = frozenset({APPLE_ID})  # a track may be in two libraries, or twice in one


class ExternalIdStore:
    """(track, service, id); of several ids of one service the newest speaks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tracks(self, service: str) -> dict[str, int]:
        """Return id -> track, of one service."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT value, track_id FROM external_ids WHERE service = ?", [service])
            return {row["value"]: row["track_id"] for row in rows}

    def find(self, service: str, values: Iterable[str]) -> dict[str, int]:
        """Return id -> track, of these ids of one service that are known."""
        sql = """SELECT value, track_id FROM external_ids
                 WHERE service = ? AND value IN (SELECT value FROM json_each(?))"""
        with self._database.read() as connection:
            rows = connection.execute(sql, [service, to_json(list(values))])
            return {row["value"]: row["track_id"] for row in rows}

    def newest(self, service: str) -> dict[int, str]:
        """Return track -> id, of one service."""
        sql = "SELECT track_id, value FROM external_ids WHERE service = ? ORDER BY rowid"
        with self._database.read() as connection:
            return {row["track_id"]: row["value"] for row in connection.execute(sql, [service])}

    def of(self, track_ids: Iterable[int]) -> dict[int, dict[str, str]]:
        """Return track -> service -> id."""
        found: dict[int, dict[str, str]] = {}
        with self._database.read() as connection:
            for part in chunks(list(track_ids)):
                sql = f"""SELECT track_id, service, value FROM external_ids
                          WHERE track_id IN ({marks(len(part))}) ORDER BY rowid"""
                for row in connection.execute(sql, part):
                    found.setdefault(row["track_id"], {})[row["service"]] = row["value"]
        return found

    def put(self, ids: Mapping[int, Mapping[str, str]]) -> None:
        """Keep ids by track and service: of most services a track has one, of Persistent IDs several."""
        with self._database.write() as connection:
            for track_id, values in ids.items():
                for service, value in values.items():
                    if service not in SEVERAL:
                        connection.execute(  # +service: found by the track, not among all ids of the service
                            "DELETE FROM external_ids WHERE track_id = ? AND +service = ? AND value <> ?",
                            [track_id, service, value],
                        )
                    connection.execute(
                        "INSERT OR IGNORE INTO external_ids (track_id, service, value) VALUES (?, ?, ?)",
                        [track_id, service, value],
                    )
