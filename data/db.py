"""The database file of a home: opened briefly, migrated with a verified backup, never half-written."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from core.errors import DatabaseTooNewError, EarmarkError, StorageError

FILE_NAME = "earmark.db"
SCHEMA_VERSION = 6  # PRAGMA user_version; raised by one with every released migration
BUSY_TIMEOUT_MS = 15_000  # analysis commits are short; waiting beats failing
TROUBLE = {  # SQLite's words -> what to do
    "malformed": "it is damaged. End Earmark and copy a file from the folder `backups` beside it in its place",
    "not a database": "it is no database Earmark can read. Move it away, or copy one from `backups` in its place",
    "is full": "the disk is full; nothing was lost. Make room and try again",
    "locked": "another program keeps it locked; nothing was lost. Try again",
    "readonly": "it may not be written to. Give yourself permission to write in its folder",
    "unable to open": "it cannot be opened. Is its disk connected, and may you write in its folder",
    "I/O": "its disk does not answer. Is it connected",
}
CHUNK = 500  # ids per IN (...): below every SQLite's limit of variables

Id = TypeVar("Id", int, str)


class Database:
    """One SQLite file; every call opens a short connection of its own, so any thread may use it.

    Parameters
    ----------
    path : Path
        The file; made, with its folder, when it is not there.

    Raises
    ------
    DatabaseTooNewError
        The file was written by a newer version of Earmark.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._joined = threading.local()  # the connection of this thread's act, while one is recorded
        self.bring_up_to_date()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for reading; inside `joined` that of the transaction, so that it sees what was written."""
        if (joined := self._joined_connection()) is not None:
            yield joined
            return
        connection = self._connect()
        try:
            yield connection
        except sqlite3.DatabaseError as error:
            raise self._in_words(error) from error
        finally:
            connection.close()

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Yield a connection inside one transaction; an exception rolls all of it back.

        Parameters
        ----------
        durable : bool
            True waits until the disk has it (synchronous=FULL): for what a person said.
        """
        if (joined := self._joined_connection()) is not None:
            yield joined
            return
        connection = self._connect()
        try:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.commit()
        except sqlite3.DatabaseError as error:
            connection.rollback()
            raise self._in_words(error) from error
        except BaseException:
            connection.rollback()
            raise
        finally:
            connection.close()

    @contextmanager
    def joined(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection in whose one durable transaction every read and write of this thread takes part."""
        with self.write(durable=True) as connection:
            if self._joined_connection() is not None:
                raise RuntimeError("an act is being recorded already")
            self._joined.connection = connection
            try:
                yield connection
            finally:
                self._joined.connection = None

    def _joined_connection(self) -> sqlite3.Connection | None:
        return getattr(self._joined, "connection", None)

    def backup(self, target: Path) -> Path:
        """Copy the whole database to `target` and check the copy.

        Raises
        ------
        EarmarkError
            The copy did not pass SQLite's integrity check.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = sqlite3.connect(target)
        try:
            with self.read() as connection:
                connection.backup(copy)
            verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
        finally:
            copy.close()
        if verdict != "ok":
            raise EarmarkError(f"The backup {target} is damaged ({verdict}); nothing was changed. Is the disk full?")
        return target

    def damage(self) -> str | None:
        """Say what is wrong inside the file, None when it is sound."""
        try:
            with self.read() as connection:
                verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
                dangling = len(connection.execute("PRAGMA foreign_key_check").fetchall())
        except (sqlite3.DatabaseError, StorageError) as error:
            return str(error)
        if verdict != "ok":
            return str(verdict)
        return f"{dangling} rows point to rows that are not there" if dangling else None

    def _in_words(self, error: sqlite3.DatabaseError) -> Exception:
        """Turn what a person can act on into a sentence; a mistake in our own SQL stays what it is."""
        for sign, sentence in TROUBLE.items():
            if sign in str(error):
                return StorageError(f"{self.path}: {sentence} ({error}).")
        return error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        return connection

    def bring_up_to_date(self) -> None:
        """Make the tables, or bring an older database to this version after a backup."""
        with self.read() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise DatabaseTooNewError(
                f"This library was last used by a newer Earmark (its data is version {version}, this program knows"
                f" {SCHEMA_VERSION}). Nothing was changed. Please update Earmark."
            )
        if version < SCHEMA_VERSION:
            self._migrate(version)

    def _migrate(self, version: int) -> None:
        from data.migrations import apply_migrations  # sqlite_utils costs a second: only when needed

        if version > 0:
            stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
            self.backup(self.path.parent / "backups" / f"before-v{SCHEMA_VERSION}-from-v{version}-{stamp}.db")
        apply_migrations(self.path, SCHEMA_VERSION)


def now() -> str:
    """Return this moment in UTC, ISO 8601 with microseconds, so that text order is time order."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # json.dumps would make one each time


def to_json(value: Any) -> str | None:
    """Return JSON text for a column, None for None."""
    return None if value is None else _encode(value)


def from_json(text: str | None, default: Any = None) -> Any:
    """Return what a JSON column holds, or `default` when it holds nothing."""
    return default if text is None else json.loads(text)


def marks(count: int) -> str:
    """Return `count` question marks for an IN clause."""
    return ",".join("?" * count)


def chunks(ids: list[Id]) -> Iterator[list[Id]]:
    """Yield `ids` in pieces that fit one IN clause."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
