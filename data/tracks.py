"""The tracks of a library and the files they live in."""

from __future__ import annotations

import os
import re
import sqlite3
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import UnknownTrackError
from core.matching import plain
from core.records import ANALYSED_STATES, FoundFile, LibraryRow, Tags, Track, TrackState
from data.db import Database, chunks, marks, now, to_json

COLUMNS = """t.id, t.title, t.artist, t.album, t.album_artist, t.genre, t.year, t.duration, t.play_count,
    t.skip_count, t.date_added, t.state, t.reason, t.content_id, t.track_number, t.disc_number, t.quick,
    (SELECT path FROM files f WHERE f.track_id = t.id ORDER BY f.missing_since IS NOT NULL, f.rowid LIMIT 1) AS path"""
ARTIST = "COALESCE(NULLIF(artist, ''), album_artist)"

DIGITS = 18  # of a number that SQLite can look up: it ends at 2**63
ANOTHER_LENGTH = 2.0  # seconds: encoders differ by less


@dataclass(frozen=True)
class Added:
    """What one import changed, by track id."""

    added: tuple[int, ...] = ()
    updated: tuple[int, ...] = ()
    moved: tuple[int, ...] = ()


@dataclass(frozen=True)
class Pending:
    """A file that waits for analysis."""

    track_id: int
    path: str
    content_id: str | None = None  # known when only its tags or place changed
    sets: tuple[str, ...] = ()  # what is to be heard anew; none named: everything


