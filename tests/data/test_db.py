"""The database file: whole or untouched, whatever happens."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

import data.db
import data.migrations
from core.errors import DatabaseTooNewError, EarmarkError, StorageError
from data.db import FILE_NAME, SCHEMA_VERSION, Database
from data.migrations import split_statements
from services.workspace import Workspace

TABLES = {
    "tracks", "files", "external_ids", "roots", "exclusions", "labels", "skips", "questions", "features",
    "model_runs", "predictions", "lyrics", "playlists", "playlist_tracks", "jobs", "settings",
}  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / FILE_NAME)


def version_of(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def titles(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return [row[0] for row in connection.execute("SELECT title FROM tracks")]
    finally:
        connection.close()


def insert(database: Database, title: str) -> None:
    with database.write() as connection:
        connection.execute("INSERT INTO tracks (title, added_at) VALUES (?, '')", [title])


def insert_both(database: Database, *titles: str | None) -> None:
    with database.write() as connection:
        for title in titles:
            connection.execute("INSERT INTO tracks (title, added_at) VALUES (?, '')", [title])


def test_a_new_home_has_every_table(database: Database) -> None:
    with database.read() as connection:
        found = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert found >= TABLES
    assert version_of(database.path) == SCHEMA_VERSION


def test_readers_and_the_writer_do_not_wait_for_each_other(database: Database) -> None:
    with database.read() as reader:
        assert reader.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        reader.execute("SELECT * FROM tracks").fetchall()
        insert(database, "written while someone reads")
    assert titles(database.path) == ["written while someone reads"]


def test_an_error_half_way_leaves_nothing(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        insert_both(database, "half", None)
    assert titles(database.path) == []


def test_a_label_cannot_point_to_a_track_that_is_not_there(database: Database) -> None:
    columns, values = "event_id, track_id, target, value, source, created_at", "'e', 9, 't', 'v', 'csv', ''"
    with pytest.raises(sqlite3.IntegrityError), database.write() as connection:
        connection.execute(f"INSERT INTO labels ({columns}) VALUES ({values})")


def test_many_threads_write_at_once_and_nothing_is_lost(database: Database) -> None:
    threads = [threading.Thread(target=insert, args=(database, str(i))) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(titles(database.path), key=int) == [str(i) for i in range(20)]


def test_a_database_from_a_newer_version_is_refused_and_untouched(tmp_path: Path) -> None:
    path = Workspace(tmp_path).database.path
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(DatabaseTooNewError, match="update Earmark"):
        Workspace(tmp_path)
    assert version_of(path) == SCHEMA_VERSION + 1


def test_a_file_that_is_no_database_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(b"these are not the bytes of a database" * 100)
    with pytest.raises(EarmarkError, match="no database Earmark can read"):
        Workspace(tmp_path)
    assert path.read_bytes().startswith(b"these are not")


def test_a_database_damaged_inside_is_said_in_one_sentence(tmp_path: Path) -> None:
    database = Database(tmp_path / FILE_NAME)
    for number in range(300):
        insert(database, f"track {number} " + "x" * 500)
    with open(database.path, "r+b") as file:
        file.seek(4096 * 8)
        file.write(b"\xff" * 4096 * 40)
    for extra in ("-wal", "-shm"):
        database.path.with_name(database.path.name + extra).unlink(missing_ok=True)
    with pytest.raises(StorageError, match="it is damaged"), Database(database.path).read() as connection:
        connection.execute("SELECT * FROM tracks").fetchall()


def test_a_migration_first_makes_a_backup_that_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    insert(Database(tmp_path / FILE_NAME), "before")
    monkeypatch.setattr(data.db, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    Database(tmp_path / FILE_NAME)
    [backup] = (tmp_path / "backups").glob("*.db")
    assert titles(backup) == ["before"]
    assert version_of(backup) == SCHEMA_VERSION
    assert version_of(tmp_path / FILE_NAME) == SCHEMA_VERSION + 1


def test_a_migration_that_fails_leaves_the_old_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    insert(Database(tmp_path / FILE_NAME), "before")

    def fail(path: Path, version: int) -> None:
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(data.db, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    monkeypatch.setattr(data.migrations, "apply_migrations", fail)
    with pytest.raises(sqlite3.OperationalError):
        Database(tmp_path / FILE_NAME)
    assert version_of(tmp_path / FILE_NAME) == SCHEMA_VERSION
    assert titles(tmp_path / FILE_NAME) == ["before"]


def test_opening_again_makes_no_backup(tmp_path: Path) -> None:
    Workspace(tmp_path)
    Workspace(tmp_path)
    assert not (tmp_path / "backups").exists()


def test_a_backup_is_a_whole_copy(database: Database, tmp_path: Path) -> None:
    insert(database, "kept")
    assert titles(database.backup(tmp_path / "deep" / "copy.db")) == ["kept"]


def test_damage_inside_the_file_is_found(database: Database) -> None:
    assert database.damage() is None
    connection = sqlite3.connect(database.path)
    connection.execute("INSERT INTO files (path, track_id, size, mtime) VALUES ('x', 99, 1, 1)")
    connection.commit()
    connection.close()
    assert database.damage() == "1 rows point to rows that are not there"


def test_statements_are_split_where_they_end_and_not_inside_text() -> None:
    script = "CREATE TABLE a (b TEXT DEFAULT ';');\nCREATE TABLE c (\n  d INTEGER -- why; how\n);\n"
    assert len(split_statements(script)) == 2
