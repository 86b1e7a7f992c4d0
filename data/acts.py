"""Whole acts: what an import, a merge or an exclusion changed, row by row, so that it can be taken back as one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core.errors import EarmarkError
from data.db import Database, from_json, now, to_json

# Table -> the columns that name a row. Only what an act may change; what can be computed again is not among them.
JOURNALLED: dict[str, tuple[str, ...]] = {
    "tracks": ("id",),
    "files": ("path",),
    "external_ids": ("service", "value", "track_id"),
    "labels": ("id",),
    "skips": ("id",),
    "features": ("id",),
    "outlines": ("track_id",),
    "lyrics": ("track_id",),
    "lyrics_offers": ("id",),
    "playlists": ("id",),
    "playlist_tracks": ("playlist_id", "position"),
    "exclusions": ("id",),
    "not_twins": ("first", "second"),
    "roots": ("id",),
    "settings": ("key",),
    "targets": ("name",),
}
BLOBS = {("features", "vector"), ("outlines", "bounds"), ("outlines", "waveform"), ("outlines", "parts")}
KEPT = 50  # the newest acts that can be taken back
BLOB = "hex:"  # how a blob stands in JSON; no column that holds blobs holds text

Row = dict[str, Any]


@dataclass(frozen=True)
class Act:
    """One act of the list."""

    id: int
    kind: str
    title: str
    created_at: str
    undone_at: str | None = None


@dataclass(frozen=True)
class Undone:
    """What taking back an act did."""

    act: Act
    restored: int  # rows that are again as they were
    kept: int  # rows changed or used since, which stay as they are now


class ActStore:
    """Acts and their journals.

    While an act is recorded, triggers of the connection note every changed row; nothing has to be told what it changes.
    The method is that of SQLite's own page on undo (sqlite.org/undoredo.html), with rows instead of statements.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, kind: str, title: str, *, about: str | None = None) -> int:
        """Open an act and return its number; it may be recorded in several transactions.

        Parameters
        ----------
        about : str, optional
            What it takes in: of several acts about one thing the newest has to be taken back first, because each
            builds on the one before.
        """
        with self._database.write() as connection:
            cursor = connection.execute(
                "INSERT INTO acts (kind, title, about, created_at) VALUES (?, ?, ?, ?)", [kind, title, about, now()]
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid

    @contextmanager
    def recording(self, act_id: int) -> Iterator[None]:
        """Make every change of this thread part of an act, in one transaction."""
        with self._database.joined() as connection:
            changes: list[tuple[str, Row | None, Row | None]] = []
            triggers = _watch(connection, changes)
            try:
                yield
            finally:
                for trigger in triggers:
                    connection.execute(f"DROP TRIGGER temp.{trigger}")
            _write(connection, act_id, changes)

    def finish(self, act_id: int, title: str | None = None) -> bool:
        """Close an act under its last title; one that changed nothing is forgotten and False returned."""
        with self._database.write() as connection:
            some = connection.execute("SELECT 1 FROM act_changes WHERE act_id = ? LIMIT 1", [act_id]).fetchone()
            if some is None:
                connection.execute("DELETE FROM acts WHERE id = ?", [act_id])
                return False
            connection.execute("UPDATE acts SET title = COALESCE(?, title) WHERE id = ?", [title, act_id])
            connection.execute(
                """DELETE FROM act_changes WHERE act_id NOT IN
                   (SELECT id FROM acts WHERE undone_at IS NULL ORDER BY id DESC LIMIT ?)""",
                [KEPT],
            )
        return True

    @contextmanager
    def act(self, kind: str, title: str, *, about: str | None = None) -> Iterator[int]:
        """Record one act in one transaction and give its number; an exception leaves no trace of it."""
        act_id = self.begin(kind, title, about=about)
        try:
            with self.recording(act_id):
                yield act_id
        finally:
            self.finish(act_id)

    def all(self, *, limit: int = KEPT) -> list[Act]:
        """Return the newest acts that can be taken back, newest first."""
        sql = f"""SELECT {_COLUMNS} FROM acts WHERE undone_at IS NULL
                  AND EXISTS (SELECT 1 FROM act_changes WHERE act_id = acts.id) ORDER BY id DESC LIMIT ?"""
        with self._database.read() as connection:
            return [Act(**dict(row)) for row in connection.execute(sql, [limit])]

    def undo(self, act_id: int) -> Undone:
        """Put every row an act changed back, in one transaction; rows changed or used since stay as they are now.

        Labels that came with the act are marked as undone, as every label is; only those of tracks that go with the
        act go too.

        Raises
        ------
        EarmarkError
            There is no such act, it was taken back already, or is too old.
        """
        with self._database.write(durable=True) as connection:
            act = _open_act(connection, act_id)
            changes = connection.execute(
                "SELECT table_name, before, after FROM act_changes WHERE act_id = ? ORDER BY place DESC", [act_id]
            ).fetchall()
            moment = now()
            undoing = _Undoing(connection, moment)
            undoing.spare(_inserted(changes, "tracks"), _inserted(changes, "labels"), _inserted(changes, "skips"))
            for change in changes:
                undoing.take_back(change["table_name"], from_json(change["before"]), from_json(change["after"]))
            connection.execute("UPDATE acts SET undone_at = ? WHERE id = ?", [moment, act_id])
        return Undone(Act(act.id, act.kind, act.title, act.created_at, moment), undoing.restored, undoing.kept)


_COLUMNS = "id, kind, title, created_at, undone_at"


def _open_act(connection: sqlite3.Connection, act_id: int) -> Act:
    row = connection.execute(f"SELECT {_COLUMNS} FROM acts WHERE id = ?", [act_id]).fetchone()
    if row is None:
        raise EarmarkError(f"No act has the number {act_id}. `cli.py history --acts` lists those there are.")
    if row["undone_at"] is not None:
        raise EarmarkError(f"{row['title']}: this was taken back already.")
    some = connection.execute("SELECT 1 FROM act_changes WHERE act_id = ? LIMIT 1", [act_id]).fetchone()
    if some is None:
        raise EarmarkError(f"{row['title']}: only the last {KEPT} acts can be taken back.")
    newer = connection.execute(
        f"""SELECT {_COLUMNS} FROM acts WHERE id > ? AND undone_at IS NULL
            AND about = (SELECT about FROM acts WHERE id = ?) ORDER BY id DESC""",
        [act_id, act_id],
    ).fetchone()
    if newer is not None:
        raise EarmarkError(
            f"{row['title']}: the same was imported again later. Take that back first: {newer['title']}"
            f" (act {newer['id']})."
        )
    return Act(**dict(row))


def _inserted(changes: Sequence[sqlite3.Row], table: str) -> set[int]:
    """Return the ids of the rows an act added to a table."""
    return {
        from_json(change["after"])["id"]
        for change in changes
        if change["table_name"] == table and change["before"] is None
    }


# -- noting -----------------------------------------------------------------------------------------


def _watch(connection: sqlite3.Connection, changes: list[tuple[str, Row | None, Row | None]]) -> list[str]:
    """Note every changed row of this connection in `changes`; return the names of the triggers that do it."""
    triggers = []
    for table in JOURNALLED:
        columns = _columns(connection, table)

        def note(operation: str, *values: Any, table: str = table, columns: list[str] = columns) -> None:
            old = dict(zip(columns, values, strict=False))
            new = dict(zip(columns, values[len(columns) :], strict=False))
            before, after = (None if operation == "INSERT" else old), (None if operation == "DELETE" else new)
            if before != after:
                changes.append((table, before, after))

        connection.create_function(f"note_{table}", -1, note)
        for operation in ("INSERT", "UPDATE", "DELETE"):
            images = [_image("OLD", columns, operation != "INSERT"), _image("NEW", columns, operation != "DELETE")]
            name = f"note_{table}_{operation.lower()}"
            connection.execute(
                f"""CREATE TEMP TRIGGER {name} AFTER {operation} ON main.{table}
                    BEGIN SELECT note_{table}('{operation}', {", ".join(images)}); END"""
            )
            triggers.append(name)
    return triggers


def _image(row: str, columns: list[str], there: bool) -> str:
    return ", ".join(f"{row}.{column}" if there else "NULL" for column in columns)


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row["name"] for row in connection.execute(f"PRAGMA table_info({table})")]