class TrackStore:
    """Tracks and files; the only place that knows their SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- reading ----------------------------------------------------------------------------------

    def get(self, track_id: int) -> Track:
        """Return one track.

        Raises
        ------
        UnknownTrackError
            No track has this id.
        """
        with self._database.read() as connection:
            row = connection.execute(f"SELECT {COLUMNS} FROM tracks t WHERE t.id = ?", [track_id]).fetchone()
        if row is None:
            raise UnknownTrackError(f"No track has the number {track_id}. `cli.py next` lists some that exist.")
        return _track(row)

    def many(self, track_ids: Iterable[int]) -> dict[int, Track]:
        """Return the tracks of `track_ids` by id; ids that do not exist are left out."""
        found: dict[int, Track] = {}
        with self._database.read() as connection:
            for part in chunks(list(track_ids)):
                sql = f"SELECT {COLUMNS} FROM tracks t WHERE t.id IN ({marks(len(part))})"
                found.update((row["id"], _track(row)) for row in connection.execute(sql, part))
        return found

    def all(self, *, states: Iterable[TrackState] | None = None) -> list[Track]:
        """Return every track, or those in `states`, by id."""
        wanted = list(states) if states is not None else None
        where = f"WHERE t.state IN ({marks(len(wanted))})" if wanted is not None else ""
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT {COLUMNS} FROM tracks t {where} ORDER BY t.id", wanted or [])
            return [_track(row) for row in rows]

    def unanswered(self, target: str, *, limit: int, without: Collection[int] = ()) -> list[Track]:
        """Return analysed tracks that no one has answered for a target, nor said never to ask about, by id.

        Parameters
        ----------
        target : str
        limit : int
            At most so many.
        without : collection of int
            Tracks to leave out.
        """
        sql = f"""SELECT {COLUMNS} FROM tracks t WHERE t.state IN ({marks(len(ANALYSED_STATES))})
            AND NOT EXISTS (SELECT 1 FROM labels l
                WHERE l.track_id = t.id AND l.target = ? AND l.undone_at IS NULL)
            AND NOT EXISTS (SELECT 1 FROM skips s
                WHERE s.track_id = t.id AND s.target = ? AND s.kind = 'never' AND s.undone_at IS NULL)
            AND t.id NOT IN (SELECT value FROM json_each(?))
            ORDER BY t.id LIMIT ?"""
        with self._database.read() as connection:
            rows = connection.execute(sql, [*ANALYSED_STATES, target, target, to_json(list(without)), limit])
            return [_track(row) for row in rows]

    def ids(self) -> set[int]:
        """Return the ids of all tracks."""
        with self._database.read() as connection:
            return {row["id"] for row in connection.execute("SELECT id FROM tracks")}

    def artists(self) -> list[str]:
        """Return every spelling of an artist: the track's, else the album's."""
        with self._database.read() as connection:
            return [row[0] for row in connection.execute(f"SELECT DISTINCT {ARTIST} FROM tracks") if row[0]]

    def of_artists(self, names: Collection[str]) -> set[int]:
        """Return the tracks of some artists, spelt as `artists` gives them."""
        sql = f"SELECT id FROM tracks WHERE {ARTIST} IN (SELECT value FROM json_each(?))"
        with self._database.read() as connection:
            return {row[0] for row in connection.execute(sql, [to_json(list(names))])}

    def count(self) -> dict[str, int]:
        """Return how many tracks are in each state, in all (`tracks`), and heard in passing only (`quick`)."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT state, COUNT(*), SUM(quick) FROM tracks GROUP BY state").fetchall()
        by_state = {row[0]: row[1] for row in rows}
        in_passing = sum(row[2] for row in rows)
        return {"tracks": sum(by_state.values()), **by_state, **({"quick": in_passing} if in_passing else {})}

    def by_path(self, path: str | os.PathLike[str]) -> Track | None:
        """Return the track whose file is `path`, or None."""
        with self._database.read() as connection:
            row = connection.execute(
                f"SELECT {COLUMNS} FROM tracks t JOIN files f ON f.track_id = t.id WHERE f.path = ?", [str(path)]
            ).fetchone()
        return None if row is None else _track(row)

    def resolve(self, name: str) -> Track:
        """Return the track a person means by an id or a path.

        Raises
        ------
        UnknownTrackError
            Neither a known id nor the path of a known file.
        """
        if name.isdecimal():
            if len(name) > DIGITS:
                raise UnknownTrackError(f"No track has the number {name[:40]}.")
            return self.get(int(name))
        track = self.by_path(Path(name).expanduser().absolute())
        if track is None:
            matches = self.match_paths([name], None)
            if matches[name] is not None:
                return self.get(matches[name])  # type: ignore[arg-type]
            raise UnknownTrackError(f"{name} is not in the library. Import it first: cli.py import {name}")
        return track

    def match_paths(self, names: Iterable[str], folder: Path | None) -> dict[str, int | None]:
        """Return the track id for each path as written in a CSV, None where none or several fit.

        An absolute path is taken as it is; a relative one against `folder`, then as a unique suffix of a known
        path. Paths compare as NFC text, because macOS hands out NFD.
        """
        known = {_same_text(path): track_id for path, track_id in self._paths()}
        by_tail: dict[str, list[tuple[str, int]]] = {}
        for path, track_id in known.items():
            by_tail.setdefault(path.rsplit("/", 1)[-1], []).append((path, track_id))
        return {name: _match(_same_text(name), folder, known, by_tail) for name in names}

    def paths_of(self, track_id: int) -> list[str]:
        """Return every known path of a track, those that exist first."""
        sql = "SELECT path FROM files WHERE track_id = ? ORDER BY missing_since IS NOT NULL, rowid"
        with self._database.read() as connection:
            return [row[0] for row in connection.execute(sql, [track_id])]

    def to_analyse(self, *, retry: bool = False, limit: int | None = None) -> list[Pending]:
        """Return the files that wait for analysis; artists take turns, so that the first hour is not all A.

        Tracks of which only a few seconds were heard come after those of which nothing was.

        Parameters
        ----------
        retry : bool
            True takes unreadable files too.
        limit : int, optional
            At most so many.
        """
        states = ("new", "unreadable") if retry else ("new",)
        return self._pending(f"t.state IN ({marks(len(states))}) OR t.quick", states, limit)

    def unheard(self) -> list[Pending]:
        """Return the files of which nothing was ever heard, for a quick pass; artists take turns."""
        return self._pending("t.state = 'new' AND t.content_id IS NULL", (), None)

    def analysed_files(self) -> list[Pending]:
        """Return the files of what was heard, all of it or in passing, with what each holds; artists take turns."""
        holds = "COALESCE(f.content_id, t.content_id)"  # another encoding of the recording has an id of its own
        return self._pending(f"t.state IN ({marks(len(ANALYSED_STATES))})", ANALYSED_STATES, None, content_id=holds)

    def _pending(
        self, condition: str, values: Sequence[str], limit: int | None, *, content_id: str = "t.content_id"
    ) -> list[Pending]:
        # With MIN, SQLite takes the other columns of a file from the row that has the smallest path.
        sql = f"""
            SELECT id, path, content_id FROM (
                SELECT t.id, {content_id} AS content_id, t.quick, MIN(f.path) AS path,
                       ROW_NUMBER() OVER (PARTITION BY COALESCE(t.artist, t.album_artist, '') ORDER BY t.id) AS turn
                FROM tracks t JOIN files f ON f.track_id = t.id
                WHERE ({condition}) AND f.missing_since IS NULL
                GROUP BY t.id
            ) ORDER BY quick, turn, id LIMIT ?"""
        with self._database.read() as connection:
            rows = connection.execute(sql, [*values, -1 if limit is None else limit])
            return [Pending(row["id"], row["path"], row["content_id"]) for row in rows]

    def known_files(self, root: Path | None = None) -> dict[str, tuple[int, int, float]]:
        """Return path -> (track id, size, mtime), for every file or those below `root`."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT path, track_id, size, mtime FROM files").fetchall()
        prefix = None if root is None else str(root) + os.sep
        return {r[0]: (r[1], r[2], r[3]) for r in rows if prefix is None or r[0].startswith(prefix)}

    # -- writing ----------------------------------------------------------------------------------

    def add(self, found: Iterable[FoundFile], *, root_id: int | None = None) -> Added:
        """Take in files, in one transaction.

        A path already known whose size or time changed is read again; a new path with the size, time and name of a
        known file that is gone is that file, moved. Labels stay where they are in all three cases. Only when another
        piece of music now lies under a known path (another artist, title and length) it becomes a track of its own.
        """
        added, updated, moved = [], [], []
        gone: dict[tuple[int, float], list[str]] = {}
        with self._database.write() as connection:
            for file in found:
                known = connection.execute("SELECT track_id FROM files WHERE path = ?", [file.path]).fetchone()
                if known is not None and _is_another_piece(connection, known["track_id"], file):
                    connection.execute("DELETE FROM files WHERE path = ?", [file.path])
                    added.append(_insert(connection, file, root_id))
                elif known is not None:
                    updated.append(_update(connection, known["track_id"], file))
                elif (old := _gone_twin(connection, file, gone)) is not None:
                    moved.append(_move(connection, old, file, root_id))
                else:
                    added.append(_insert(connection, file, root_id))
        return Added(tuple(added), tuple(updated), tuple(moved))

    def take_library(self, rows: Iterable[tuple[int | None, LibraryRow]]) -> tuple[list[int], Added]:
        """Take in what another program's library says, in one transaction.

        Parameters
        ----------
        rows : iterable of (track id or None, LibraryRow)
            None makes a new track, unless its path is that of a known file.

        Returns
        -------
        ids, added
            The track of each row, and what changed. A track that this library knows by one name and a folder by
            another is merged: both histories are kept. Where the other track is one of a library too, or both were
            heard and differ, the file alone changes hands, to be compared with what was heard.
        """
        ids: list[int] = []
        added, updated, moved = [], [], []
        with self._database.write() as connection:
            for track_id, row in rows:
                holder = _holder(connection, row)
                if track_id is not None and holder is not None and holder != track_id:
                    if _are_two(connection, holder, track_id):
                        _hand_over(connection, row, track_id)
                    else:
                        keep, gone = _elder(connection, holder, track_id)
                        merge(connection, keep=keep, gone=gone)
                        ids = [keep if known == gone else known for known in ids]
                        track_id = keep
                if (known := track_id or holder) is None:
                    ids.append(_insert_row(connection, row))
                    added.append(ids[-1])
                    continue
                ids.append(known)
                if _describe(connection, known, row):
                    updated.append(known)
                if row.path is not None and _place(connection, known, row):
                    moved.append(known)
        return ids, Added(tuple(added), tuple(dict.fromkeys(updated)), tuple(dict.fromkeys(moved)))

    def mark_analysed(
        self, track_id: int, content_id: str, *, duration: float, note: str | None, path: str | None = None
    ) -> int:
        """Record that a track was heard, and merge it with an earlier row of the same recording.

        Parameters
        ----------
        path : str, optional
            The file that was heard.

        Returns
        -------
        int
            The id that lives on, the older one: of two copies heard side by side it must not matter which came first.
        """
        state = "partly" if note else "analysed"
        with self._database.write() as connection:
            twin = connection.execute(
                "SELECT id FROM tracks WHERE content_id = ? AND id <> ?", [content_id, track_id]
            ).fetchone()
            if path is not None:
                connection.execute("UPDATE files SET content_id = ? WHERE path = ?", [content_id, path])
            if twin is not None:
                older, newer = sorted((twin["id"], track_id))
                names = _names_of_its_only_file(connection, older, newer) if older == twin["id"] else {}
                merge(connection, keep=older, gone=newer)
                track_id = older
                _rename(connection, track_id, names)
            connection.execute(
                "UPDATE tracks SET content_id = ?, duration = ?, state = ?, reason = ?, quick = 0 WHERE id = ?",
                [content_id, duration, state, note, track_id],
            )
        return track_id

    def mark_quick(self, track_id: int, *, duration: float | None) -> None:
        """Record that a few seconds of a track were heard, unless all of it was meanwhile."""
        sql = """UPDATE tracks SET state = 'analysed', quick = 1, reason = NULL, duration = COALESCE(duration, ?)
                 WHERE id = ? AND state = 'new'"""
        with self._database.write() as connection:
            connection.execute(sql, [duration, track_id])

    def mark(self, track_id: int, state: TrackState, reason: str | None = None) -> None:
        """Set a track's state, with a reason a person understands."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE tracks SET state = ?, reason = ?, quick = 0 WHERE id = ?", [state, reason, track_id]
            )

    def mark_files_missing(self, paths: Iterable[str]) -> None:
        """Remember that these files are not there now; nothing else about them changes."""
        with self._database.write() as connection:
            connection.executemany(
                "UPDATE files SET missing_since = COALESCE(missing_since, ?) WHERE path = ?",
                [(now(), path) for path in paths],
            )

    def mark_files_found(self, paths: Iterable[str]) -> None:
        """Forget that these files were missing."""
        with self._database.write() as connection:
            for path in paths:
                row = connection.execute("SELECT track_id FROM files WHERE path = ?", [path]).fetchone()
                connection.execute("UPDATE files SET missing_since = NULL WHERE path = ?", [path])
                connection.execute(_FOUND_AGAIN, [row["track_id"]])

    def missing_files(self) -> set[str]:
        """Return the known files that were not there when they were last looked for."""
        with self._database.read() as connection:
            return {row[0] for row in connection.execute("SELECT path FROM files WHERE missing_since IS NOT NULL")}

    def count_missing(self) -> int:
        """Return how many tracks have no file that is there, those apart that are in a cloud or protected."""
        sql = """SELECT COUNT(*) FROM tracks t WHERE t.state NOT IN ('protected', 'cloud-only')
            AND NOT EXISTS (SELECT 1 FROM files f WHERE f.track_id = t.id AND f.missing_since IS NULL)"""
        with self._database.read() as connection:
            return int(connection.execute(sql).fetchone()[0])

    # -- one recording, several rows -----------------------------------------------------------------

    def with_files(self) -> set[int]:
        """Return the tracks that have a file that is there."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT DISTINCT track_id FROM files WHERE missing_since IS NULL")
            return {row["track_id"] for row in rows}

    def files_of(self, track_id: int) -> list[FoundFile]:
        """Return a track's files, those that are there first; their tags are not read."""
        sql = "SELECT path, size, mtime FROM files WHERE track_id = ? ORDER BY missing_since IS NOT NULL, rowid"
        with self._database.read() as connection:
            return [FoundFile(row["path"], row["size"], row["mtime"]) for row in connection.execute(sql, [track_id])]

    def merge(self, keep: int, gone: int) -> None:
        """Make two tracks one; see `merge`."""
        with self._database.write(durable=True) as connection:
            merge(connection, keep=keep, gone=gone)

    def part(self, file: FoundFile) -> int:
        """Give a file that holds another recording than its track a track of its own, and return it."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM files WHERE path = ?", [file.path])
            return _insert(connection, file, None)

    def unverified(self) -> list[tuple[int, str]]:
        """Return (track, path) of files never compared with what was heard of their track."""
        sql = """SELECT f.track_id, f.path FROM files f JOIN tracks t ON t.id = f.track_id
                 WHERE f.content_id IS NULL AND f.missing_since IS NULL AND t.content_id IS NOT NULL
                   AND t.state IN ('analysed', 'partly') ORDER BY f.rowid"""
        with self._database.read() as connection:
            return [(row["track_id"], row["path"]) for row in connection.execute(sql)]

    def mark_verified(self, path: str, content_id: str | None) -> None:
        """Remember what a file holds; None: not known any more."""
        with self._database.write() as connection:
            connection.execute("UPDATE files SET content_id = ? WHERE path = ?", [content_id, path])

    def say_different(self, first: int, second: int) -> None:
        """Remember that two tracks are two recordings."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO not_twins (first, second) VALUES (?, ?)",
                [min(first, second), max(first, second)],
            )

    def different_pairs(self) -> set[tuple[int, int]]:
        """Return the pairs of which a person said so, the lower id first."""
        with self._database.read() as connection:
            return {(row["first"], row["second"]) for row in connection.execute("SELECT first, second FROM not_twins")}

    def _paths(self) -> Iterator[tuple[str, int]]:
        with self._database.read() as connection:
            yield from ((row[0], row[1]) for row in connection.execute("SELECT path, track_id FROM files"))

    # -- since when ----------------------------------------------------------------------------------

    def added_after(self, moment: str) -> set[int]:
        """Return the tracks that came here later than a moment (UTC, ISO 8601)."""
        with self._database.read() as connection:
            return {row[0] for row in connection.execute("SELECT id FROM tracks WHERE added_at > ?", [moment])}


