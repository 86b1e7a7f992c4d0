"""The tracks of a library and the files they live in."""

from __future__ import annotations

import os
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import UnknownTrackError
from core.records import ANALYSED_STATES, FoundFile, Tags, Track, TrackState
from data.db import Database, chunks, marks, now

COLUMNS = """t.id, t.title, t.artist, t.album, t.album_artist, t.genre, t.year, t.duration, t.play_count,
    t.skip_count, t.date_added, t.state, t.reason, t.content_id,
    (SELECT path FROM files f WHERE f.track_id = t.id ORDER BY f.missing_since IS NOT NULL, f.rowid LIMIT 1) AS path"""


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
    content_id: str | None  # known when only its tags or place changed


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

    def unanswered(self, target: str, *, limit: int) -> list[Track]:
        """Return analysed tracks that no one has answered for a target, nor said never to ask about, by id."""
        sql = f"""SELECT {COLUMNS} FROM tracks t WHERE t.state IN ({marks(len(ANALYSED_STATES))})
            AND NOT EXISTS (SELECT 1 FROM labels l
                WHERE l.track_id = t.id AND l.target = ? AND l.undone_at IS NULL)
            AND NOT EXISTS (SELECT 1 FROM skips s
                WHERE s.track_id = t.id AND s.target = ? AND s.kind = 'never' AND s.undone_at IS NULL)
            ORDER BY t.id LIMIT ?"""
        with self._database.read() as connection:
            rows = connection.execute(sql, [*ANALYSED_STATES, target, target, limit])
            return [_track(row) for row in rows]

    def count(self) -> dict[str, int]:
        """Return how many tracks are in each state, and `tracks` for all of them."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT state, COUNT(*) FROM tracks GROUP BY state").fetchall()
        by_state = {row[0]: row[1] for row in rows}
        return {"tracks": sum(by_state.values()), **by_state}

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

        Parameters
        ----------
        retry : bool
            True takes unreadable files too.
        limit : int, optional
            At most so many.
        """
        states = ("new", "unreadable") if retry else ("new",)
        sql = f"""
            SELECT id, path, content_id FROM (
                SELECT t.id, t.content_id, MIN(f.path) AS path,
                       ROW_NUMBER() OVER (PARTITION BY COALESCE(t.artist, t.album_artist, '') ORDER BY t.id) AS turn
                FROM tracks t JOIN files f ON f.track_id = t.id
                WHERE t.state IN ({marks(len(states))}) AND f.missing_since IS NULL
                GROUP BY t.id
            ) ORDER BY turn, id LIMIT ?"""
        with self._database.read() as connection:
            rows = connection.execute(sql, [*states, -1 if limit is None else limit])
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
        known file that is gone is that file, moved. Labels stay where they are in all three cases.
        """
        added, updated, moved = [], [], []
        gone: dict[tuple[int, float], list[str]] = {}
        with self._database.write() as connection:
            for file in found:
                known = connection.execute("SELECT track_id FROM files WHERE path = ?", [file.path]).fetchone()
                if known is not None:
                    updated.append(_update(connection, known["track_id"], file))
                elif (old := _gone_twin(connection, file, gone)) is not None:
                    moved.append(_move(connection, old, file, root_id))
                else:
                    added.append(_insert(connection, file, root_id))
        return Added(tuple(added), tuple(updated), tuple(moved))

    def mark_analysed(self, track_id: int, content_id: str, *, duration: float, note: str | None) -> int:
        """Record that a track was heard, and merge it with an earlier row of the same recording.

        Returns
        -------
        int
            The id that lives on: `track_id`, or that of the row that already had this content id.
        """
        state = "partly" if note else "analysed"
        with self._database.write() as connection:
            twin = connection.execute(
                "SELECT id FROM tracks WHERE content_id = ? AND id <> ?", [content_id, track_id]
            ).fetchone()
            if twin is not None:
                merge(connection, keep=twin["id"], gone=track_id)
                track_id = twin["id"]
            connection.execute(
                "UPDATE tracks SET content_id = ?, duration = ?, state = ?, reason = ? WHERE id = ?",
                [content_id, duration, state, note, track_id],
            )
        return track_id

    def mark(self, track_id: int, state: TrackState, reason: str | None = None) -> None:
        """Set a track's state, with a reason a person understands."""
        with self._database.write() as connection:
            connection.execute("UPDATE tracks SET state = ?, reason = ? WHERE id = ?", [state, reason, track_id])

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
        """Return how many tracks have no file left that is there."""
        sql = """SELECT COUNT(*) FROM (
            SELECT track_id FROM files GROUP BY track_id HAVING COUNT(*) = COUNT(missing_since))"""
        with self._database.read() as connection:
            return int(connection.execute(sql).fetchone()[0])

    def _paths(self) -> Iterator[tuple[str, int]]:
        with self._database.read() as connection:
            yield from ((row[0], row[1]) for row in connection.execute("SELECT path, track_id FROM files"))


def merge(connection: sqlite3.Connection, *, keep: int, gone: int) -> None:
    """Make two rows one: files, ids and every label of `gone` go to `keep`, then `gone` is deleted."""
    for table in ("files", "labels", "skips"):
        connection.execute(f"UPDATE {table} SET track_id = ? WHERE track_id = ?", [keep, gone])
    for table in ("external_ids", "questions", "playlist_tracks", "lyrics"):
        connection.execute(f"UPDATE OR IGNORE {table} SET track_id = ? WHERE track_id = ?", [keep, gone])
    connection.execute("DELETE FROM tracks WHERE id = ?", [gone])


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
           track_number = ?, duration = COALESCE(?, duration), state = 'new', reason = NULL WHERE id = ?""",
        [*_tag_values(file), track_id],
    )
    connection.execute(
        "UPDATE files SET size = ?, mtime = ?, missing_since = NULL WHERE path = ?", [file.size, file.mtime, file.path]
    )
    return track_id


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
        "UPDATE files SET path = ?, root_id = ?, missing_since = NULL WHERE path = ?", [file.path, root_id, old]
    )
    track_id = int(connection.execute("SELECT track_id FROM files WHERE path = ?", [file.path]).fetchone()[0])
    connection.execute(_FOUND_AGAIN, [track_id])
    return track_id


# A track whose file is back is what it was before: analysed if it was ever heard.
_FOUND_AGAIN = """UPDATE tracks SET state = CASE WHEN content_id IS NULL THEN 'new' ELSE 'analysed' END, reason = NULL
    WHERE id = ? AND state = 'missing'"""


def _tag_values(file: FoundFile) -> list[object]:
    tags: Tags = file.tags
    title = tags.title or Path(file.path).stem
    return [
        title, tags.artist, tags.album, tags.album_artist, tags.genre, tags.year, tags.track_number, tags.duration
    ]  # fmt: skip


def _track(row: sqlite3.Row) -> Track:
    return Track(**dict(row))


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
