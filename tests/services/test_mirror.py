"""The mirror of the labels: a plain table beside the database, never in the way."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from core.records import FoundFile, Label, Tags
from data.exchange import labels_csv
from services import library, targets
from services.mirror import mirror
from services.workspace import Workspace

Fill = Callable[..., list[int]]
Rate = Callable[..., None]


def table(workspace: Workspace) -> list[dict[str, str]]:
    with open(workspace.home / "labels.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_mirror_shows_the_labels_that_speak(workspace: Workspace, fill: Fill, rate: Rate) -> None:
    one, two = fill(2)
    workspace.labels.add([Label("c", one, "rating", "disliked", "csv"), Label("d", two, "genre", "Jazz", "dataset")])
    rate({one: "liked"})
    assert mirror(workspace) == workspace.home / "labels.csv"
    lines = [(row["path"], row["target"], row["value"], row["title"], row["source"]) for row in table(workspace)]
    assert lines == [
        ("/music/0.mp3", "rating", "liked", "Song 0", "person"),
        ("/music/1.mp3", "genre", "Jazz", "Song 1", "dataset"),
    ]


def test_the_columns_begin_as_an_import_wants_them(workspace: Workspace, fill: Fill, rate: Rate) -> None:
    rate({fill(1)[0]: "liked"})
    mirror(workspace)
    more = ["title", "artist", "source", "created_at", "kind", "classes"]
    assert list(table(workspace)[0]) == ["path", "target", "value", *more]
    assert library.labels_import(workspace, workspace.home / "labels.csv") == {
        "imported": 1,
        "unmatched": [],
        "new_targets": [],
    }


def test_the_file_is_written_only_when_a_label_changed(workspace: Workspace, fill: Fill, rate: Rate) -> None:
    ids = fill(2)
    rate({ids[0]: "liked"})
    path = mirror(workspace)
    assert path is not None
    first = path.stat().st_ino
    assert mirror(workspace) == path and path.stat().st_ino == first
    assert mirror(Workspace(workspace.home)) == path and path.stat().st_ino == first  # another program knows too
    rate({ids[1]: "semi"})
    mirror(workspace)
    assert path.stat().st_ino != first and len(table(workspace)) == 2


def test_an_undo_changes_the_mirror(workspace: Workspace, fill: Fill, rate: Rate) -> None:
    rate({fill(1)[0]: "liked"})
    mirror(workspace)
    workspace.labels.undo_last("undo")
    mirror(workspace)
    assert table(workspace) == []


def test_a_mirror_that_was_deleted_comes_back(workspace: Workspace, fill: Fill, rate: Rate) -> None:
    rate({fill(1)[0]: "liked"})
    mirror(workspace)
    (workspace.home / "labels.csv").unlink()
    mirror(workspace)
    assert len(table(workspace)) == 1


def test_a_mirror_is_written_again_after_a_restore(workspace: Workspace, fill: Fill, rate: Rate) -> None:
    rate({fill(1)[0]: "liked"})
    path = mirror(workspace)
    assert path is not None
    before = path.stat().st_ino
    workspace.settings.set("restored", "another")
    mirror(workspace)
    assert path.stat().st_ino != before


def test_the_mirror_brings_an_own_target_to_another_home(
    workspace: Workspace, fill: Fill, rate: Rate, tmp_path: Path
) -> None:
    ids = fill(2)
    targets.add(workspace, "energy", ["low", "middle", "high"], ordered=True)
    rate({ids[0]: "high"}, "energy")
    mirror(workspace)
    other = Workspace(tmp_path / "other home")
    other.tracks.add([FoundFile("/music/0.mp3", 1, 1.0, Tags(title="Song 0"))])
    assert library.labels_import(other, workspace.home / "labels.csv")["new_targets"] == ["energy"]
    assert targets.get(other, "energy") == targets.get(workspace, "energy")
    assert other.labels.counts() == {"energy": {"high": 1}}


def test_the_mirror_follows_a_target_that_changes(workspace: Workspace, fill: Fill, rate: Rate) -> None:
    targets.add(workspace, "pace", ["slow", "fast"])
    rate({fill(1)[0]: "slow"}, "pace")
    mirror(workspace)
    targets.add(workspace, "pace", ["slow", "medium", "fast"])
    mirror(workspace)
    assert table(workspace)[0]["classes"] == "slow|medium|fast"


def test_without_a_label_there_is_no_mirror(workspace: Workspace) -> None:
    assert mirror(workspace) is None
    assert not (workspace.home / "labels.csv").exists()


def test_a_track_without_a_file_is_named_by_its_apple_id(workspace: Workspace, fill: Fill, rate: Rate) -> None:
    ids = fill(2)
    with workspace.database.write() as connection:
        connection.execute("DELETE FROM files")
        connection.execute(
            "INSERT INTO external_ids (track_id, service, value) VALUES (?, 'apple_persistent_id', '0F3A')", [ids[0]]
        )
    rate(dict.fromkeys(ids, "liked"))
    mirror(workspace)
    if hasattr(workspace, "external_ids"):
        assert [row["path"] for row in table(workspace)] == ["apple:0F3A", f"track:{ids[1]}"]
    assert len(labels_csv.read(workspace.home / "labels.csv")) == 2


def test_line_breaks_in_tags_do_not_break_the_table(workspace: Workspace, rate: Rate) -> None:
    tags = Tags(title='a "b",\r\nc\x00', artist="x\ny")
    [track] = workspace.tracks.add([FoundFile("/music/a\nb.mp3", 1, 1.0, tags)]).added
    rate({track: "liked"})
    mirror(workspace)
    [row] = table(workspace)
    assert (row["path"], row["title"], row["artist"]) == ("/music/a\nb.mp3", 'a "b", c', "x y")


def test_a_mirror_that_cannot_be_written_stops_nobody(
    workspace: Workspace, fill: Fill, rate: Rate, caplog: pytest.LogCaptureFixture
) -> None:
    rate({fill(1)[0]: "liked"})
    (workspace.home / "labels.csv").mkdir()  # no file can take its name
    assert mirror(workspace) is None
    assert "labels.csv" in caplog.text
    assert [path.name for path in Path(workspace.home).glob(".earmark-*")] == []


def test_a_database_that_is_damaged_stops_nobody(workspace: Workspace, fill: Fill, rate: Rate) -> None:
    rate({fill(1)[0]: "liked"})
    workspace.database.path.write_bytes(b"this is no database" * 1000)
    for extra in ("-wal", "-shm"):
        Path(f"{workspace.database.path}{extra}").unlink(missing_ok=True)
    assert mirror(workspace) is None
