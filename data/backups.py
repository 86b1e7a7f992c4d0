"""A database file outside its home: a copy made fit to be given away, looked at, and put back over the live one."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import DatabaseTooNewError, EarmarkError, StorageError
from data.db import BUSY_TIMEOUT_MS, SCHEMA_VERSION, TROUBLE, Database, from_json
from data.jobs import OPEN_STATES

HEADER = b"SQLite format 3\x00"  # the first bytes of every database file
OURS = {"tracks", "files", "labels", "features", "model_runs", "jobs", "settings"}  # there since version 1


@dataclass(frozen=True)
class Examined:
    """What a database file holds."""

    schema: int
    tracks: int
    analysed: int
    labels: dict[str, int]  # target -> tracks with a label that speaks
    model_runs: int
    playlists: int


def is_database(path: Path) -> bool:
    """Say whether a file begins like a database."""
    with open(path, "rb") as file:
        return file.read(len(HEADER)) == HEADER


def copy(database: Database, target: Path) -> Path:
    """Copy a live database to a file that is sound.

    Raises
    ------
    EarmarkError
        The database is damaged: a copy of it would be refused when it is needed.
    """
    try:
        database.backup(target)
        with _opened(target) as connection:
            dangling = len(connection.execute("PRAGMA foreign_key_check").fetchall())
        verdict: object = f"{dangling} rows point to rows that are not there"
    except sqlite3.DatabaseError as error:
        dangling, verdict = 1, error
    if dangling:
        raise EarmarkError(f"{database.path} is damaged ({verdict}), so no backup was made. Restore an older one.")
    return target


def clean_copy(path: Path, is_private: Callable[[str], bool]) -> None:
    """Take out of a copy what belongs to its home alone: private settings, and work that was under way.

    Parameters
    ----------
    path : Path
        The copy; afterwards it is one file, without what was deleted from it.
    is_private : callable
        Tells of the key of a setting whether it must not be in the copy.
    """
    with _opened(path) as connection:
        keys = [row[0] for row in connection.execute("SELECT key FROM settings")]
        connection.executemany("DELETE FROM settings WHERE key = ?", [(key,) for key in keys if is_private(key)])
        connection.execute(
            f"UPDATE jobs SET state = 'cancelled', wish = NULL WHERE state IN ({', '.join('?' * len(OPEN_STATES))})",
            OPEN_STATES,
        )
        connection.execute("PRAGMA journal_mode = DELETE")  # no -wal file beside it
        connection.execute("VACUUM")  # deleted rows stay readable in the file until then


def examine(path: Path, *, name: object = None, thorough: bool = True) -> Examined:
    """Look through a database file and say what it holds; nothing is changed, and no file made beside it.

    Parameters
    ----------
    name : object, optional
        What the person calls the file, where `path` is a copy of it.
    thorough : bool
        False takes the file's word for it that it is sound.

    Raises
    ------
    EarmarkError
        It is no database of Earmark, or damaged.
    DatabaseTooNewError
        It was written by a newer version.
    """
    name = name or path
    try:
        with _opened(path, "mode=ro&immutable=1") as connection:
            version = _checked_version(name, connection)
            if thorough:
                _check_sound(name, connection)
            return _counted(connection, version)
    except StorageError as error:
        raise EarmarkError(_damaged(name, error.__cause__)) from error


def _checked_version(name: object, connection: sqlite3.Connection) -> int:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if not tables >= OURS or version < 1:
        raise EarmarkError(f"{name} is a database, but not one of Earmark's. Choose a backup that Earmark made.")
    if version > SCHEMA_VERSION:
        raise DatabaseTooNewError(
            f"{name} was made by a newer Earmark (its data is version {version}, this program knows {SCHEMA_VERSION})."
            " Nothing was changed. Please update Earmark, then restore."
        )
    return version


def _check_sound(name: object, connection: sqlite3.Connection) -> None:
    verdict = str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    dangling = len(connection.execute("PRAGMA foreign_key_check").fetchall())
    if verdict == "ok" and dangling:
        verdict = f"{dangling} rows point to rows that are not there"
    if verdict != "ok":
        raise EarmarkError(_damaged(name, verdict))


def _damaged(name: object, verdict: object) -> str:
    return f"{name} is damaged ({verdict}). Nothing was changed. Choose another backup."


def _counted(connection: sqlite3.Connection, version: int) -> Examined:
    numbers = connection.execute(
        """SELECT (SELECT COUNT(*) FROM tracks), (SELECT COUNT(*) FROM tracks WHERE state IN ('analysed', 'partly')),
                  (SELECT COUNT(*) FROM model_runs), (SELECT COUNT(*) FROM playlists)"""
    ).fetchone()
    labels = connection.execute("SELECT target, COUNT(*) FROM current_labels GROUP BY target ORDER BY 2 DESC, 1")
    tracks, analysed, runs, playlists = numbers
    return Examined(version, tracks, analysed, {row[0]: row[1] for row in labels}, runs, playlists)


def count(database: Database) -> Examined:
    """Say what a live database holds."""
    with database.read() as connection:
        return _counted(connection, SCHEMA_VERSION)


def settings(database: Database) -> dict[str, Any]:
    """Return every setting by its key."""
    with database.read() as connection:
        return {row["key"]: from_json(row["value"]) for row in connection.execute("SELECT key, value FROM settings")}


def size(database: Database) -> int:
    """Return how many bytes a copy of a database takes, without the room it keeps free."""
    with database.read() as connection:
        pages, free, page_size = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
    return (pages - free) * page_size


def overwrite(database: Database, source: Path, *, patience: float = BUSY_TIMEOUT_MS / 1000) -> None:
    """Put the content of another database file in place of a live one's, in one transaction.

    Other processes may have it open: they read the old content until the new one is there, whole.

    Parameters
    ----------
    source : Path
        A sound database file; migrated first where it is older.
    patience : float
        Seconds to wait for another process that writes.

    Raises
    ------
    StorageError
        The live file could not be written; it is as it was.
    """
    until = time.monotonic() + patience

    def give_up(status: int, remaining: int, total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > until:
            raise sqlite3.OperationalError("database is locked")  # SQLite itself would wait for ever

    with _opened(source) as new, _opened(database.path) as live:
        new.backup(live, pages=-1, progress=give_up)


@contextmanager
def _opened(path: Path, how: str = "mode=rw") -> Iterator[sqlite3.Connection]:
    """Yield a connection to a file that is there; SQLite's troubles with it become sentences."""
    try:
        address = f"{path.absolute().as_uri()}?{how}"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=1)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        sentence = next(
            (words for sign, words in TROUBLE.items() if sign in str(error)), "it cannot be read or written"
        )
        raise StorageError(f"{path}: {sentence} ({error}).") from error
