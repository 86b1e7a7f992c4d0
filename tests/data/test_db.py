"""The database file: whole or untouched, whatever happens."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
import sqlite_utils

import data.db
import data.migrations
from core.errors import DatabaseTooNewError, EarmarkError, StorageError
from data.db import FILE_NAME, SCHEMA_VERSION, Database
from data.migrations import split_statements
from services.workspace import Workspace

TABLES = {
    "tracks", "files", "external_ids", "roots", "exclusions", "labels", "skips", "questions", "features",
    "model_runs", "predictions", "lyrics", "lyrics_offers", "playlists",
    "playlist_tracks", "jobs", "settings", "targets",
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


# -- what earlier versions left ---------------------------------------------------------------------


def first_version(folder: Path) -> Path:
    """Make a database as version 1 wrote it: two tracks heard, one not, labels, a skip, features, a playlist."""
    path = folder / FILE_NAME
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    database = sqlite_utils.Database(connection)
    data.migrations.migrations.apply(database, stop_before="m002_libraries")
    connection.executescript(
        """
        INSERT INTO roots (path, added_at) VALUES ('/music', '2026');
        INSERT INTO tracks (title, added_at, state, content_id) VALUES
            ('heard', '2026', 'analysed', 'sound 1'), ('partly', '2026', 'partly', 'sound 2'),
            ('waiting again', '2026', 'new', 'sound 3'), ('never heard', '2026', 'new', NULL);
        INSERT INTO files (path, track_id, size, mtime, root_id)
            SELECT '/music/' || id || '.mp3', id, 10 * id, id + 0.5, 1 FROM tracks;
        INSERT INTO labels (event_id, track_id, target, value, source, created_at, undone_at) VALUES
            ('e1', 1, 'rating', 'liked', 'person', '2026-01', NULL), ('e2', 1, 'genre', 'rock', 'csv', '2026-02', NULL),
            ('e3', 2, 'rating', 'semi', 'person', '2026-03', '2026-04');
        INSERT INTO skips (event_id, track_id, target, kind, created_at) VALUES ('s', 3, 'rating', 'not now', '2026');
        INSERT INTO features (track_id, feature_set, version, vector) VALUES (1, 'musicnn', 1, x'0000803f');
        INSERT INTO playlists (name, rules, created_at) VALUES ('mine', '{}', '2026');
        INSERT INTO playlist_tracks VALUES (1, 0, 1);
        INSERT INTO external_ids VALUES (1, 'isrc', 'x');
        INSERT INTO settings VALUES ('cores', '2');
        PRAGMA user_version = 1;
        """
    )
    connection.close()
    return path


def everything(path: Path) -> dict[str, tuple[list[str], list[tuple]]]:
    """Return the columns and rows of every table."""
    connection = sqlite3.connect(path)
    try:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {}
        for table in (table for table in tables if not table.startswith(("sqlite_", "_"))):
            cursor = connection.execute(f"SELECT * FROM {table}")
            found[table] = ([column[0] for column in cursor.description], cursor.fetchall())
        return found
    finally:
        connection.close()


def test_a_home_of_version_1_is_opened_with_a_backup_and_loses_nothing(tmp_path: Path) -> None:
    path = first_version(tmp_path)
    before = everything(path)
    assert "acts" not in before and version_of(path) == 1
    workspace = Workspace(tmp_path)
    after = everything(path)
    for table, (columns, rows) in before.items():
        assert after[table][0][: len(columns)] == columns  # new columns come last
        assert [row[: len(columns)] for row in after[table][1]] == rows
    assert (version_of(path), workspace.database.damage()) == (SCHEMA_VERSION, None)
    [backup] = (tmp_path / "backups").glob("*.db")
    assert (version_of(backup), everything(backup)) == (1, before)
    assert workspace.labels.current("rating")[1].value == "liked"
    assert len(workspace.labels.history()) == 4


def test_files_of_version_1_are_known_by_what_was_heard_in_them(tmp_path: Path) -> None:
    path = first_version(tmp_path)
    workspace = Workspace(tmp_path)
    with sqlite3.connect(path) as connection:
        known = dict(connection.execute("SELECT track_id, content_id FROM files"))
    connection.close()
    assert known == {1: "sound 1", 2: "sound 2", 3: None, 4: None}
    assert workspace.tracks.unverified() == []


def test_a_home_of_version_1_takes_acts_at_once(tmp_path: Path) -> None:
    first_version(tmp_path)
    workspace = Workspace(tmp_path)
    before = everything(workspace.database.path)["playlist_tracks"]
    with workspace.acts.act("merge", "Merged"):
        workspace.tracks.merge(2, 1)
    assert everything(workspace.database.path)["playlist_tracks"] != before
    workspace.acts.undo(workspace.acts.all()[0].id)
    assert everything(workspace.database.path)["playlist_tracks"] == before
    assert workspace.labels.current("rating").keys() == {1}


def test_a_home_of_the_version_before_keeps_its_labels_and_learns_to_say_why_they_were_asked(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    connection = sqlite3.connect(path, isolation_level=None)
    data.migrations.migrations.apply(sqlite_utils.Database(connection), stop_before="m003_asking")
    connection.execute("INSERT INTO tracks (title, added_at) VALUES ('old', '')")
    connection.execute(
        "INSERT INTO labels (event_id, track_id, target, value, source, created_at)"
        " VALUES ('e', 1, 'rating', 'liked', 'person', '2026-01-01')"
    )
    connection.execute("INSERT INTO questions (track_id, target, asked_at, place) VALUES (1, 'genre', '', 0)")
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    workspace = Workspace(tmp_path)
    [label] = workspace.labels.current("rating").values()
    assert (label.value, label.asked, label.guess_hidden, label.said) == ("liked", None, False, None)
    [question] = workspace.questions.waiting("genre")
    assert (question.asked, question.guess_hidden) == ("", False)
    assert version_of(path) == SCHEMA_VERSION and len(list((tmp_path / "backups").glob("*.db"))) == 1