def _names_of_its_only_file(connection: sqlite3.Connection, twin: int, track_id: int) -> dict[str, object]:
    """Return the names of a track whose file is all that is left of an earlier one: moved, and perhaps retagged."""
    files = connection.execute("SELECT path FROM files WHERE track_id = ?", [twin]).fetchall()
    if any(os.path.exists(file["path"]) for file in files):
        return {}
    names = [name for name in _NAMED if name != "duration"]
    row = connection.execute(f"SELECT {', '.join(names)} FROM tracks WHERE id = ?", [track_id]).fetchone()
    return {name: row[name] for name in names if row[name] is not None}


def _rename(connection: sqlite3.Connection, track_id: int, names: dict[str, object]) -> None:
    if names:
        sets = ", ".join(f"{name} = ?" for name in names)
        connection.execute(f"UPDATE tracks SET {sets} WHERE id = ?", [*names.values(), track_id])


def merge(connection: sqlite3.Connection, *, keep: int, gone: int) -> None:
    """Make two rows one: files, ids and every label of `gone` go to `keep`, then `gone` is deleted.

    What `keep` does not know of itself, such as play counts, it takes from `gone`, and its sound when it was not heard.
    """
    for table in ("files", "labels", "skips"):
        connection.execute(f"UPDATE {table} SET track_id = ? WHERE track_id = ?", [keep, gone])
    connection.execute(_KNOWS_LESS_OF_ITS_WORDS, [keep, gone])
    for table in ("external_ids", "questions", "playlist_tracks", "lyrics", "lyrics_offers"):
        connection.execute(f"UPDATE OR IGNORE {table} SET track_id = ? WHERE track_id = ?", [keep, gone])
    connection.execute(
        "UPDATE OR IGNORE exclusions SET value = ? WHERE kind = 'track' AND value = ?", [str(keep), str(gone)]
    )
    _keep_apart_still(connection, keep, gone)
    connection.execute(
        "UPDATE OR IGNORE exclusions SET value = ? WHERE kind = 'track' AND value = ?", [str(keep), str(gone)]
    )
    connection.execute(  # as new rows: whoever reads only what is new must see them
        """INSERT OR IGNORE INTO features (track_id, feature_set, version, vector)
           SELECT ?, feature_set, version, vector FROM features WHERE track_id = ?""",
        [keep, gone],
    )
    connection.execute("UPDATE OR IGNORE outlines SET track_id = ? WHERE track_id = ?", [keep, gone])
    other = connection.execute(f"SELECT {', '.join(_INHERITED)} FROM tracks WHERE id = ?", [gone]).fetchone()
    connection.execute("DELETE FROM tracks WHERE id = ?", [gone])
    sets = ", ".join(f"{name} = COALESCE({name}, ?)" for name in _INHERITED)
    connection.execute(f"UPDATE tracks SET {sets} WHERE id = ?", [*other, keep])
    connection.execute(_FOUND_AGAIN, [keep])