def _write(connection: sqlite3.Connection, act_id: int, changes: Sequence[tuple[str, Row | None, Row | None]]) -> None:
    first = connection.execute(
        "SELECT COALESCE(MAX(place), 0) + 1 FROM act_changes WHERE act_id = ?", [act_id]
    ).fetchone()[0]
    connection.executemany(
        "INSERT INTO act_changes (act_id, place, table_name, before, after) VALUES (?, ?, ?, ?, ?)",
        (
            (act_id, place, table, *_written(table, before, after))
            for place, (table, before, after) in enumerate(changes, first)
        ),
    )


def _written(table: str, before: Row | None, after: Row | None) -> tuple[str | None, str | None]:
    """Return both images as JSON: of a new row only its name, of a changed one its name and what changed."""
    key = JOURNALLED[table]
    if before is None and after is not None and table != "settings":  # a setting is compared with what it is then
        after = {column: after[column] for column in key}
    elif before is not None and after is not None:
        changed = [column for column in before if before[column] != after[column]]
        before = {column: before[column] for column in dict.fromkeys([*key, *changed])}
        after = {column: after[column] for column in dict.fromkeys([*key, *changed])}
    return to_json(_packed(before)), to_json(_packed(after))


def _packed(row: Row | None) -> Row | None:
    if row is None:
        return None
    return {name: BLOB + value.hex() if isinstance(value, bytes) else value for name, value in row.items()}


