"""Database files outside their home: cleaned, looked at, put back."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import EarmarkError, StorageError
from data import backups
from data.db import SCHEMA_VERSION
from services.workspace import Workspace

AddTracks = Callable[..., list[int]]


def test_a_cleaned_copy_is_one_file_without_what_was_private(workspace: Workspace, tmp_path: Path) -> None:
    workspace.settings.set("token", "very private words " * 1000)
    workspace.settings.set("cores", 2)
    path = backups.copy(workspace.database, tmp_path / "copy.db")
    backups.clean_copy(path, lambda key: key == "token")
    assert b"very private words" not in path.read_bytes()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA freelist_count").fetchone()[0] == 0  # no room where it was
    assert list(tmp_path.glob("copy.db*")) == [path]
    assert backups.settings(workspace.database) == {"token": "very private words " * 1000, "cores": 2}


def test_open_jobs_are_cancelled_in_a_cleaned_copy_and_finished_ones_stay(workspace: Workspace, tmp_path: Path) -> None:
    for state in ("queued", "running", "paused", "done", "failed"):
        job = workspace.jobs.add("analyze", "analysis")
        with workspace.database.write() as connection:
            connection.execute("UPDATE jobs SET state = ? WHERE id = ?", [state, job])
    path = backups.copy(workspace.database, tmp_path / "copy.db")
    backups.clean_copy(path, lambda key: False)
    with sqlite3.connect(path) as connection:
        states = [row[0] for row in connection.execute("SELECT state FROM jobs ORDER BY id")]
    assert states == ["cancelled"] * 3 + ["done", "failed"]


def test_looking_at_a_file_changes_nothing_and_leaves_nothing_beside(
    workspace: Workspace, add_tracks: AddTracks, tmp_path: Path
) -> None:
    add_tracks("A/one", "B/two")
    path = backups.copy(workspace.database, tmp_path / "copy.db")
    content = path.read_bytes()
    found = backups.examine(path)
    assert (found.schema, found.tracks, found.analysed, found.labels) == (SCHEMA_VERSION, 2, 0, {})
    assert found == backups.count(workspace.database)
    assert path.read_bytes() == content and list(tmp_path.glob("copy.db*")) == [path]


def test_a_copy_is_called_what_the_person_calls_it(tmp_path: Path) -> None:
    (tmp_path / "staged.db").write_bytes(backups.HEADER + bytes(5000))
    with pytest.raises(EarmarkError, match=r"mine\.zip is damaged"):
        backups.examine(tmp_path / "staged.db", name="mine.zip")


def test_the_size_is_that_of_a_copy(workspace: Workspace, add_tracks: AddTracks, tmp_path: Path) -> None:
    add_tracks(*(f"A/{n}" for n in range(200)))
    path = backups.copy(workspace.database, tmp_path / "copy.db")
    assert backups.size(workspace.database) == path.stat().st_size


def test_a_live_database_is_overwritten_while_others_read_and_write(
    workspace: Workspace, add_tracks: AddTracks, tmp_path: Path
) -> None:
    add_tracks("A/kept")
    path = backups.copy(workspace.database, tmp_path / "copy.db")
    add_tracks(*(f"A/{n}" for n in range(100)))
    before = workspace.tracks.count()["tracks"]
    counts, done = [], threading.Event()

    def look() -> None:
        while not done.is_set():
            counts.append(Workspace(workspace.home).tracks.count()["tracks"])
            workspace.settings.set("beat", len(counts))

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(5):
        backups.overwrite(workspace.database, path)
    done.set()
    reader.join()
    assert set(counts) <= {before, 1}  # one or the other, never half
    assert workspace.tracks.count()["tracks"] == 1 and workspace.database.damage() is None


def test_a_database_that_stays_locked_is_left_as_it_was(
    workspace: Workspace, add_tracks: AddTracks, tmp_path: Path
) -> None:
    path = backups.copy(workspace.database, tmp_path / "copy.db")
    add_tracks("A/one")
    with workspace.database.write(), pytest.raises(StorageError, match="locked"):
        backups.overwrite(workspace.database, path, patience=0.3)
    assert workspace.tracks.count()["tracks"] == 1


def test_a_file_that_is_not_there_is_not_made(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        backups.overwrite(workspace.database, tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()