def _keep_apart_still(connection: sqlite3.Connection, keep: int, gone: int) -> None:
    """Let what a person said is another recording than `gone` be another than `keep`."""
    pairs = connection.execute("SELECT first, second FROM not_twins WHERE ? IN (first, second)", [gone]).fetchall()
    others = {row["first"] + row["second"] - gone for row in pairs} - {keep}
    connection.executemany(
        "INSERT OR IGNORE INTO not_twins (first, second) VALUES (?, ?)",
        [(min(keep, other), max(keep, other)) for other in others],
    )


_INHERITED = (
    "artist", "album", "album_artist", "genre", "year", "track_number", "disc_number", "duration", "play_count",
    "skip_count", "date_added", "content_id",
)  # fmt: skip


def _insert(connection: sqlite3.Connection, file: FoundFile, root_id: int | None) -> int:
    cursor = connection.execute(
        """INSERT INTO tracks (title, artist, album, album_artist, genre, year, track_number, duration, added_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [*_tag_values(file), now()],
    )
    track_id = cursor.lastrowid
    assert track_id is not None
    connection.execute(
        "INSERT INTO files (path, track_id, size, mtime, root_id) VALUES (?, ?, ?, ?, ?)",
        [file.path, track_id, file.size, file.mtime, root_id],
    )
    return track_id


def _update(connection: sqlite3.Connection, track_id: int, file: FoundFile) -> int:
    connection.execute(
        """UPDATE tracks SET title = ?, artist = ?, album = ?, album_artist = ?, genre = ?, year = ?,
           track_number = ?, duration = COALESCE(?, duration), state = 'new', quick = 0,
           reason = CASE WHEN content_id IS NULL THEN NULL ELSE reason END WHERE id = ?""",
        [*_tag_values(file), track_id],
    )
    connection.execute(
        "UPDATE files SET size = ?, mtime = ?, missing_since = NULL, content_id = NULL WHERE path = ?",
        [file.size, file.mtime, file.path],
    )
    return track_id


def _is_another_piece(connection: sqlite3.Connection, track_id: int, file: FoundFile) -> bool:
    """Say whether a file now holds other music than the track it belonged to: other names and another length.

    A corrected tag changes the names alone, a new encoding of the same music neither.
    """
    known = connection.execute(
        "SELECT title, artist, duration, content_id FROM tracks WHERE id = ?", [track_id]
    ).fetchone()
    tags = file.tags
    if known["content_id"] is None or not (tags.title and tags.artist and tags.duration and known["duration"]):
        return False
    other_names = plain(tags.title) != plain(known["title"]) and plain(tags.artist) != plain(known["artist"] or "")
    return other_names and abs(tags.duration - known["duration"]) > ANOTHER_LENGTH


def _gone_twin(connection: sqlite3.Connection, file: FoundFile, gone: dict[tuple[int, float], list[str]]) -> str | None:
    """Return the known file that `file` was before it moved; `gone` remembers which of its size and time are gone.

    Without that memory thousands of copies with one size and time would each look at all the others.
    """
    key = (file.size, file.mtime)
    if key not in gone:
        rows = connection.execute("SELECT path FROM files WHERE size = ? AND mtime = ?", key)
        gone[key] = [row["path"] for row in rows if not os.path.exists(row["path"])]
    twins = gone[key]
    name = os.path.basename(file.path)
    same_name = [path for path in twins if os.path.basename(path) == name]
    old = same_name[0] if len(same_name) == 1 else twins[0] if len(twins) == 1 else None
    if old is not None:
        twins.remove(old)
    return old


def _move(connection: sqlite3.Connection, old: str, file: FoundFile, root_id: int | None) -> int:
    connection.execute(
        "UPDATE files SET path = ?, root_id = ?, missing_since = NULL, content_id = NULL WHERE path = ?",
        [file.path, root_id, old],
    )
    track_id = int(connection.execute("SELECT track_id FROM files WHERE path = ?", [file.path]).fetchone()[0])
    connection.execute(_FOUND_AGAIN, [track_id])
    return track_id


# A track whose file is back is what it was before: analysed if it was ever heard.
_FOUND_AGAIN = """UPDATE tracks SET state = CASE WHEN content_id IS NULL THEN 'new' ELSE 'analysed' END, reason = NULL
    WHERE id = ? AND state IN ('missing', 'cloud-only')
    AND (content_id IS NOT NULL
         OR EXISTS (SELECT 1 FROM files WHERE track_id = tracks.id AND missing_since IS NULL))"""

# Its own words stay unless the other track's are more: written by the person, or found where its own are not.
_KNOWS_LESS_OF_ITS_WORDS = """DELETE FROM lyrics WHERE track_id = ?1 AND COALESCE(source, '') <> 'you' AND EXISTS (
    SELECT 1 FROM lyrics other WHERE other.track_id = ?2 AND (
        other.source = 'you' OR (other.outcome = 'found' AND lyrics.outcome <> 'found')))"""


# -- rows of another program's library ------------------------------------------------------------


def _holder(connection: sqlite3.Connection, row: LibraryRow) -> int | None:
    """Return the track whose file lies at a row's path."""
    if row.path is None:
        return None
    known = connection.execute("SELECT track_id FROM files WHERE path = ?", [row.path]).fetchone()
    return None if known is None else int(known["track_id"])


def _are_two(connection: sqlite3.Connection, holder: int, track_id: int) -> bool:
    """Say whether the track that holds a file and the one a library names are surely two."""
    sounds = connection.execute("SELECT content_id FROM tracks WHERE id IN (?, ?)", [holder, track_id]).fetchall()
    if all(row["content_id"] is not None for row in sounds):
        return True
    sql = "SELECT 1 FROM external_ids WHERE track_id = ? AND +service = 'apple_persistent_id'"
    return connection.execute(sql, [holder]).fetchone() is not None


def _hand_over(connection: sqlite3.Connection, row: LibraryRow, track_id: int) -> None:
    """Give a file that is there to the track that a library says it is."""
    if row.state != "missing":
        connection.execute("UPDATE files SET track_id = ?, content_id = NULL WHERE path = ?", [track_id, row.path])
        connection.execute(_FOUND_AGAIN, [track_id])


def _elder(connection: sqlite3.Connection, first: int, second: int) -> tuple[int, int]:
    """Return two tracks, the one to keep first: the one that was heard, else the older."""
    rows = connection.execute(
        "SELECT id FROM tracks WHERE id IN (?, ?) ORDER BY content_id IS NULL, id", [first, second]
    ).fetchall()
    return int(rows[0]["id"]), int(rows[1]["id"])


def _insert_row(connection: sqlite3.Connection, row: LibraryRow) -> int:
    tags = row.tags
    cursor = connection.execute(
        """INSERT INTO tracks (title, artist, album, album_artist, genre, year, track_number, disc_number, duration,
               play_count, skip_count, date_added, added_at, state)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            tags.title, tags.artist, tags.album, tags.album_artist, tags.genre, tags.year, tags.track_number,
            row.disc_number, tags.duration, row.play_count, row.skip_count, row.date_added, now(), row.state,
        ],
    )  # fmt: skip
    assert cursor.lastrowid is not None
    if row.path is not None:
        _insert_file(connection, cursor.lastrowid, row)
    return cursor.lastrowid


def _insert_file(connection: sqlite3.Connection, track_id: int, row: LibraryRow) -> None:
    assert row.path is not None
    connection.execute(
        "INSERT INTO files (path, track_id, size, mtime, missing_since) VALUES (?, ?, ?, ?, ?)",
        [row.path, track_id, row.size, row.mtime, now() if row.state == "missing" else None],
    )


_COUNTED = ("play_count", "skip_count", "date_added", "disc_number")  # the library knows them best
_NAMED = ("title", "artist", "album", "album_artist", "genre", "year", "track_number", "duration")  # the file does


def _describe(connection: sqlite3.Connection, track_id: int, row: LibraryRow) -> bool:
    """Bring a known track up to what the library says; of a track with a file here, its names stay."""
    known = connection.execute("SELECT * FROM tracks WHERE id = ?", [track_id]).fetchone()
    provisional = known["content_id"] is None and known["state"] in ("missing", "protected", "cloud-only")
    values = {name: getattr(row, name) for name in _COUNTED if getattr(row, name) is not None}
    for name in _NAMED:
        said = getattr(row.tags, name)
        if said is not None and (provisional or known[name] is None):
            values[name] = said
    if provisional and row.state != known["state"] and not (row.state == "missing" and known["state"] == "new"):
        values["state"] = row.state
    if row.state == "protected" and known["content_id"] is None:  # a folder cannot tell: it has only a file
        values["state"], values["reason"] = "protected", None
    changed = {name: value for name, value in values.items() if known[name] != value}
    if changed:
        sets = ", ".join(f"{name} = ?" for name in changed)
        connection.execute(f"UPDATE tracks SET {sets} WHERE id = ?", [*changed.values(), track_id])
    return bool(changed)


def _place(connection: sqlite3.Connection, track_id: int, row: LibraryRow) -> bool:
    """Let a track's file be where the library says; True when it was elsewhere and no longer is there."""
    files = connection.execute("SELECT path, missing_since FROM files WHERE track_id = ?", [track_id]).fetchall()
    if any(file["path"] == row.path for file in files):
        if row.state != "missing":
            connection.execute("UPDATE files SET missing_since = NULL WHERE path = ?", [row.path])
            connection.execute(_FOUND_AGAIN, [track_id])
        return False
    gone = [file["path"] for file in files if not os.path.exists(file["path"])]
    if row.state == "missing":
        if not files:
            _insert_file(connection, track_id, row)
        return False
    if not gone:
        _insert_file(connection, track_id, row)
    else:
        connection.execute(
            """UPDATE files SET path = ?, size = ?, mtime = ?, missing_since = NULL, content_id = NULL
               WHERE path = ?""",
            [row.path, row.size, row.mtime, gone[0]],
        )
    connection.execute(_FOUND_AGAIN, [track_id])
    return bool(gone)


def _tag_values(file: FoundFile) -> list[object]:
    tags: Tags = file.tags
    title = tags.title or Path(file.path).stem
    return [
        title, tags.artist, tags.album, tags.album_artist, tags.genre, tags.year, tags.track_number, tags.duration
    ]  # fmt: skip


def _track(row: sqlite3.Row) -> Track:
    return Track(**{**dict(row), "quick": bool(row["quick"])})


_OUTER = re.compile(r"^(\.{0,2}/)+")  # "./", "../" and "/" in front, but not the dots of "...And You"


def _same_text(path: str) -> str:
    return unicodedata.normalize("NFC", path.replace("\\", "/"))


def _match(
    name: str, folder: Path | None, known: dict[str, int], by_tail: dict[str, list[tuple[str, int]]]
) -> int | None:
    if name in known:
        return known[name]
    if folder is not None:
        beside = _same_text(os.path.normpath(folder / name))
        if beside in known:
            return known[beside]
    tail = _OUTER.sub("", name)
    fits = {
        track_id
        for path, track_id in by_tail.get(tail.rsplit("/", 1)[-1], [])
        if path == tail or path.endswith("/" + tail)
    }
    return fits.pop() if len(fits) == 1 else None