def _unpacked(table: str, name: str, value: Any) -> Any:
    blob = (table, name) in BLOBS and isinstance(value, str)
    return bytes.fromhex(value.removeprefix(BLOB)) if blob else value


# -- taking back --------------------------------------------------------------------------------------

# What a later import said, which was taken back too; what a person said keeps its track, taken back or not.
_WITHDRAWN = "source <> 'person' AND undone_at IS NOT NULL"


class _Undoing:
    """One act being taken back."""

    def __init__(self, connection: sqlite3.Connection, moment: str) -> None:
        self._connection = connection
        self._moment = moment
        self._going: set[int] = set()  # tracks that came with the act and that nothing else needs
        self._staying: set[int] = set()  # the others that came with it
        self.restored = 0
        self.kept = 0

    def spare(self, tracks: set[int], labels: set[int], skips: set[int]) -> None:
        """Decide which of the act's own tracks may go: those not heard and not answered since."""
        used = {
            row["track_id"]
            for sql, own in ((f"SELECT id, track_id FROM labels WHERE NOT ({_WITHDRAWN})", labels),
                             ("SELECT id, track_id FROM skips", skips))
            for row in self._connection.execute(sql)
            if row["id"] not in own
        }  # fmt: skip
        heard = {row["id"] for row in self._connection.execute("SELECT id FROM tracks WHERE content_id IS NOT NULL")}
        self._going = tracks - used - heard
        self._staying = tracks - self._going

    def take_back(self, table: str, before: Row | None, after: Row | None) -> None:
        """Undo one change, or count it as kept."""
        try:
            done = self._take_back(table, before, after)
        except sqlite3.IntegrityError:  # something that came later hangs on the row
            done = False
        self.restored += done
        self.kept += not done

    def _take_back(self, table: str, before: Row | None, after: Row | None) -> bool:
        if table == "settings" and after is not None:
            return self._set_back(after["key"], None if before is None else before["value"], after["value"])
        if after is None:
            assert before is not None
            return self._put_back(table, before)
        return self._remove(table, after) if before is None else self._change_back(table, before, after)

    def _put_back(self, table: str, row: Row) -> bool:
        names = ", ".join(row)
        values = [_unpacked(table, name, value) for name, value in row.items()]
        sql = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})"
        return self._connection.execute(sql, values).rowcount == 1

    def _remove(self, table: str, after: Row) -> bool:
        where, values = _named(table, after)
        row = self._connection.execute(f"SELECT * FROM {table} WHERE {where}", values).fetchone()
        if row is None:
            return True
        if not self._may_go(table, row):
            if table != "labels":
                return False
            self._connection.execute(
                "UPDATE labels SET undone_at = COALESCE(undone_at, ?) WHERE id = ?", [self._moment, row["id"]]
            )
            return True
        if table == "tracks":
            self._connection.execute(f"DELETE FROM labels WHERE track_id = ? AND {_WITHDRAWN}", [row["id"]])
        self._connection.execute(f"DELETE FROM {table} WHERE {where}", values)
        return True

    def _may_go(self, table: str, row: sqlite3.Row) -> bool:
        """Say whether a row that came with the act may be deleted: tracks in use and what hangs on them may not."""
        if table == "tracks":
            return row["id"] in self._going
        if table in ("labels", "skips"):
            return row["track_id"] in self._going
        if table in ("files", "external_ids") and row["track_id"] in self._staying:
            return False  # with them the next import knows the track again
        if table == "files" and row["track_id"] not in self._going:
            return row["content_id"] is None  # heard since: it holds the track's sound
        return True

    def _set_back(self, key: str, before: str | None, after: str) -> bool:
        """Put a setting back; of a table in it, line by line, so that lines of later acts stay."""
        row = self._connection.execute("SELECT value FROM settings WHERE key = ?", [key]).fetchone()
        if row is None:
            return True
        old, new, now_ = from_json(before), from_json(after), from_json(row["value"])
        if not (isinstance(new, dict) and isinstance(now_, dict) and isinstance(old, dict | None)):
            back, done = (old, True) if now_ == new else (now_, False)
        else:
            back, done = _lines_back(old or {}, new, now_)
        if before is None and (back is None or back == {}):
            self._connection.execute("DELETE FROM settings WHERE key = ?", [key])
        else:
            text = before if back == old else to_json(back)
            self._connection.execute("UPDATE settings SET value = ? WHERE key = ?", [text, key])
        return done

    def _change_back(self, table: str, before: Row, after: Row) -> bool:
        """Put back the columns that are still as the act left them."""
        where, values = _named(table, after)
        row = self._connection.execute(f"SELECT * FROM {table} WHERE {where}", values).fetchone()
        if row is None:
            return False
        changed = [name for name in after if before.get(name) != after[name]]
        untouched = [name for name in changed if row[name] == _unpacked(table, name, after[name])]
        if untouched:
            back = [_unpacked(table, name, before[name]) for name in untouched]
            sets = ", ".join(f"{name} = ?" for name in untouched)
            self._connection.execute(f"UPDATE OR IGNORE {table} SET {sets} WHERE {where}", [*back, *values])
        return len(untouched) == len(changed)


def _lines_back(old: Row, new: Row, now_: Row) -> tuple[Row, bool]:
    """Return a table with the lines that are still as an act left them put back, and whether all of them were."""
    changed = {line for line in {*old, *new} if old.get(line) != new.get(line)}
    untouched = {line for line in changed if now_.get(line) == new.get(line)}
    kept = {line: value for line, value in now_.items() if line not in untouched}
    return kept | {line: old[line] for line in old if line in untouched}, untouched == changed


def _named(table: str, row: Row) -> tuple[str, list[Any]]:
    key = JOURNALLED[table]
    return " AND ".join(f"{name} = ?" for name in key), [row[name] for name in key]
