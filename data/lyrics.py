"""Words of songs: what was found of each track, where, how well it fits, and what waits for a decision."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict

from core.records import Doubtful, Lyrics, Offer
from data.db import Database, chunks, from_json, marks, now, to_json

BY_HAND = "you"  # the source of words the person wrote: no search replaces them
_OFFER = ("source", "text", "synced", "instrumental", "title", "artist", "album", "duration", "url", "match")
_LYRICS = tuple(Lyrics.__dataclass_fields__)


class LyricsStore:
    """One row per track that was looked for, and the offers nobody has decided about, or that were refused."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, lyrics: Lyrics) -> None:
        """Keep what is known of a track's words, in place of what was; the moment is now."""
        row = asdict(lyrics) | {"asked": to_json(list(lyrics.asked)), "looked_at": now()}
        sql = f"INSERT OR REPLACE INTO lyrics ({', '.join(_LYRICS)}) VALUES ({marks(len(_LYRICS))})"
        with self._database.write(durable=lyrics.source == BY_HAND) as connection:
            connection.execute("DELETE FROM lyrics WHERE track_id = ?", [lyrics.track_id])  # an act notes both
            connection.execute(sql, [row[name] for name in _LYRICS])

    def of_track(self, track_id: int) -> Lyrics | None:
        """Return what is known of a track's words, None while nobody has looked."""
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM lyrics WHERE track_id = ?", [track_id]).fetchone()
        return None if row is None else _lyrics(row)

    def many(self, track_ids: Iterable[int]) -> dict[int, Lyrics]:
        """Return what is known of some tracks."""
        found: dict[int, Lyrics] = {}
        with self._database.read() as connection:
            for part in chunks(list(track_ids)):
                rows = connection.execute(f"SELECT * FROM lyrics WHERE track_id IN ({marks(len(part))})", part)
                found |= {row["track_id"]: _lyrics(row) for row in rows}
        return found

    def texts(self) -> Iterator[tuple[int, str, str | None]]:
        """Yield (track, words, language) of every track whose words are there."""
        sql = "SELECT track_id, text, language FROM lyrics WHERE outcome = 'found' ORDER BY track_id"
        with self._database.read() as connection:
            rows = connection.execute(sql).fetchall()
        yield from ((row["track_id"], row["text"], row["language"]) for row in rows)

    def outcomes(self) -> dict[int, str]:
        """Return only what came of looking, by track: cheap."""
        with self._database.read() as connection:
            return dict(connection.execute("SELECT track_id, outcome FROM lyrics").fetchall())

    def since(self, moment: str) -> list[Lyrics]:
        """Return what was looked for from a moment on, oldest first, without the words."""
        bare = ", ".join("NULL AS " + name if name in ("text", "synced", "raw") else name for name in _LYRICS)
        sql = f"SELECT {bare} FROM lyrics WHERE looked_at >= ? ORDER BY looked_at"
        with self._database.read() as connection:
            return [_lyrics(row) for row in connection.execute(sql, [moment])]

    def found_since(self, moment: str) -> int:
        """Return of how many tracks words were found or written from a moment on."""
        sql = "SELECT COUNT(*) FROM lyrics WHERE outcome = 'found' AND looked_at >= ?"
        with self._database.read() as connection:
            return int(connection.execute(sql, [moment]).fetchone()[0])

    def counts(self, column: str) -> dict[str, int]:
        """Return how many tracks have each outcome, source or language.

        Parameters
        ----------
        column : "outcome", "source" or "language"
            Sources and languages are counted among the words that are there; no language is "".
        """
        if column not in ("outcome", "source", "language"):
            raise ValueError(column)
        where = "" if column == "outcome" else "WHERE outcome = 'found'"
        sql = f"SELECT COALESCE({column}, ''), COUNT(*) AS n FROM lyrics {where} GROUP BY 1 ORDER BY n DESC, 1"
        with self._database.read() as connection:
            return dict(connection.execute(sql).fetchall())

    def due(self, asking: Collection[str], *, before: str | None = None) -> list[int]:
        """Return the tracks whose words are to be looked for, by number.

        Never looked for; not found and a source is asked now that was not then; or the time to look again has come.

        Parameters
        ----------
        asking : collection of str
            The sources that would be asked.
        before : str, optional
            Also everything not found that was last looked for before this moment.
        """
        sql = """SELECT t.id, y.asked, y.look_again, y.looked_at FROM tracks t
                 LEFT JOIN lyrics y ON y.track_id = t.id
                 WHERE t.title IS NOT NULL AND (y.track_id IS NULL OR y.outcome IN ('not there', 'failed'))
                 ORDER BY t.id"""
        moment = now()
        with self._database.read() as connection:
            return [row["id"] for row in connection.execute(sql) if _is_due(row, set(asking), moment, before)]

    def remove(self, track_ids: Iterable[int]) -> int:
        """Forget what is known of the words of some tracks; return of how many there was something."""
        gone = 0
        with self._database.write(durable=True) as connection:
            for part in chunks(list(track_ids)):
                gone += connection.execute(f"DELETE FROM lyrics WHERE track_id IN ({marks(len(part))})", part).rowcount
        return gone

    def stamp(self) -> tuple[int, str]:
        """Return a value that changes whenever something was looked for, written or removed: for caches."""
        sql = "SELECT COUNT(*), COALESCE(MAX(looked_at), '') FROM lyrics"
        with self._database.read() as connection:
            row = connection.execute(sql).fetchone()
        return int(row[0]), str(row[1])

    # -- what waits for a decision, and what was refused ------------------------------------------------

    def offer(self, track_id: int, offers: Sequence[tuple[str, Offer]]) -> None:
        """Keep offers, each with its fingerprint, to be decided; one that was refused stays refused."""
        rows = [[track_id, mark, "waiting", now(), *_offer_row(offer)] for mark, offer in offers]
        with self._database.write() as connection:
            connection.execute("DELETE FROM lyrics_offers WHERE track_id = ? AND state = 'waiting'", [track_id])
            connection.executemany(f"INSERT OR IGNORE {_INTO_OFFERS}", rows)

    def refuse(self, track_id: int, fingerprint: str, offer: Offer) -> None:
        """Remember that these are not the words of a track."""
        row = [track_id, fingerprint, "refused", now(), *_offer_row(offer)]
        with self._database.write(durable=True) as connection:
            connection.execute(
                "DELETE FROM lyrics_offers WHERE track_id = ? AND fingerprint = ?", [track_id, fingerprint]
            )
            connection.execute(f"INSERT {_INTO_OFFERS}", row)

    def refused(self, track_id: int) -> set[str]:
        """Return the fingerprints of what was said not to be a track's words."""
        sql = "SELECT fingerprint FROM lyrics_offers WHERE track_id = ? AND state = 'refused'"
        with self._database.read() as connection:
            return {row[0] for row in connection.execute(sql, [track_id])}

    def waiting(self, *, track_id: int | None = None) -> list[Doubtful]:
        """Return the offers that wait for a decision, the best first."""
        sql = """SELECT * FROM lyrics_offers WHERE state = 'waiting' AND (? IS NULL OR track_id = ?)
                 ORDER BY match DESC, id"""
        with self._database.read() as connection:
            return [_doubtful(row) for row in connection.execute(sql, [track_id, track_id])]

    def count_waiting(self) -> int:
        """Return how many tracks have an offer that waits."""
        sql = "SELECT COUNT(DISTINCT track_id) FROM lyrics_offers WHERE state = 'waiting'"
        with self._database.read() as connection:
            return int(connection.execute(sql).fetchone()[0])

    def settle(self, track_id: int) -> None:
        """Drop the offers that wait for a track: its words are decided."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM lyrics_offers WHERE track_id = ? AND state = 'waiting'", [track_id])


_INTO_OFFERS = f"""INTO lyrics_offers (track_id, fingerprint, state, found_at, {", ".join(_OFFER)})
                   VALUES ({marks(4 + len(_OFFER))})"""


def _is_due(row: sqlite3.Row, asking: set[str], moment: str, before: str | None) -> bool:
    if row["looked_at"] is None:
        return True
    if before is not None:
        return bool(row["looked_at"] < before)
    late = row["look_again"] is not None and row["look_again"] <= moment
    return late or bool(asking - set(from_json(row["asked"], [])))


def _lyrics(row: sqlite3.Row) -> Lyrics:
    values = {name: row[name] for name in _LYRICS}
    return Lyrics(**values | {"asked": tuple(from_json(row["asked"], []))})


def _offer_row(offer: Offer) -> list[object]:
    return [int(value) if isinstance(value := getattr(offer, name), bool) else value for name in _OFFER]


def _doubtful(row: sqlite3.Row) -> Doubtful:
    values = {name: row[name] for name in _OFFER}
    return Doubtful(
        row["id"], row["track_id"], Offer(**values | {"instrumental": bool(row["instrumental"])}), row["found_at"]
    )
