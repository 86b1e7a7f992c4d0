"""Backups: everything in one file and back again, or nothing changed and a sentence why."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sqlite3
import threading
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from core.errors import DatabaseTooNewError, EarmarkError
from data.db import SCHEMA_VERSION
from services.backup import automatic, backup, describe, estimate, is_private, restore, suggested_file
from services.sound import Signer
from services.workspace import Workspace

Fill = Callable[..., list[int]]
Rate = Callable[..., None]


@pytest.fixture
def library(workspace: Workspace, fill: Fill, rate: Rate) -> Workspace:
    """Fill a home: 6 tracks, 3 ratings, a genre, a model, a secret, a token, a paused job."""
    ids = fill(6)
    rate({ids[0]: "liked", ids[1]: "semi", ids[2]: "disliked"})
    rate({ids[0]: "Jazz"}, "genre")
    add_model(workspace, "first")
    Signer(workspace)
    workspace.settings.set("spotify_token", "a token that nobody may see")
    workspace.settings.set("cores", 3)
    workspace.jobs.add("analyze", "analysis")
    return workspace


def add_model(workspace: Workspace, content: str) -> None:
    run = workspace.model_runs.add(
        target="rating", family="ordered", features="musicnn", labels=3, classes=["liked"], scores={}
    )
    folder = workspace.models_folder / f"rating-{run}"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(content)
    workspace.model_runs.set_path(run, f"models/{folder.name}")


def ratings(workspace: Workspace) -> dict[int, str]:
    return {track: label.value for track, label in workspace.labels.current("rating").items()}


def models(workspace: Workspace) -> dict[str, str]:
    folder = workspace.models_folder
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def state(workspace: Workspace) -> tuple[Any, ...]:
    """Everything a restore could change."""
    with workspace.database.read() as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: [tuple(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in sorted(tables)}
    return rows, models(workspace)


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None], *, honest: bool = True) -> Path:
    """Write a backup again with other members; `honest` keeps the manifest in step."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    if honest:
        manifest = json.loads(members.pop("manifest.json"))
        manifest["members"] = {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in members.items()
        }
        members["manifest.json"] = json.dumps(manifest).encode()
    other = path.with_name("changed.zip")
    with zipfile.ZipFile(other, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return other


def with_manifest(path: Path, **changes: Any) -> Path:
    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | changes).encode()

    return rewritten(path, change, honest=False)


# -- writing --------------------------------------------------------------------------------------


def test_a_backup_counts_what_is_in_it(library: Workspace, tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    done = backup(library, tmp_path / "earmark.zip", progress=told.append)
    assert done["path"] == str(tmp_path / "earmark.zip")
    assert done["bytes"] == (tmp_path / "earmark.zip").stat().st_size
    assert done["content"] == {
        "tracks": 6, "analysed": 6, "labels": {"rating": 3, "genre": 1}, "model_runs": 1, "models": 1, "playlists": 0,
    }  # fmt: skip
    assert told[-1]["done"] == told[-1]["total"] > 0


def test_a_backup_describes_itself(library: Workspace, tmp_path: Path) -> None:
    done = backup(library, tmp_path / "earmark.zip")
    told = describe(tmp_path / "earmark.zip")
    assert told.as_json() == done["content"] and told.bytes == done["bytes"]
    assert told.schema == SCHEMA_VERSION and told.version and told.created_at
    assert told.sentence.endswith("KB: 6 tracks, 3 ratings, 1 genre label, 1 model. No audio, no tokens.")


def test_the_estimate_is_near_what_is_written(library: Workspace, fill: Fill, tmp_path: Path) -> None:
    fill(300, sets=("musicnn", "tags", "descriptors"))
    guess = estimate(library)
    assert guess.sentence.startswith("About ") and guess.tracks == 306
    assert 0.5 < guess.bytes / backup(library, tmp_path / "earmark.zip")["bytes"] < 2


def test_an_empty_home_can_be_saved_and_restored(workspace: Workspace, tmp_path: Path) -> None:
    assert estimate(workspace).tracks == 0
    assert backup(workspace, tmp_path / "earmark.zip")["content"]["tracks"] == 0
    assert restore(workspace, tmp_path / "earmark.zip")["content"]["tracks"] == 0


def test_secrets_tokens_and_the_homes_name_are_not_in_a_backup(library: Workspace, tmp_path: Path) -> None:
    secret, name = library.settings.get("secret"), library.home_id
    backup(library, tmp_path / "earmark.zip")
    with zipfile.ZipFile(tmp_path / "earmark.zip") as archive:
        content = b"".join(archive.read(member) for member in archive.namelist())
    for private in (secret, name, "a token that nobody may see"):
        assert private.encode() not in content
    assert library.settings.get("secret") == secret  # it is still here


@pytest.mark.parametrize(
    ("key", "private"),
    [("secret", True), ("home_id", True), ("genius_token", True), ("spotify_client_secret", True), ("api_key", True),
     ("cores", False), ("target", False), ("genre_tags", False), ("keys", False)],
)  # fmt: skip
def test_private_settings_are_known_by_their_names(key: str, private: bool) -> None:
    assert is_private(key) is private


def test_only_the_database_and_the_models_are_in_a_backup(library: Workspace, tmp_path: Path) -> None:
    for folder in ("cache", "exports", "backups", "demo music", "models/.rating-2.abc"):
        (library.home / folder).mkdir(parents=True)
        (library.home / folder / "something").write_text("x")
    backup(library, tmp_path / "earmark.zip")
    with zipfile.ZipFile(tmp_path / "earmark.zip") as archive:
        assert sorted(archive.namelist()) == ["earmark.db", "manifest.json", "models/rating-1/model.json"]


def test_work_under_way_is_cancelled_in_the_copy_and_goes_on_here(library: Workspace, tmp_path: Path) -> None:
    backup(library, tmp_path / "earmark.zip")
    with zipfile.ZipFile(tmp_path / "earmark.zip") as archive:
        archive.extract("earmark.db", tmp_path)
    with sqlite3.connect(tmp_path / "earmark.db") as connection:
        assert connection.execute("SELECT state FROM jobs").fetchall() == [("cancelled",)]
    assert [job.state for job in library.jobs.open()] == ["queued"]


def test_a_backup_replaces_an_older_one_and_leaves_nothing_beside(library: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "out" / "earmark.zip"
    path.parent.mkdir()
    backup(library, path)
    backup(library, path)
    assert list(path.parent.iterdir()) == [path]
    assert list(library.home.glob(".backup-*")) == []


def test_a_backup_cannot_take_the_place_of_a_folder(library: Workspace, tmp_path: Path) -> None:
    with pytest.raises(EarmarkError, match="is a folder"):
        backup(library, tmp_path)


def test_a_backup_makes_no_folder_of_a_misspelt_name(library: Workspace, tmp_path: Path) -> None:
    with pytest.raises(EarmarkError, match=r"The folder .*nope is not there"):
        backup(library, tmp_path / "nope" / "earmark.zip")
    assert not (tmp_path / "nope").exists()
    assert Path(backup(library, suggested_file(library))["path"]).is_file()


def test_a_backup_that_cannot_be_written_says_so(library: Workspace, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EarmarkError, match=r"earmark\.zip cannot be written"):
        backup(library, tmp_path / "file" / "earmark.zip")


# -- restoring ------------------------------------------------------------------------------------


def test_restoring_brings_everything_back(library: Workspace, fill: Fill, rate: Rate, tmp_path: Path) -> None:
    backup(library, tmp_path / "earmark.zip")
    before, sound = ratings(library), library.features.matrix("musicnn")[1].copy()
    rate(dict.fromkeys(fill(4), "liked"))
    add_model(library, "second")
    (library.models_folder / "rating-1" / "model.json").write_text("spoilt")
    steps: list[dict[str, Any]] = []
    done = restore(library, tmp_path / "earmark.zip", progress=steps.append)
    assert ratings(library) == before
    assert models(library) == {"rating-1/model.json": "first"}
    assert (library.features.matrix("musicnn")[1] == sound).all()
    assert library.settings.get("cores") == 3
    assert done["restored"] == str(tmp_path / "earmark.zip") and done["content"]["labels"] == {"rating": 3, "genre": 1}
    assert [step["step"] for step in steps] == ["checking", "saving", "restoring"]
    assert library.database.damage() is None
    assert list(library.home.glob(".backup-*")) == []


def test_a_restore_can_itself_be_taken_back(library: Workspace, rate: Rate, fill: Fill, tmp_path: Path) -> None:
    backup(library, tmp_path / "earmark.zip")
    rate(dict.fromkeys(fill(4), "liked"))
    add_model(library, "second")
    after, held = ratings(library), models(library)
    saved = Path(restore(library, tmp_path / "earmark.zip")["saved"])
    assert saved.parent == library.home / "backups" and saved.name.startswith("before-restore-")
    assert ratings(library) != after
    restore(library, saved)
    assert (ratings(library), models(library)) == (after, held)


def test_a_backup_restores_into_another_home(library: Workspace, tmp_path: Path) -> None:
    backup(library, tmp_path / "earmark.zip")
    other = Workspace(tmp_path / "other")
    name, token = other.home_id, Signer(other).token(1)
    restore(other, tmp_path / "earmark.zip")
    assert ratings(other) == ratings(library) and models(other) == models(library)
    assert other.settings.get("home_id") == name != library.home_id
    assert Signer(other).token(1) == token


def test_a_home_keeps_its_secrets_and_name(library: Workspace, tmp_path: Path) -> None:
    backup(library, tmp_path / "earmark.zip")
    secret, name = library.settings.get("secret"), library.home_id
    restore(library, tmp_path / "earmark.zip")
    assert library.settings.get("secret") == secret
    assert library.settings.get("home_id") == name
    assert library.settings.get("spotify_token") == "a token that nobody may see"


def test_programs_that_run_can_notice_each_restore(library: Workspace, tmp_path: Path) -> None:
    backup(library, tmp_path / "earmark.zip")
    marks = {library.settings.get("restored")}
    for _ in range(2):
        restore(library, tmp_path / "earmark.zip")
        marks.add(library.settings.get("restored"))
    assert len(marks) == 3


def test_another_program_with_the_home_open_sees_the_restored_library(
    library: Workspace, rate: Rate, fill: Fill, tmp_path: Path
) -> None:
    backup(library, tmp_path / "earmark.zip")
    before = ratings(library)
    rate(dict.fromkeys(fill(4), "liked"))
    other = sqlite3.connect(library.database.path)
    other.execute("BEGIN")
    assert other.execute("SELECT COUNT(*) FROM labels").fetchone()[0] == 8  # it reads and keeps its view
    restore(library, tmp_path / "earmark.zip")
    assert other.execute("SELECT COUNT(*) FROM labels").fetchone()[0] == 8
    other.rollback()
    assert other.execute("SELECT COUNT(*) FROM labels").fetchone()[0] == 4
    other.close()
    assert ratings(Workspace(library.home)) == before


def test_work_of_before_is_not_taken_up_again(library: Workspace, tmp_path: Path) -> None:
    backup(library, tmp_path / "earmark.zip")
    restore(library, tmp_path / "earmark.zip")
    assert library.jobs.open() == []


def test_ten_backups_made_before_restoring_are_kept(library: Workspace, tmp_path: Path) -> None:
    backup(library, tmp_path / "earmark.zip")
    saved = [restore(library, tmp_path / "earmark.zip")["saved"] for _ in range(12)]
    assert [str(path) for path in sorted((library.home / "backups").iterdir())] == saved[2:]
    assert sorted(map(str, automatic(library))) == saved[2:]


def test_the_backup_just_restored_is_kept_however_old(library: Workspace, tmp_path: Path) -> None:
    backup(library, tmp_path / "earmark.zip")
    first = Path(restore(library, tmp_path / "earmark.zip")["saved"])
    for _ in range(10):
        restore(library, first)
    assert first.exists()


# -- bare databases -------------------------------------------------------------------------------


def test_a_bare_database_is_restored_and_leaves_the_models(library: Workspace, fill: Fill, tmp_path: Path) -> None:
    copy = library.database.backup(library.home / "backups" / "before-v9-from-v8-20200101-000000.db")
    bytes_before = copy.read_bytes()
    held = models(library)
    fill(3)
    assert describe(copy).tracks == 6 and describe(copy).created_at is None
    restore(library, copy)
    assert library.tracks.count()["tracks"] == 6 and models(library) == held
    assert copy.read_bytes() == bytes_before and [p.name for p in copy.parent.glob(f"{copy.name}?*")] == []


def test_an_older_database_is_brought_up_to_date(library: Workspace, tmp_path: Path) -> None:
    copy = first_version(tmp_path / "old.db")
    assert describe(copy).schema == 1
    done = restore(library, copy)
    assert done["content"]["tracks"] == 1 and [track.title for track in library.tracks.all()] == ["an old song"]
    with library.database.read() as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    Workspace(library.home).tracks.all()


def first_version(path: Path) -> Path:
    """Make a database as the first released version did."""
    from sqlite_utils import Database

    from data.migrations import m001_first_tables

    connection = sqlite3.connect(path)
    m001_first_tables(Database(connection))
    connection.execute(
        "CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set TEXT, name TEXT, applied_at TEXT)"
    )
    connection.execute("INSERT INTO _sqlite_migrations VALUES (1, 'earmark', 'm001_first_tables', '2026-01-01')")
    connection.execute("INSERT INTO tracks (title, added_at) VALUES ('an old song', '')")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    return path


def test_a_database_in_use_elsewhere_is_refused(library: Workspace, tmp_path: Path) -> None:
    other = Workspace(tmp_path / "other")
    connection = sqlite3.connect(other.database.path)
    connection.execute("INSERT INTO settings VALUES ('a', '1')")
    connection.commit()
    with pytest.raises(EarmarkError, match="is in use"):
        restore(library, other.database.path)
    connection.close()


def test_the_open_library_is_no_backup_of_itself(library: Workspace) -> None:
    with pytest.raises(EarmarkError, match="is the library that is open"):
        restore(library, library.database.path)


# -- what is refused, with nothing changed --------------------------------------------------------


@pytest.fixture
def refused(library: Workspace) -> Callable[..., None]:
    """Give a function that restores a file, expects a sentence, and looks that nothing changed."""

    def check(path: Path, sentence: str, error: type[EarmarkError] = EarmarkError, **options: Any) -> None:
        before = state(library)
        with pytest.raises(error, match=sentence) as caught:
            restore(library, path, **options)
        assert str(path.name) in str(caught.value) and ".backup-" not in str(caught.value)
        assert state(library) == before
        assert list(library.home.glob(".backup-*")) == []

    return check


@pytest.fixture
def saved(library: Workspace, tmp_path: Path) -> Path:
    """Give a sound backup."""
    backup(library, tmp_path / "earmark.zip")
    return tmp_path / "earmark.zip"


def test_a_file_that_is_not_there_is_said(refused: Callable[..., None], tmp_path: Path) -> None:
    refused(tmp_path / "none.zip", "is not there")
    with pytest.raises(EarmarkError, match="is not there"):
        describe(tmp_path)


@pytest.mark.parametrize("content", [b"", b"x", random.Random(0).randbytes(50_000), b"PK\x03\x04" + bytes(1000)])
def test_bytes_that_are_no_backup_are_refused(refused: Callable[..., None], tmp_path: Path, content: bytes) -> None:
    (tmp_path / "some.zip").write_bytes(content)
    refused(tmp_path / "some.zip", "no backup of Earmark")
    with pytest.raises(EarmarkError, match="no backup"):
        describe(tmp_path / "some.zip")


@pytest.mark.parametrize("part", [0.01, 0.3, 0.5, 0.9, 0.99, 0.9999])
def test_a_truncated_backup_is_refused(refused: Callable[..., None], saved: Path, part: float) -> None:
    short = saved.with_name("short.zip")
    short.write_bytes(saved.read_bytes()[: int(saved.stat().st_size * part)])
    refused(short, "no backup of Earmark|is damaged")


def test_a_backup_with_any_flipped_byte_is_refused_or_restores_the_same(
    library: Workspace, saved: Path, refused: Callable[..., None]
) -> None:
    rng, content = random.Random(1), saved.read_bytes()
    restore(library, saved)
    good = (ratings(library), models(library))
    for place in rng.sample(range(len(content)), 40):
        broken = saved.with_name("broken.zip")
        broken.write_bytes(content[:place] + bytes([content[place] ^ rng.randrange(1, 256)]) + content[place + 1 :])
        with suppress(EarmarkError):
            restore(library, broken)
        assert (ratings(library), models(library)) == good


def test_a_zip_without_a_manifest_is_refused(refused: Callable[..., None], saved: Path) -> None:
    refused(
        rewritten(saved, lambda members: members.pop("manifest.json") and None, honest=False), "no backup of Earmark"
    )


@pytest.mark.parametrize(
    "manifest",
    [b"", b"{", b"[]", b"3", b"{}", b'{"format": "x"}', b'{"format": 1, "members": []}', b"\xff\xfe", b"[" * 100_000,
     b'{"format": 1, "members": {"earmark.db": 3}, "content": {}, "schema": 1, "created_at": "", "version": ""}'],
)  # fmt: skip
def test_a_manifest_that_makes_no_sense_is_refused(refused: Callable[..., None], saved: Path, manifest: bytes) -> None:
    changed = rewritten(saved, lambda members: members.update({"manifest.json": manifest}), honest=False)
    refused(changed, "cannot be understood")
    with pytest.raises(EarmarkError, match="cannot be understood"):
        describe(changed)


def test_a_manifest_that_lies_about_checksums_is_refused(refused: Callable[..., None], saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        members = json.loads(archive.read("manifest.json"))["members"]
    members["earmark.db"]["sha256"] = "0" * 64
    refused(with_manifest(saved, members=members), r"earmark\.db is not what was saved")


def test_a_manifest_that_lies_about_sizes_is_refused(refused: Callable[..., None], saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        members = json.loads(archive.read("manifest.json"))["members"]
    members["earmark.db"]["bytes"] -= 1
    refused(with_manifest(saved, members=members), "not as large as its list says")


def test_a_backup_larger_than_the_disk_is_refused_before_it_is_unpacked(
    refused: Callable[..., None], saved: Path
) -> None:
    """A bomb that is honest about its size: the directory of the zip says a petabyte too."""
    size = 10**15
    with zipfile.ZipFile(saved) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        members = {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"}
    manifest["members"]["earmark.db"]["bytes"] = size
    bomb = saved.with_name("bomb.zip")
    with zipfile.ZipFile(bomb, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr("manifest.json", json.dumps(manifest))
        archive.getinfo("earmark.db").file_size = size
    with pytest.raises(EarmarkError, match="of room"):
        restore(Workspace(saved.parent / "home"), bomb)


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/evil", "models/../../evil", "models/./x", "models//x", "models\\..\\evil", "C:/evil", "evil",
     "models", "models/.hidden", "models/a:b", "backups/x", "models/"],
)  # fmt: skip
def test_members_that_lead_elsewhere_are_refused(
    refused: Callable[..., None], saved: Path, tmp_path: Path, name: str
) -> None:
    refused(rewritten(saved, lambda members: members.update({name: b"x"})), "does not write")
    assert not (tmp_path / "evil").exists() and not Path("/etc/evil").exists()


def test_a_member_that_no_list_names_is_refused(refused: Callable[..., None], saved: Path) -> None:
    extra = rewritten(saved, lambda members: members.update({"models/x/y": b"x"}), honest=False)
    refused(extra, "do not agree")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_comes_twice_is_refused(refused: Callable[..., None], saved: Path) -> None:
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("earmark.db", b"another")
    refused(saved, "do not agree")


def test_a_backup_of_a_newer_format_is_refused(refused: Callable[..., None], saved: Path) -> None:
    newer = with_manifest(saved, format=2, version="9.9")
    refused(newer, "newer Earmark .9.9.*update Earmark", DatabaseTooNewError)


def test_a_database_of_a_newer_version_is_refused(
    refused: Callable[..., None], library: Workspace, tmp_path: Path
) -> None:
    copy = library.database.backup(tmp_path / "newer.db")
    with sqlite3.connect(copy) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    refused(copy, "newer Earmark", DatabaseTooNewError)
    with pytest.raises(DatabaseTooNewError):
        describe(copy)


def test_a_newer_database_inside_a_zip_is_refused(refused: Callable[..., None], saved: Path, tmp_path: Path) -> None:
    def newer(members: dict[str, bytes]) -> None:
        (tmp_path / "inner.db").write_bytes(members["earmark.db"])
        with sqlite3.connect(tmp_path / "inner.db") as connection:
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        connection.close()
        members["earmark.db"] = (tmp_path / "inner.db").read_bytes()

    refused(rewritten(saved, newer), "newer Earmark", DatabaseTooNewError)


def test_the_database_of_another_program_is_refused(refused: Callable[..., None], tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE bookmarks (id)")
    connection.close()
    refused(tmp_path / "other.db", "not one of Earmark's")


def test_a_damaged_database_is_refused(refused: Callable[..., None], library: Workspace, tmp_path: Path) -> None:
    copy = library.database.backup(tmp_path / "damaged.db")
    with open(copy, "r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096 * 10)
    refused(copy, "is damaged")


def test_rows_that_point_nowhere_are_refused(refused: Callable[..., None], library: Workspace, tmp_path: Path) -> None:
    copy = library.database.backup(tmp_path / "dangling.db")
    with sqlite3.connect(copy) as connection:
        connection.execute("INSERT INTO files (path, track_id, size, mtime) VALUES ('x', 99, 1, 1)")
    connection.close()
    shutil.copy(copy, tmp_path / "alone.db")
    refused(tmp_path / "alone.db", "1 rows point to rows that are not there")


# -- what goes wrong half-way ---------------------------------------------------------------------


def test_nothing_is_restored_while_a_job_runs(library: Workspace, saved: Path) -> None:
    library.jobs.take("analysis")
    before = state(library)
    with (
        FileLock(library.home / "coordinator.lock"),
        pytest.raises(EarmarkError, match=r"at work \(analysis\)\. Stop or pause it"),
    ):
        restore(library, saved)
    assert state(library) == before


def test_nothing_is_restored_beside_another_coordinator(library: Workspace, saved: Path) -> None:
    with FileLock(library.home / "coordinator.lock"), pytest.raises(EarmarkError, match="is at work"):
        restore(library, saved, patience=0.1)


def test_a_job_left_by_a_program_that_died_does_not_hinder(library: Workspace, saved: Path) -> None:
    library.jobs.take("analysis")
    restore(library, saved)
    assert library.jobs.open() == []


def test_a_library_kept_locked_leaves_everything_as_it_was(library: Workspace, saved: Path, rate: Rate) -> None:
    (library.models_folder / "rating-1" / "model.json").write_text("newer than the backup")
    before = state(library)
    other = sqlite3.connect(library.database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(EarmarkError, match="locked"):
        restore(library, saved, patience=0.5)
    other.rollback()
    other.close()
    assert state(library) == before
    assert list(library.home.glob(".backup-*")) == []


def test_a_damaged_library_can_be_restored_and_its_file_is_kept(library: Workspace, saved: Path, fill: Fill) -> None:
    fill(300)
    path = library.database.path
    good = ratings(library)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with open(path, "r+b") as file:
        file.seek(4096 * 40)
        file.write(b"\xff" * 4096 * 20)
    assert library.database.damage() is not None
    done = restore(library, saved)
    assert done["saved"].endswith(".db") and Path(done["saved"]).exists()
    assert library.database.damage() is None and ratings(library) == good


def test_a_damaged_library_is_not_backed_up_as_if_it_were_sound(library: Workspace, tmp_path: Path) -> None:
    with sqlite3.connect(library.database.path) as connection:
        connection.execute("INSERT INTO files (path, track_id, size, mtime) VALUES ('x', 99, 1, 1)")
    connection.close()
    with pytest.raises(EarmarkError, match=r"is damaged \(1 rows point.*so no backup was made"):
        backup(library, tmp_path / "earmark.zip")
    assert list(tmp_path.glob("*.zip")) == []


def test_an_answer_given_while_the_state_is_saved_is_in_what_was_saved(
    library: Workspace, saved: Path, rate: Rate, fill: Fill
) -> None:
    [track] = fill(1)
    (library.models_folder / "rating-1" / "large.npz").write_bytes(
        random.Random(2).randbytes(10_000_000)
    )  # takes a while

    def answer() -> None:
        deadline = time.monotonic() + 30
        while not list((library.home / "backups").glob(".earmark-*")) and time.monotonic() < deadline:
            time.sleep(0.001)
        rate({track: "liked"})  # the database was copied already

    person = threading.Thread(target=answer)
    person.start()
    done = restore(library, saved)
    person.join()
    assert describe(done["saved"]).labels["rating"] == 4
